"""The order in which locks are taken: which lock is taken under which, and circles in that order.

Two roles that take two locks in opposite order, at the same time and with no third lock around both, can keep each
other waiting for good, whether or not one run shows it (Havelund, "Using Runtime Analysis to Guide Model Checking of
Java Programs", 2000: the GoodLock algorithm; Linux kernel, Documentation/locking/lockdep-design).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..model import Blocking, Cell, Choice, Event, Key, Role, Shared, Verb
from .holdings import OWNED
from .locks import root, surely
from .study import Study

# Circles of more locks than this are not looked for; a run tells each lock of a table from the others.
_LONGEST, _LONGEST_SEEN = 4, 8


@dataclass(frozen=True, slots=True)
class Nesting:
    """A role takes ``inner`` in ``event`` while it holds ``outer`` since ``since``; ``around`` are all it holds then."""

    role: Role
    outer: Shared
    since: Event
    inner: Shared
    event: Event
    around: frozenset[Shared]


def taken(event: Event) -> Shared | None:
    """The lock that an event takes for sure, and waits for: an acquire, or an access to a cell with a lock of its own."""
    if event.verb is Verb.ACQUIRE:
        lock = root(event.target)
        surely = event.exact and event.blocking is Blocking.FOREVER
        return lock if surely and lock.kind in OWNED else None
    cell = event.target
    if event.verb in (Verb.READ, Verb.WRITE) and isinstance(cell, Cell) and cell.lock is not None:
        return root(cell.lock) if event.exact and not event.bare else None
    return None


def nestings(study: Study) -> Iterator[Nesting]:
    """Every lock that is taken under another one; of many made in one place, which is which cannot be told."""
    for role in study.program.roles:
        if not any(role.events(Verb.ACQUIRE)):
            continue
        for event in role.events(Verb.ACQUIRE, Verb.READ, Verb.WRITE):
            inner = taken(event)
            held = study.locks.held(role, event) if inner is not None else frozenset()
            around = frozenset(lock for lock, _, _ in held)
            if inner is None or inner in around or inner.open or inner.many:
                continue
            for outer, _, events in held:
                if outer.kind in OWNED and not outer.open and not outer.many and surely(events):
                    # Places are dear: only where there are several does it matter which comes first.
                    first = min(events, key=lambda one: one.place.spot) if len(events) > 1 else next(iter(events))
                    yield Nesting(role, outer, first, inner, event, around)


def rounds(study: Study) -> Iterator[Nesting]:
    """Copies each of which takes a lock of its own and the one beside it, all the way round: who begins the circle closes it.

    That is the dinner of Dijkstra's philosophers (EWD 310, "Hierarchical Ordering of Sequential Processes", 1971).
    """
    for role in study.program.roles:
        keyed = [one for one in role.events(Verb.ACQUIRE) if one.key in (Key.OWN, Key.ROUND)] if role.many else []
        for lock in dict.fromkeys(event.target for event in keyed):
            users = {one for one, event in study.program.uses(lock, Verb.ACQUIRE)}
            found = _neighbours(role, lock)
            if found is None or lock.open or not lock.many or users != {role}:
                continue
            outer, inner = found
            around = study.locks.names(role, inner) - {lock}
            if not around and study.order.concurrent(role, inner, role, inner):
                yield Nesting(role, lock, outer, lock, inner, around)


def _neighbours(role: Role, lock: Shared) -> tuple[Event, Event] | None:
    """Where a role takes a lock of a circle and, inside, the one beside it, always in one order, with no seats counted."""
    found: tuple[Event, Event] | None = None
    before: Event | None = None
    for event in role.events(Verb.ACQUIRE, Verb.RELEASE):
        if event.target is not lock:
            # Places at the table, fewer than there are copies, break the circle.
            if event.target.kind not in OWNED:
                return None
            continue
        chosen = any(isinstance(node, Choice) for node in role.around[event].above)
        if event.verb is Verb.ACQUIRE and (chosen or event.blocking is not Blocking.FOREVER):
            return None
        if before is not None and event.verb is Verb.ACQUIRE and {before.key, event.key} == {Key.OWN, Key.ROUND}:
            found = found or (before, event)
        before = event if event.verb is Verb.ACQUIRE else None
    return found


def circles(study: Study) -> Iterator[tuple[Nesting, ...]]:
    """Nestings each of which takes what the next one holds, all at the same time."""
    every = list(nestings(study))
    found = []
    for circle in _round(every, study, _LONGEST):
        found.append(circle)
        yield circle
    if study.program.observed:
        # What is done again and again is followed far once.
        met = {(one.role, one.outer, one.inner) for circle in found for one in circle}
        once = {(one.role, one.outer, one.inner): one for one in reversed(every)}
        yield from _round([one for key, one in once.items() if key not in met], study, _LONGEST_SEEN)


def _round(found: list[Nesting], study: Study, longest: int) -> Iterator[tuple[Nesting, ...]]:
    """The circles of so many locks at most."""
    before = -1
    while before != len(found):
        # Whatever leads nowhere, or is led to by nothing, is in none.
        before, outers, inners = len(found), {one.outer for one in found}, {one.inner for one in found}
        found = [one for one in found if one.inner in outers and one.outer in inners]
    by_outer: dict[Shared, list[Nesting]] = {}
    for one in found:
        by_outer.setdefault(one.outer, []).append(one)
    for first in found:
        yield from _around((first,), by_outer, study, longest)


def _around(
    path: tuple[Nesting, ...], by_outer: dict[Shared, list[Nesting]], study: Study, longest: int
) -> Iterator[tuple[Nesting, ...]]:
    first, last = path[0], path[-1]
    for one in by_outer.get(last.inner, ()):
        if any(one.outer is other.outer for other in path) or not all(_at_once(study, one, other) for other in path):
            continue
        if one.inner is first.outer:
            yield (*path, one)
        elif len(path) + 1 < longest:
            yield from _around((*path, one), by_outer, study, longest)


def _at_once(study: Study, one: Nesting, other: Nesting) -> bool:
    """Whether two roles can be in the middle of these nestings at the same time."""
    gates = (one.around & other.around) - {one.outer, one.inner, other.outer, other.inner}
    if gates or one.outer is other.outer:
        return False
    if not study.order.concurrent(one.role, one.event, other.role, other.event):
        return False
    return study.stuck.meet(one.event, other.event)
