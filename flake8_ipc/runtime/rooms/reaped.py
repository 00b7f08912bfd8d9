"""Processes and threads that somebody else has joined: what a test leaves to its runner, an ``addCleanup(thread.join)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import opens

if TYPE_CHECKING:
    from ..account import Account


@opens
def _reaped(account: Account) -> None:
    for told in account.told.values():
        for what, name in told.more:
            found = account.find(str(name), told.last) if what == "reaped" else None
            if found is not None:
                found.open = True
