"""Steps that nobody else's can get in the way of: a lock that its owner gives back, a message like all others."""

from __future__ import annotations

from ...model import Blocking, Kind, Shared, Verb
from ..locks import root
from .machine import Deed, Enter, Fork, Head, Machine, Step
from .table import Table

_MUTEXES = frozenset({Kind.LOCK, Kind.RLOCK})
_ENDINGS = (Verb.TERMINATE, Verb.KILL)


def owned(table: Table) -> frozenset[Shared]:
    """The locks that everybody takes for as long as it takes, and gives back only while surely holding them.

    Whoever holds one may give it back at once: nobody else can do anything with it before. None where somebody may be
    killed while holding one.
    """
    deeds = [step.event for machine in table.machines for step in machine.steps if isinstance(step, Deed)]
    if table.daemons or any(event.verb in _ENDINGS for event in deeds):
        return frozenset()
    found = {root(event.target) for event in deeds if event.verb is Verb.RELEASE and root(event.target).kind in _MUTEXES}
    for event in deeds:
        if not event.exact or (event.verb is Verb.ACQUIRE and event.blocking is not Blocking.FOREVER):
            found.discard(root(event.target))
    for machine in table.machines if found else ():
        held = _surely_held(machine, frozenset(found))
        for pc, step in enumerate(machine.steps):
            if isinstance(step, Deed) and step.event.verb is Verb.RELEASE and pc in held:
                if root(step.event.target) not in held[pc]:
                    found.discard(root(step.event.target))
    return frozenset(found)


def alike(table: Table, unsigned: frozenset[Shared]) -> frozenset[Shared]:
    """The queues and pipe ends on which everybody puts or sends the same, as far as anybody can tell.

    Then it makes no difference who comes first. ``unsigned``: where nobody asks who sent a message.
    """
    found: dict[Shared, set[object]] = {}
    for role, machine in zip(table.roles, table.machines):
        for step in machine.steps:
            if isinstance(step, Deed) and step.event.verb in (Verb.PUT, Verb.SEND):
                event, target = step.event, step.event.target
                plain = event.exact and event.blocking is Blocking.FOREVER and not role.thread and event.passed is None
                plain = plain and table.room_in(target) == 0 and target not in table.tasks and target.outlet in unsigned
                found.setdefault(target, set()).add(table.payload(event) if plain else event)
    return frozenset(target for target, payloads in found.items() if len(payloads) == 1)


def _surely_held(machine: Machine, locks: frozenset[Shared]) -> dict[int, frozenset[Shared]]:
    """The locks that a copy surely holds before each step that it may come to."""
    held: dict[int, frozenset[Shared]] = {machine.start: frozenset()}
    pending = [machine.start]
    while pending:
        pc = pending.pop()
        for to, then in _next(machine.steps[pc], held[pc]):
            then &= locks
            known = held.get(to)
            if known is None or not known <= then:
                held[to] = then if known is None else known & then
                pending.append(to)
    return held


def _next(step: Step, held: frozenset[Shared]) -> list[tuple[int, frozenset[Shared]]]:
    if isinstance(step, Deed):
        lock = {root(step.event.target)}
        if step.event.verb is Verb.ACQUIRE:
            return [(step.next, held | lock)]
        if step.event.verb is Verb.RELEASE:
            return [(step.next, held - lock)]
        return [(step.next, held), *((to, held) for _, to in step.handlers)]
    if isinstance(step, Fork):
        return [(to, held) for to in step.targets]
    if isinstance(step, (Enter, Head)):
        return [(step.body, held), (step.head if isinstance(step, Enter) else step.next, held)]
    return []
