"""Which locks are held at each event, and since which acquisition."""

from __future__ import annotations

from collections.abc import Callable

from ..model import Blocking, Event, Lock, Role, Shared, Verb
from .graph import Graph, by_event, intersection

Held = frozenset[tuple[Shared, Event]]


def root(lock: Shared) -> Shared:
    """The lock behind a lock: a Condition made over another lock is that lock."""
    while isinstance(lock, Lock) and lock.lock is not None:
        lock = lock.lock
    return lock


def _step(held: Held, event: Event) -> Held:
    if event.verb is Verb.ACQUIRE and event.blocking is not Blocking.NEVER and event.exact:
        return held | {(root(event.target), event)}
    if event.verb is Verb.RELEASE:
        lock = root(event.target)
        mine = [pair for pair in held if pair[0] is lock]
        return held - frozenset(mine[-1:]) if event.exact else held - frozenset(mine)
    return held


class Locks:
    """The locks that are held on every path at an event.

    The lockset discipline follows Savage et al., "Eraser: A Dynamic Data Race Detector for Multithreaded Programs"
    (1997): accesses to one object are safe where they have a lock in common.
    """

    def __init__(self, graph: Callable[[Role], Graph]) -> None:
        self._graph = graph
        self._held: dict[Role, dict[Event, Held]] = {}

    def held(self, role: Role, event: Event) -> Held:
        """The locks surely held when this role does this, each with the event that acquired it."""
        if role not in self._held:
            nothing: Held = frozenset()
            before = by_event(self._graph(role).forward(nothing, _step, intersection))
            self._held[role] = {one: frozenset.intersection(*states) for one, states in before.items()}
        return self._held[role].get(event, frozenset())

    def names(self, role: Role, event: Event) -> frozenset[Shared]:
        """The same without the acquisitions."""
        return frozenset(lock for lock, _ in self.held(role, event))

    def atomic(self, role: Role, write: Event) -> frozenset[Shared]:
        """The locks under which a read-modify-write is one whole: held at its write and its reads, never let go."""
        held = self.held(role, write)
        for read in write.reads:
            held &= self.held(role, read)
        return frozenset(lock for lock, _ in held)
