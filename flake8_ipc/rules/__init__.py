"""The rules: one file each, and the folder is the registry."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterable

from ..analysis.study import Study
from ..finding import Finding
from ..model import Program
from .rule import Rule

__all__ = ["Rule", "judge", "rules"]


@functools.cache
def rules() -> tuple[Rule, ...]:
    """Every rule of this folder, by code."""
    found = []
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("ipc"):
            found.append(importlib.import_module(f"{__name__}.{module.name}").RULE)
    return tuple(sorted(found, key=lambda rule: rule.code))


def judge(programs: Iterable[Program], *, enabled: tuple[str, ...] = (), states: int = 500) -> list[Finding]:
    """What the rules say of these programs, sorted by place, each place and code once.

    ``enabled`` are codes or prefixes of the opinions to switch on; ``states`` bounds the exploring of interleavings.
    """
    active = [rule for rule in rules() if rule.default or (enabled and rule.code.startswith(enabled))]
    found: dict[tuple[str, int, int, str], Finding] = {}
    for program in programs:
        study = Study(program, states=states)
        kinds = program.kinds
        asked = [rule for rule in active if not rule.concerns or not kinds.isdisjoint(rule.concerns)]
        told = one_cause_once([finding for rule in asked for finding in rule.check(study)], active)
        if not told:
            continue
        deliberate = {event.place for _, event in program.events() if event.setting.deliberate}
        # Where one place is told in two ways, the same one is kept in every run: what was seen before what was not.
        for finding in sorted(told, key=lambda finding: (finding.foretold, finding.message)):
            if finding.place not in deliberate and not _of_another_file(program, finding):
                found.setdefault((*finding.place.spot, finding.code), finding)
    return [found[key] for key in sorted(found)]


def _of_another_file(program: Program, finding: Finding) -> bool:
    """Whether a fault lies in another file, in objects and processes that are made there: it is told where they are."""
    if finding.place.origin is None or any(shared.place.origin is None for shared in finding.about) or not finding.about:
        return False
    mine = (role for role in program.roles if role.process is not None and role.place.origin is None)
    return all(role.place.spot != finding.place.spot for role in mine)


def one_cause_once(findings: list[Finding], active: Iterable[Rule]) -> list[Finding]:
    """The findings without those whose cause another one names better (``Rule.yields_to``)."""
    better = {rule.code: rule.yields_to for rule in active}
    places = {(finding.code, finding.place.spot) for finding in findings}
    objects = {(finding.code, shared) for finding in findings for shared in finding.about}

    def outdone(finding: Finding) -> bool:
        return any(
            (code, finding.place.spot) in places or any((code, shared) in objects for shared in finding.about)
            for code in better[finding.code]
        )

    return [finding for finding in findings if not outdone(finding)]
