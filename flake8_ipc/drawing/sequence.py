"""Finding -> sequence: the steps of its story, one after the other, and who then waits for good."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from ..finding import Finding, Step
from ..model import Event, Program, Role, Shared, Verb
from .sketch import deed, drawn, labels, thing_label, whole

_TAKING = frozenset({Verb.GET, Verb.RECV})


@dataclass(frozen=True, slots=True)
class Turn:
    """A line of the diagram, between two of its columns; ``stuck``: it waits for good."""

    source: int
    target: int
    text: str
    stuck: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """A story as it is drawn: the names of its columns (processes first, then things), and its turns."""

    title: str
    columns: tuple[str, ...]
    processes: int
    turns: tuple[Turn, ...]


def sequence(finding: Finding, programs: Iterable[Program]) -> Sequence | None:
    """The story of a finding; None where it has none that could be drawn."""
    deeds = [(step.role, step.event, _waits(step)) for step in finding.story if step.role and step.event]
    if not deeds:
        return None
    if not any(stuck and event.place.spot == finding.place.spot for _, event, stuck in deeds):
        # A story leaves out the wait that is reported: the message tells it.
        deeds += [(role, event, True) for role, event in _own(finding, programs)]
    roles = list(dict.fromkeys(role for role, _, _ in deeds))
    roles = list(dict.fromkeys([*roles, *(role for _, event, _ in deeds for role in _run_by(event, programs))]))
    things = list(dict.fromkeys(whole(event.target) for _, event, _ in deeds if drawn(event.target)))
    names = {role: name for program in programs for role, name in labels(program).items()}
    columns = (*(names[role] for role in roles), *(thing_label(thing) for thing in things))
    turns = tuple(_turn(role, event, stuck, roles, things, programs) for role, event, stuck in deeds)
    return Sequence(f"{finding.code} at line {finding.place.line}", columns, len(roles), turns)


def _waits(step: Step) -> bool:
    return step.role is not None and step.text.startswith(f"{step.role.name} waits ")


def _own(finding: Finding, programs: Iterable[Program]) -> list[tuple[Role, Event]]:
    """Who waits at the place of the finding itself; a list of one, or empty where nobody is seen to."""
    story = {step.role for step in finding.story}
    found = (
        (role, event)
        for program in programs
        if not story.isdisjoint(program.roles)
        for role, event in program.events()
        if event.place.spot == finding.place.spot and event.verb is not Verb.CREATE
    )
    return list(itertools.islice(found, 1))


def _run_by(event: Event, programs: Iterable[Program]) -> list[Role]:
    found = [program.role_of(event.target) for program in programs]
    return [role for role in found if role is not None]


def _turn(
    role: Role, event: Event, stuck: bool, roles: list[Role], things: list[Shared], programs: Iterable[Program]
) -> Turn:
    here = roles.index(role)
    there = here
    run = _run_by(event, programs)
    if run:
        there = roles.index(run[0])
    elif drawn(event.target):
        there = len(roles) + things.index(whole(event.target))
    text = f"{deed(event)} (line {event.place.line})"
    if stuck:
        return Turn(here, there, f"{text} never returns", True)
    return Turn(there, here, text) if event.verb in _TAKING else Turn(here, there, text)
