"""Why everybody waits: who could still let whom go on, and which waits hang for no other's sake.

A wait-for graph over the copies of a stuck state (Coffman, Elphick, Shoshani, "System Deadlocks", 1971): an edge leads
from a waiting copy to each copy that has what it waits for, or would give it later on. The sets of copies that wait for
one another, and for nobody else, are the causes; whoever else waits is only a victim.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from ...model import QUEUES, Event, Kind, PipeEnd, Shared, Verb
from ..locks import root
from .machine import Deed, Enter, Fork, Head, Stop
from .signals import woken
from .state import DONE, FLUSHING, MUTEXES, State
from .table import Table

# Something done, and to what.
_Act: TypeAlias = tuple[Verb, Shared]
# What lets a wait of this verb go on, where the same object carries it.
_GIVES: dict[Verb, tuple[Verb, ...]] = {
    Verb.GET: (Verb.PUT,),
    Verb.PUT: (Verb.GET,),
    Verb.ACQUIRE: (Verb.RELEASE,),
    Verb.WAIT: (Verb.SET, Verb.NOTIFY),
    Verb.JOIN: (Verb.TASK_DONE,),
}


def causes(table: Table, state: State) -> tuple[frozenset[int], ...]:
    """The copies that wait for one another and for nobody else; daemons that nobody waits for are left out."""
    copies = [index for index, thread in enumerate(state.threads) if thread.status != DONE]
    edges = {index: _awaited(table, state, index, copies) for index in copies}
    reached = {index: _closure(edges, index) for index in copies}
    sinks = {index for index in copies if all(index in reached[other] for other in reached[index])}
    kept = [index for index in copies if table.roles[state.threads[index].role].daemon is False]
    found = (frozenset({index, *reached[index]}) for index in sorted(sinks) if any(
        index == one or index in reached[one] for one in kept
    ))
    return tuple(dict.fromkeys(found))


def served_later(table: Table, state: State) -> bool:
    """Whether the root is an object with no method under way, and one called again would let somebody go on."""
    if not table.roles[0].reentered:
        return False
    thread, machine = state.threads[0], table.machines[0]
    if not thread.status and not isinstance(machine.steps[thread.pc], Stop):
        return False
    waits = (waits_in(table, state, index) for index in range(1, len(state.threads)))
    wanted = {act for event in waits if event is not None for act in _wanted(event)}
    return not wanted.isdisjoint(_ahead(table, 0, machine.start))


def _closure(edges: dict[int, set[int]], start: int) -> set[int]:
    found: set[int] = set()
    pending = [start]
    while pending:
        for other in edges[pending.pop()] - found:
            found.add(other)
            pending.append(other)
    return found


def waits_in(table: Table, state: State, index: int) -> Event | None:
    """The event that a copy stands at; None where only its feeders keep it."""
    thread = state.threads[index]
    step = table.machines[thread.role].steps[thread.pc]
    return step.event if isinstance(step, Deed) and not thread.status else None


def holder(table: Table, state: State, index: int) -> int | None:
    """The copy that holds the lock which another one waits for; None where it waits for no lock that somebody holds."""
    event = waits_in(table, state, index)
    if event is None or not _wants_lock(table, state, index, event):
        return None
    held = state.held[table.number[root(event.target)]]
    assert isinstance(held, tuple)
    owner: int = held[0]
    return owner if owner >= 0 else None


def _wants_lock(table: Table, state: State, index: int, event: Event) -> bool:
    if root(event.target) not in table.number:
        return False
    if event.verb is Verb.ACQUIRE:
        return root(event.target).kind in MUTEXES
    return event.verb is Verb.WAIT and event.target.kind is Kind.CONDITION and woken(table, state, event.target, index)


def _awaited(table: Table, state: State, index: int, copies: list[int]) -> set[int]:
    """The copies that could let this one go on."""
    event = waits_in(table, state, index)
    others = [other for other in copies if other != index]
    if event is None:
        kept = {shared for shared in table.objects if shared.kind in QUEUES} if state.threads[index].status == FLUSHING else ()
        return {other for other in others if any((Verb.GET, one) in _future(table, state, other) for one in kept)}
    target = event.target
    if event.verb is Verb.JOIN and target.kind not in QUEUES:
        role = table.role_of.get(target)
        return {other for other in others if state.threads[other].role == role}
    if _wants_lock(table, state, index, event):
        owner = holder(table, state, index)
        lock = root(target)
        signalled = {
            other for other in others
            if lock.kind is Kind.LOCK and (Verb.RELEASE, lock) in _future(table, state, other, barred=lock)
        }
        return signalled | ({owner} if owner in others else set())
    wanted = set(_wanted(event))
    found = {other for other in others if wanted & _future(table, state, other)}
    if event.verb is Verb.RECV and isinstance(target, PipeEnd) and target.peer in table.number:
        # The end of the pipe comes when the last copy of the other end is closed.
        holders = table.holders(state, target.peer) - {table.home(state, index)}
        found |= {other for other in others if table.home(state, other) in holders}
    return found


def _wanted(event: Event) -> Iterator[_Act]:
    target = event.target
    if event.verb in (Verb.SEND, Verb.RECV):
        if isinstance(target, PipeEnd) and target.peer is not None:
            yield (Verb.RECV if event.verb is Verb.SEND else Verb.SEND), target.peer
        return
    for verb in _GIVES.get(event.verb, ()):
        yield verb, target
    if target.kind is Kind.BARRIER:
        yield Verb.WAIT, target


def _future(table: Table, state: State, index: int, *, barred: Shared | None = None) -> set[_Act]:
    """All that a copy may still do, and whoever it may start; nothing behind an acquire of ``barred``."""
    thread = state.threads[index]
    return set() if thread.status else _ahead(table, thread.role, thread.pc, barred)


def _ahead(table: Table, role: int, pc: int, barred: Shared | None = None) -> set[_Act]:
    """The same for a role from one of its steps on."""
    found: set[_Act] = set()
    seen: set[tuple[int, int]] = set()
    pending = [(role, pc)]
    while pending:
        role, pc = pending.pop()
        if (role, pc) in seen:
            continue
        seen.add((role, pc))
        step = table.machines[role].steps[pc]
        if isinstance(step, Deed):
            verb, target = step.event.verb, step.event.target
            if verb is Verb.ACQUIRE and root(target) is barred:
                continue
            found.add((verb, root(target) if verb in (Verb.ACQUIRE, Verb.RELEASE) else target))
            started = table.role_of.get(target) if verb is Verb.START else None
            if started is not None:
                pending.append((started, table.machines[started].start))
            pending += [(role, step.next), *((role, to) for _, to in step.handlers)]
        elif isinstance(step, Fork):
            pending += [(role, to) for to in step.targets]
        elif isinstance(step, (Enter, Head)):
            pending += [(role, step.body), (role, step.head if isinstance(step, Enter) else step.next)]
    return found


__all__ = ["causes", "holder", "served_later", "waits_in"]
