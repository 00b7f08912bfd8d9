"""Waits under a lock that whoever is waited for needs first, told from the flows alone.

The explorer tells the same of what it plays out (stuck.waiting_under_locks); this tells it of what it leaves out: tasks
of pools, locks inside Values, conditions (whose predicate is data), programs with too many states.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..model import Blocking, Event, Kind, Lock, PipeEnd, Result, Role, RoleKind, Shared, Verb
from .graph import by_event, intersection
from .holdings import OWNED
from .lock_order import taken
from .locks import root, surely
from .study import Study

_PROCESSES = frozenset({Kind.PROCESS, Kind.THREAD})
_POOLS = frozenset({Kind.POOL, Kind.EXECUTOR, Kind.THREAD_POOL})
_STARTS = (Verb.START, Verb.SUBMIT)
# Which verbs let a wait for a message or signal go on.
_GIVES = {Verb.GET: Verb.PUT, Verb.RECV: Verb.SEND, Verb.ACQUIRE: Verb.RELEASE}


@dataclass(frozen=True, slots=True)
class Nested:
    """A role waits in ``event`` while it holds ``lock`` since ``since``; ``other`` needs that lock at ``needs``."""

    role: Role
    event: Event
    lock: Shared
    since: Event
    other: Role
    needs: Event


def nested_waits(study: Study) -> Iterator[Nested]:
    """Every wait under a lock that all who could end it have to take first."""
    for role in study.program.roles:
        if not any(role.events(Verb.ACQUIRE)):
            continue
        for event in role.events(Verb.JOIN, Verb.SHUTDOWN, Verb.RESULT, Verb.WAIT, *_GIVES):
            if event.blocking is not Blocking.FOREVER or not event.exact or event.target.open:
                continue
            for lock, _, events in study.locks.held(role, event):
                if lock.kind not in OWNED or lock.open or lock.many or lock is root(event.target) or not surely(events):
                    continue
                if study.holdings.handed_over(lock, role):
                    continue
                needed = _needed(study, role, event, lock, events)
                if needed is not None:
                    yield Nested(role, event, lock, min(events, key=lambda one: one.place.spot), *needed)


def _needed(study: Study, role: Role, event: Event, lock: Shared, since: frozenset[Event]) -> tuple[Role, Event] | None:
    ends = _whose_end(study, event)
    if ends is not None:
        found = [_takes_always(study, other, lock) for other in ends]
        for other, needs in zip(ends, found):
            if needs is None or not _while_held(study, role, lock, since, other, needs):
                return None
        # What is played out in all its interleavings is known better from there.
        played = event.verb is Verb.JOIN and event.target.kind in _PROCESSES and study.stuck.explored(lock)
        if ends and found[0] is not None and not (played and found[0].verb is Verb.ACQUIRE):
            return ends[0], found[0]
        return None
    return _all_under(study, role, event, lock, since)


def _whose_end(study: Study, event: Event) -> list[Role] | None:
    """The roles whose end is waited for; None where it is a message or a signal."""
    target = event.target
    if event.verb in (Verb.JOIN, Verb.SHUTDOWN) and target.kind in _PROCESSES | _POOLS:
        awaited: Shared | None = target
    elif event.verb is Verb.RESULT and isinstance(target, Result):
        awaited = target.pool
    else:
        return None
    return [role for role in study.program.roles if role.process is awaited and role.kind is not RoleKind.INITIALIZER]


def _takes_always(study: Study, role: Role, lock: Shared) -> Event | None:
    """Where a role takes a lock that it takes on every path to its end."""
    if not role.known:
        return None
    graph = study.graph(role)
    nothing: frozenset[Shared] = frozenset()
    before = graph.forward(
        nothing, lambda state, event: state | {found} if (found := taken(event)) is not None else state, intersection
    )
    if lock not in before.get(graph.exit, nothing):
        return None
    return next((event for event in by_event(before) if taken(event) is lock), None)


def _while_held(
    study: Study, role: Role, lock: Shared, since: frozenset[Event], other: Role, needs: Event
) -> bool:
    """Whether the other role may come to need the lock only once it is held."""
    starts = [event for event in role.events(*_STARTS) if event.target is other.process]
    if starts and all(lock in study.locks.names(role, event) for event in starts):
        return True
    return all(study.order.concurrent(role, event, other, needs) for event in since)


def _all_under(
    study: Study, role: Role, event: Event, lock: Shared, since: frozenset[Event]
) -> tuple[Role, Event] | None:
    """Whether every message or signal that could end a wait is sent under the same lock, by somebody else."""
    target = event.target
    if event.verb is Verb.ACQUIRE and target.kind not in (Kind.SEMAPHORE, Kind.BOUNDED_SEMAPHORE):
        return None
    if target.kind is not Kind.CONDITION and study.stuck.explored(target, lock):
        return None
    if target.kind is Kind.BARRIER or (event.verb is Verb.ACQUIRE and isinstance(target, Lock) and target.count != 0):
        return None
    verb = _GIVES.get(event.verb, Verb.NOTIFY if target.kind is Kind.CONDITION else Verb.SET)
    wanted = target.peer if isinstance(target, PipeEnd) else target
    gives = [(other, one) for other, one in study.program.events(verb) if one.target is wanted]
    if not gives or not study.program.whole or any(not other.known for other in study.program.roles):
        return None
    for other, one in gives:
        if other is role or lock not in study.locks.names(other, one):
            return None
        if not all(study.order.concurrent(role, mine, other, one) for mine in since):
            return None
    other, one = gives[0]
    needs = next((events for held, _, events in study.locks.held(other, one) if held is lock), frozenset({one}))
    return other, min(needs, key=lambda found: found.place.spot)


__all__ = ["Nested", "nested_waits"]
