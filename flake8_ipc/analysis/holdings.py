"""What a role may hold by its own hand: releases of what it cannot hold, and acquisitions that stay unreleased.

Where ``locks`` tells what is held on every path, this tells what may be held on some: a may-analysis along the flow
(Engler et al., "Bugs as Deviant Behavior", 2001, check paired calls in this way).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from ..model import Blocking, Choice, Event, Key, Kind, Program, Role, RoleKind, Shared, Verb
from .graph import Graph, Node, by_event, union
from .locks import root
from .surroundings import in_its_turn

OWNED = frozenset({Kind.LOCK, Kind.RLOCK, Kind.CONDITION})
# An acquire that may have failed, and nobody looked.
UNASKED = -1
# Deeper than this a recursive lock is not counted.
_DEEPEST = 3
# The depths that each lock may be held at.
_Depths: TypeAlias = frozenset[tuple[Shared, int]]
_Taken: TypeAlias = frozenset[tuple[Shared, Event]]
# What raises by itself, as far as it can be seen here: other events are sure to come back.
_RAISING = frozenset({Verb.RECV, Verb.SEND, Verb.RESULT, Verb.SUBMIT, Verb.CALL})


class Holdings:
    """What each role of a program may hold."""

    def __init__(self, program: Program, graph: Callable[[Role], Graph]) -> None:
        self._program = program
        self._graph = graph
        self._depths: dict[Role, dict[Event, list[_Depths]]] = {}
        self._left: dict[Role, dict[Event, bool]] = {}

    def depths(self, role: Role, event: Event, lock: Shared) -> frozenset[int]:
        """How deep a role may hold a lock before this event; ``UNASKED`` stands for an acquire that nobody looked at."""
        if role not in self._depths:
            locks = {root(one.target) for one in role.events(Verb.ACQUIRE, Verb.RELEASE)}
            nothing: _Depths = frozenset((one, 0) for one in locks)
            self._depths[role] = by_event(self._graph(role).forward(nothing, _step, union, _fails))
        states = self._depths[role].get(event, [])
        return frozenset(depth for state in states for one, depth in state if one is lock) or frozenset({0})

    def perhaps(self, role: Role, event: Event) -> frozenset[Shared]:
        """The locks that a role may hold before this event: one of several, or only on some path.

        One that no other copy has keeps apart only what is done to some element, which that lock may belong to.
        """
        acquires = role.events(Verb.ACQUIRE)
        locks = dict.fromkeys(root(one.target) for one in acquires if one.key is not Key.OWN or event.key is Key.ANY)
        return frozenset(lock for lock in locks if max(self.depths(role, event, lock)) > 0)

    def unheld(self, role: Role) -> Iterator[Event]:
        """The releases of locks that this role holds on no path that leads there."""
        for event in role.events(Verb.RELEASE):
            if event.exact and root(event.target).kind in OWNED and _its_own(role, event):
                if self.depths(role, event, root(event.target)) <= {0, UNASKED}:
                    yield event

    def unreleased(self, role: Role) -> dict[Event, bool]:
        """The acquisitions that some path leaves unreleased; False where only an exception does."""
        if role not in self._left:
            self._left[role] = self._unreleased(role)
        return self._left[role]

    def _unreleased(self, role: Role) -> dict[Event, bool]:
        found: dict[Event, bool] = {}
        by_hand = [event for event in role.events(Verb.ACQUIRE) if taken_by_hand(event) and _its_own(role, event)]
        if not by_hand:
            return found
        graph = self._graph(role)
        nothing: _Taken = frozenset()
        before = graph.forward(nothing, _take, union, _fails)
        for _, event in before.get(graph.failed, nothing):
            found[event] = False
        ends: list[Node] = [graph.exit]
        for _, event in {pair for node in ends for pair in before.get(node, nothing)}:
            found[event] = True
        for node, state in before.items():
            # Another turn comes back to it while it is still held.
            if node.event in by_hand and root(node.event.target).kind in OWNED:
                for event in [event for _, event in state if _comes_again(node.event, event)]:
                    found[event] = True
        for halt in self._program.halts:
            # Who waits for one place more of what it took and never gave back.
            last = halt.event
            if halt.role is not role or last is None:
                continue
            for node in graph.at(last):
                for event in [event for _, event in before.get(node, nothing) if event.again(last)]:
                    if root(event.target).kind is not Kind.RLOCK:
                        found[event] = True
        paired = _by_condition(role)
        return {event: sure for event, sure in found.items() if event in by_hand and event not in paired}

    def handed_over(self, lock: Shared, role: Role) -> bool:
        """Whether another role, or another copy of this one, releases what it did not take itself."""
        return any(
            self._alike(root(event.target), lock)
            for other in self._program.roles
            if other is not role or other.many
            for event in self._signals(other)
        )

    def _alike(self, one: Shared, other: Shared) -> bool:
        """Whether two locks are one, or in a run (where each is told apart) several that were made at one place."""
        return one is other or (self._program.observed and one.place.spot == other.place.spot)

    def taken_for_good(self, lock: Shared, role: Role) -> bool:
        """Whether another role, or another copy of this one, takes it and leaves it to others to release."""
        return any(
            root(event.target) is lock
            for other in self._program.roles
            if other is not role or other.many
            for event in (*self.unreleased(other), *self._waits_for_release(other))
        )

    def _waits_for_release(self, role: Role) -> Iterator[Event]:
        """The acquires of a lock that the role surely holds already: they come back when somebody else lets it go."""
        for event in role.events(Verb.ACQUIRE):
            lock = root(event.target)
            waits = taken_by_hand(event) or (event.exact and event.name.startswith("with "))
            if lock.kind is Kind.LOCK and waits and min(self.depths(role, event, lock)) > 0:
                yield event

    def _signals(self, role: Role) -> Iterator[Event]:
        for event in role.events(Verb.RELEASE):
            lock = root(event.target)
            depths = self.depths(role, event, lock)
            # Of a semaphore any place may be given back; who surely holds one gives back his own.
            signal = lock.kind not in OWNED and not self._program.observed and min(depths) < 1
            if not event.exact or signal or depths <= {0}:
                yield event


def _comes_again(now: Event, taken: Event) -> bool:
    """Whether this is the very acquire by which a lock was taken, that is still held; a recursive one may be taken again."""
    return taken is now or (root(now.target).kind is not Kind.RLOCK and now.again(taken))


def taken_by_hand(event: Event) -> bool:
    """Whether an acquire surely takes its lock, and nobody asks: what it took must be released by somebody."""
    if not event.exact or event.name.startswith("with "):
        return False
    return event.took if event.took is not None else event.blocking is Blocking.FOREVER and not event.used


def closed_frame(role: Role, event: Event) -> bool:
    """Whether an acquire is meant to be released in its own call, as far as that matters.

    A method that only acquires is half of a pair, for callers that cannot be seen; a place of a semaphore may be given
    back by a callback.
    """
    releases = [one.setting.calls == event.setting.calls for one in role.events(Verb.RELEASE) if one.target is event.target]
    if role.kind is RoleKind.ENTRY:
        return any(releases)
    return all(releases) or root(event.target).kind in OWNED


def _its_own(role: Role, event: Event) -> bool:
    made_here = any(one.target is event.target for one in role.events(Verb.CREATE))
    return not made_here or in_its_turn(role, event)


def _by_condition(role: Role) -> set[Event]:
    """Acquires in one branch whose release stands in another: ``if guarded: acquire() ... if guarded: release()``."""
    choices: dict[Event, set[int]] = {}
    for one in role.around.values():
        if one.event.verb in (Verb.ACQUIRE, Verb.RELEASE):
            choices[one.event] = {id(node) for node in one.above if isinstance(node, Choice)}
    return {
        event
        for event, mine in choices.items()
        if event.verb is Verb.ACQUIRE
        and any(
            other.verb is Verb.RELEASE
            and root(other.target) is root(event.target)
            and (role.kind is not RoleKind.ENTRY or other.setting.calls == event.setting.calls)
            and mine - yours
            and yours - mine
            for other, yours in choices.items()
        )
    }


def _fails(event: Event | None) -> bool:
    return event is None or event.verb in _RAISING or event.raises is not None


def _step(depths: _Depths, event: Event) -> _Depths:
    if event.verb not in (Verb.ACQUIRE, Verb.RELEASE):
        return depths
    lock = root(event.target)
    mine = {depth for one, depth in depths if one is lock}
    after = _released(mine) if event.verb is Verb.RELEASE else _acquired(event, mine)
    if not event.exact:
        after |= mine
    return frozenset(pair for pair in depths if pair[0] is not lock) | {(lock, depth) for depth in after}


def _released(mine: set[int]) -> set[int]:
    # The deepest that is counted stands for all that are deeper.
    return {max(depth - 1, 0) for depth in mine} | {depth for depth in mine if depth == _DEEPEST}


def _acquired(event: Event, mine: set[int]) -> set[int]:
    # A second acquire of a lock that is not recursive comes back when somebody else has released it, if ever.
    deeper = {min(max(depth, 0) + 1, _DEEPEST) for depth in mine}
    if event.used and event.took is not None:
        return deeper if event.took else mine
    if event.blocking is Blocking.FOREVER:
        return deeper
    if event.used:
        return mine | deeper
    return {depth if depth > 0 else UNASKED for depth in mine} | {depth for depth in deeper if depth > 1}


def _take(taken: _Taken, event: Event) -> _Taken:
    if event.verb is Verb.ACQUIRE and taken_by_hand(event):
        return taken | {(root(event.target), event)}
    if event.verb is Verb.RELEASE:
        return frozenset(pair for pair in taken if pair[0] is not root(event.target))
    return taken
