"""A run's records, judged by the linter's own rules."""

from __future__ import annotations

from collections.abc import Sequence

from ..command.work import Remark, told
from ..rules import judge
from .account import Account
from .monitor.watchman import Blocked
from .places import is_library
from .session import Session

# What only the text can show: a run neither proves nor refutes it.
SOURCE_ONLY = frozenset({"IPC107", "IPC110", "IPC203", "IPC405"})


# Codes that say that something waits for good: a run tells them only where that was proved.
_WAITS = frozenset({"IPC201", "IPC207", "IPC208", "IPC304", "IPC603", "IPC605", "IPC606"})


def judged(session: Session, stuck: Sequence[Blocked] = ()) -> list[Remark]:
    """The findings of a run, by place; ``stuck`` are the threads that were proved to wait for good."""
    account = Account(session, stuck)
    program = account.program()
    if program is None:
        return []
    proved = {halt.event.place.spot for halt in program.halts if halt.event is not None}
    lines = {source.shown: source.lines for source in account.texts.all()}
    return [
        told(finding, lines.get(finding.place.path, []))
        for finding in judge([program])
        if finding.code not in SOURCE_ONLY
        and not is_library(finding.place.path)
        and (finding.code not in _WAITS or finding.place.spot in proved)
    ]
