"""Listeners and clients of the account: where they meet the other side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Endpoint, Kind, Listener, PipeEnd, Place, Shared
from ..objects import Facts, bound, end
from ..places import Where
from . import makes

if TYPE_CHECKING:
    from ..account import Account


def _endpoint(facts: Facts) -> Endpoint:
    return Endpoint(facts["network"], facts["keyed"])


@makes(Kind.LISTENER)
def _listener(account: Account, kind: Kind, place: Place, where: Where, facts: Facts) -> Shared:
    return Listener(kind, place, bound(account, where), endpoint=_endpoint(facts))


@makes(Kind.PIPE_END)
def _connection(account: Account, kind: Kind, place: Place, where: Where, facts: Facts) -> Shared:
    """An end of a pipe, or one whose other end is known to nobody here."""
    if facts["peer"] is not None:
        return end(account, kind, place, where, facts)
    made = PipeEnd(kind, place, bound(account, where), readable=True, writable=True, open=True)
    made.endpoint = _endpoint(facts) if "network" in facts else None
    return made
