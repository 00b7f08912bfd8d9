"""The locks that somebody may hold for long: of the others, whoever waits for one gets it in the end.

A lock is held but for a while where each hold is the body of a ``with``, and nothing is waited for in there but other
such locks, always in one order (Dijkstra, "Hierarchical Ordering of Sequential Processes", 1971: in a hierarchy of
resources nobody waits for good). That holds of a semaphore too that has a place to begin with.
"""

from __future__ import annotations

from ...model import LOCKS, Event, Kind, Lock, Program, Role, Shared, Verb
from ..locks import Locks, root
from .state import MUTEXES

_WAITS = (Verb.GET, Verb.RECV, Verb.JOIN, Verb.ACQUIRE, Verb.WAIT, Verb.PUT)


def long_held(program: Program, locks: Locks) -> set[Shared]:
    """The locks under which somebody waits for what may never come, or which somebody keeps, or takes by hand.

    A mutex that is taken by hand is only one of them where it is kept, or something is waited for under it.
    """
    acquired = {root(event.target) for _, event in program.events(Verb.ACQUIRE, Verb.RELEASE)}
    scoped = {lock for lock in acquired if _scoped(program, lock)}
    found = {lock for lock in acquired if lock.kind not in MUTEXES and lock not in scoped}
    under: dict[Shared, set[Shared]] = {}
    for role in program.roles:
        mine = {root(event.target) for event in role.events(Verb.ACQUIRE)}
        if not mine:
            continue
        found |= mine - {root(event.target) for event in role.events(Verb.RELEASE)}
        for event in role.events(*_WAITS):
            held = _held(locks, role, event)
            own = root(event.target)
            if event.verb is Verb.ACQUIRE and own in scoped and held <= scoped:
                for lock in held:
                    under.setdefault(lock, set()).add(own)
                continue
            found |= held
            if held and own.kind in MUTEXES:
                found.add(own)
    return _upwards(found | _in_circles(under), under)


def _scoped(program: Program, lock: Shared) -> bool:
    """Whether a lock is only ever taken, and given back, by ``with``."""
    places = isinstance(lock, Lock) and (lock.kind in MUTEXES or (lock.count or 0) > 0)
    uses = [event for _, event in program.events(Verb.ACQUIRE, Verb.RELEASE) if root(event.target) is lock]
    return places and all(event.exact and event.name.startswith("with ") for event in uses)


def _held(locks: Locks, role: Role, event: Event) -> frozenset[Shared]:
    """The locks held at a wait that stay held during it: a condition's own one is let go."""
    own = frozenset({root(event.target)} if event.target.kind is Kind.CONDITION else ())
    return frozenset(lock for lock in locks.names(role, event) - own if lock.kind in LOCKS)


def _in_circles(under: dict[Shared, set[Shared]]) -> set[Shared]:
    """The locks that are waited for, at however many steps, under themselves."""
    return {lock for lock in under if lock in _below(lock, under)}


def _below(lock: Shared, under: dict[Shared, set[Shared]]) -> set[Shared]:
    found: set[Shared] = set()
    pending = [lock]
    while pending:
        fresh = under.get(pending.pop(), set()) - found
        found |= fresh
        pending.extend(fresh)
    return found


def _upwards(found: set[Shared], under: dict[Shared, set[Shared]]) -> set[Shared]:
    """These locks with those under which one of them is waited for."""
    return found | {lock for lock in under if not found.isdisjoint(_below(lock, under))}
