"""Processes that were told to end and had a handler of their own for that: they let go of what they held first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Event, Verb
from . import Line, amends

if TYPE_CHECKING:
    from ..account import Account


@amends
def _heeded(account: Account, line: Line, event: Event) -> Event | None:
    if event.verb is Verb.TERMINATE and line.facts.get("heeded"):
        for role in account.roles.values():
            role.heeds = role.heeds or role.process is event.target
    return event
