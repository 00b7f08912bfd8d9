"""A run's records, judged by the linter's own rules."""

from __future__ import annotations

from ..command.work import Remark, told
from ..rules import judge
from .account import Account
from .session import Session

# What only the text can show: a run neither proves nor refutes it.
SOURCE_ONLY = frozenset({"IPC107", "IPC110", "IPC203", "IPC405"})


def judged(session: Session) -> list[Remark]:
    """The findings of a run, by place."""
    account = Account(session)
    program = account.program()
    if program is None:
        return []
    lines = {source.shown: source.lines for source in account.sources()}
    return [
        told(finding, lines.get(finding.place.path, []))
        for finding in judge([program])
        if finding.code not in SOURCE_ONLY
    ]
