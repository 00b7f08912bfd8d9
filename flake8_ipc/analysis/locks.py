"""Which locks are held at each event, and since which acquisition; a token that processes pass to one another is one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeAlias

from ..model import Blocking, Event, Lock, Role, Shared, Verb
from .graph import Graph, by_event
from .tokens import Tokens

# A lock that is held, how often it was taken before, and where it was taken this time (one place or another).
Hold: TypeAlias = tuple[Shared, int, frozenset[Event]]
Held: TypeAlias = frozenset[Hold]


def root(lock: Shared) -> Shared:
    """The lock behind a lock: a Condition made over another lock is that lock."""
    while isinstance(lock, Lock) and lock.lock is not None:
        lock = lock.lock
    return lock


def _step(held: Held, event: Event) -> Held:
    if event.verb is Verb.ACQUIRE and _counts(event) and event.exact:
        lock = root(event.target)
        level = sum(one[0] is lock for one in held)
        return held | {(lock, level, frozenset({event}))}
    if event.verb is Verb.RELEASE:
        lock = root(event.target)
        mine = sorted((one for one in held if one[0] is lock), key=lambda one: one[1])
        return held - frozenset(mine[-1:] if event.exact else mine)
    return held


def _counts(event: Event) -> bool:
    if event.took is not None:
        return event.took
    # One that may fail counts where somebody looks at its result: what follows is done only if it did not.
    return event.blocking is not Blocking.NEVER or event.used


def _step_beside(tokens: Tokens, held: Held, event: Event) -> Held:
    """The same where who has a token holds it like a lock."""
    token = tokens.taken(event)
    if token is not None:
        return _without(held, token) | {(token, 0, frozenset({event}))}
    token = tokens.passed(event)
    return _without(held, token) if token is not None else _step(held, event)


def _without(held: Held, token: Shared) -> Held:
    return frozenset(one for one in held if one[0] is not token)


def _meet(one: Held, other: Held) -> Held:
    """What is held on both paths, wherever each took it."""
    places = {(lock, level): events for lock, level, events in other}
    return frozenset(
        (lock, level, events | places[lock, level]) for lock, level, events in one if (lock, level) in places
    )


def surely(acquired: frozenset[Event]) -> bool:
    """Whether a hold was taken by acquires that cannot fail."""
    return all(event.took or event.blocking is Blocking.FOREVER for event in acquired)


class Locks:
    """The locks that are held on every path at an event.

    The lockset discipline follows Savage et al., "Eraser: A Dynamic Data Race Detector for Multithreaded Programs"
    (1997): accesses to one object are safe where they have a lock in common.
    """

    def __init__(self, graph: Callable[[Role], Graph], tokens: Tokens | None = None) -> None:
        self.graph = graph
        self.tokens = tokens
        self._held: dict[Role, dict[Event, Held]] = {}

    def held(self, role: Role, event: Event) -> Held:
        """The locks surely held when this role does this, each with the events that may have acquired it."""
        if role not in self._held:
            nothing: Held = frozenset()
            step = functools.partial(_step_beside, self.tokens) if self.tokens is not None and self.tokens.any else _step
            before = by_event(self.graph(role).forward(nothing, step, _meet))
            self._held[role] = {one: functools.reduce(_meet, states) for one, states in before.items()}
        return self._held[role].get(event, frozenset())

    def names(self, role: Role, event: Event) -> frozenset[Shared]:
        """The same without the acquisitions."""
        return frozenset(lock for lock, _, _ in self.held(role, event))

    def atomic(self, role: Role, write: Event) -> frozenset[Shared]:
        """The locks under which a read-modify-write is one whole: held at its write and its reads, never let go."""
        whole = {(lock, level): events for lock, level, events in self.held(role, write)}
        for read in write.reads:
            before = {(lock, level): events for lock, level, events in self.held(role, read)}
            # A section that began at a place where this one cannot have begun is another section.
            whole = {key: events for key, events in whole.items() if key in before and before[key] <= events}
        return frozenset(lock for lock, _ in whole)
