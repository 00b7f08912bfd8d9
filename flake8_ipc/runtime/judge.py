"""A run's records, judged by the linter's own rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..reporting.configuration import Configuration
from ..reporting.noqa import Noqa
from ..reporting.work import Remark, told
from ..finding import Finding
from ..model import UNFINISHED, Program
from ..rules import judge
from .account import Account
from .monitor.watchman import Blocked
from .places import is_library
from .session import Session
from .slots import NO_ROOM
from .told import records

# What only the text can show: a run neither proves nor refutes it.
SOURCE_ONLY = frozenset({"IPC107", "IPC110", "IPC203", "IPC405"})

# Codes that say that something waits for good: a run tells them only where that was proved.
_WAITS = frozenset({"IPC201", "IPC207", "IPC208", "IPC304", "IPC603", "IPC605", "IPC606"})

# Codes that say what another interleaving, another amount of data or another start method would do to this very run.
_FORETOLD = frozenset(
    "IPC101 IPC112 IPC113 IPC114 IPC115 IPC202 IPC205 IPC209 IPC302 IPC306 IPC307 IPC401 IPC402 IPC403 IPC406 IPC411 IPC502 "
    "IPC602 IPC604".split()
)

PROVEN, PREDICTED = "proven", "predicted"


def judged(session: Session, stuck: Sequence[Blocked] = (), wanted: Configuration | None = None) -> list[Remark]:
    """The findings of a run, by place, as far as they are ``wanted`` and no comment silences them.

    ``stuck`` are the threads that were proved to wait for good. Each message ends with how sure it is.
    """
    account = Account(session, stuck)
    program = account.program()
    if program is None:
        return []
    halted = {halt.event.place.spot for halt in program.halts if halt.event is not None}
    seen = halted | _failed(program)
    lines = {source.shown: source.lines for source in account.texts.all()}
    silence = {path: Noqa("\n".join(text)) for path, text in lines.items()}
    found = []
    for finding in judge([program]):
        place = finding.place
        if finding.code in SOURCE_ONLY or is_library(place.path) or (finding.code in _WAITS and place.spot not in halted):
            continue
        if not program.whole and place.spot not in seen:
            # What could not be written down may have put it right.
            continue
        if wanted is not None and not wanted.wants(finding.code, place.path):
            continue
        if place.path not in silence or not silence[place.path].silences(finding.code, place.line):
            found.append(_told(finding, lines.get(place.path, []), place.spot in seen))
    return found


def _failed(program: Program) -> set[tuple[str, int, int]]:
    """Where an operation was seen to raise."""
    return {event.place.spot for _, event in program.events() if event.failed not in (None, UNFINISHED, "False")}


def _told(finding: Finding, lines: list[str], seen: bool) -> Remark:
    remark = told(finding, lines)
    foretold = finding.foretold or (finding.code in _FORETOLD and not seen)
    return replace(remark, message=f"{remark.message} [{PREDICTED if foretold else PROVEN}]")


def unwritten(session: Session) -> str:
    """The line for the user where not everything could be written down; empty where it could."""
    lost = [str(told.pid) for told in records(session).values() if told.lost == NO_ROOM]
    if not lost:
        return ""
    return f"flake8-ipc: no room to write down all that was done in process {', '.join(lost)}: less of it is judged\n"


def certainty(remark: Remark) -> str:
    """Whether a finding of a run was seen to happen, or follows from what was seen."""
    return remark.message.rpartition("[")[2].rstrip("]")
