"""Joins of a run that came before the messages of the joined process were taken.

They got through, for what fits into a pipe needs nobody who takes it; with more data the joined process would never have
come to its end, since it waits for its feeder thread (CPython documentation, multiprocessing, "Joining processes that use
queues").
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from ..model import (
    QUEUES,
    UNFINISHED,
    Blocking,
    Constant,
    End,
    Ending,
    Event,
    Flow,
    Loop,
    PipeEnd,
    Program,
    Role,
    Shared,
    Verb,
    parts,
)
from .explore.game import Stuck, Waiting

_SENDS = (Verb.PUT, Verb.SEND)
_TAKES = (Verb.GET, Verb.RECV)
# How a call ends that takes no message.
_NOTHING = frozenset({"Empty", "EOFError", "OSError", "ConnectionResetError", "BrokenPipeError", UNFINISHED})


def undrained(program: Program) -> Iterator[Stuck]:
    """The joins, each with the process joined and what it sent."""
    if not program.whole:
        return
    for joiner, join in program.events(Verb.JOIN):
        if join.blocking is not Blocking.FOREVER or join.failed is not None:
            continue
        for role in program.roles:
            if role.process is join.target and not role.thread and role.ending is Ending.ITSELF and not _left_hard(role.flow):
                send = _untaken(program, joiner, join, role)
                if send is not None:
                    waiting = (Waiting(joiner, join, 0), Waiting(role, _seen(send), 1, unsent=True))
                    yield Stuck(waiting, frozenset(), None, ((role, send),))


def _left_hard(flow: Flow) -> bool:
    """Whether a role left by ``os._exit``, which waits for no feeder."""
    return (isinstance(flow, End) and flow.hard) or any(_left_hard(part) for part in parts(flow))


def _seen(send: Event) -> Event | None:
    """What sends a queue's items is no deed of its role: the feeder."""
    return send if isinstance(send.target, PipeEnd) else None


def _untaken(program: Program, joiner: Role, join: Event, role: Role) -> Event | None:
    """A message of a process that nobody can have taken before it was joined."""
    for carrier in dict.fromkeys(_carrier(event) for event in role.events(*_SENDS)):
        if carrier is None or carrier.managed or carrier.open:
            continue
        if any(one.target is carrier for one in role.events(Verb.CANCEL_JOIN_THREAD)):
            continue
        if any(_goes_on(one, carrier) for one in program.roles if one is not joiner):
            continue
        if any(not one.counted and _takes_before(one, join if one is joiner else None, carrier) for one in program.roles):
            # More may have been taken than is told.
            continue
        # A stop sign fits into any pipe.
        sent = [
            (event, turns)
            for event, turns in _turns(role.flow)
            if _carries(event, carrier) and not (event.payload == Constant(None) and turns == 1)
        ]
        taken = sum(
            turns
            for one in program.roles
            if one is not joiner
            for event, turns in _turns(one.flow)
            if _takes(event, carrier)
        )
        emptied = False
        for event, turns in _turns(joiner.flow):
            if event is join:
                break
            taken += turns * _takes(event, carrier)
            emptied = emptied or (event.verb is Verb.RECV and event.target is carrier and event.failed == "EOFError")
        if emptied:
            continue
        if sum(turns for _, turns in sent) > taken:
            return sent[-1][0]
    return None


def _takes_before(role: Role, join: Event | None, carrier: Shared) -> bool:
    """Whether a role takes messages, before it joins their sender where it does."""
    events = itertools.takewhile(lambda event: event is not join, role.events(*_TAKES, Verb.JOIN))
    return any(_takes(event, carrier) for event in events)


def _goes_on(role: Role, carrier: Shared) -> bool:
    """Whether somebody takes messages who was ended before all were taken."""
    mine = [event for event in role.events(*_TAKES) if event.target is carrier]
    takes = any(event.failed in (None, UNFINISHED) for event in mine)
    return role.ending is not Ending.ITSELF and (takes or carrier in role.given)


def _carrier(event: Event) -> Shared | None:
    if event.target.kind in QUEUES:
        return event.target
    return event.target.peer if isinstance(event.target, PipeEnd) else None


def _turns(flow: Flow, turns: int = 1) -> Iterator[tuple[Event, int]]:
    """Every event of a run's flow with how often it was done."""
    if isinstance(flow, Event):
        yield flow, turns
        return
    count = flow.count.exact if isinstance(flow, Loop) and flow.count is not None else None
    for part in parts(flow):
        yield from _turns(part, turns * (count if count is not None else 1))


def _carries(event: Event, carrier: Shared) -> bool:
    return event.verb in _SENDS and _carrier(event) is carrier and event.failed is None


def _takes(event: Event, carrier: Shared) -> bool:
    """Whether a message was taken: one that could not be unpickled, or had no room in a buffer, was too."""
    return event.verb in _TAKES and event.target is carrier and event.failed not in _NOTHING
