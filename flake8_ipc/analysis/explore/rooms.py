"""How full queues are played out whose room, or whose producers' loops, are too large to be counted.

A loop that puts more than all queues hold is played with so many turns as fill queues of little room; the room left to
a queue is never less than what is put on it outside such loops, so that only they can fill it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...model import Blocking, Event, Kind, Loop, Program, Queue, Role, Shared, Surroundings, Verb, leaves
from .numbers import Numbers

# A pipe on Linux holds 64 KiB; the shortest message of a SimpleQueue takes a header of four bytes and four of pickle.
_PIPE = 8192
# How many copies of a role are explored at most.
_COPIES = 8


@dataclass(frozen=True, slots=True)
class Rooms:
    """The room of each queue, the numbers of turns that are too high to fit, and how many turns are played for them."""

    room: dict[Shared, int]
    lots: frozenset[int]
    turns: int


def rooms(program: Program, objects: list[Shared], numbers: Numbers) -> Rooms | None:
    """How to play a program with full queues; None where no loop can fill one."""
    holds = {queue: held for queue in objects if (held := _holds(queue))}
    puts = [
        (role, one)
        for role in program.roles
        if any(event.target in holds for event in role.events(Verb.PUT))
        for one in role.around.values()
        if one.event.verb is Verb.PUT and one.event.target in holds
    ]
    used = {one.event.target for _, one in puts}
    # Whoever takes an item has it in hand.
    total = {queue: sum(holds.get(other, 0) for other in _downstream(program, queue)) + _COPIES for queue in used}
    lots = frozenset(
        exact
        for _, one in puts
        for loop in one.loops
        if _blocks(one.event) and loop.count is not None
        if (exact := loop.count.exact) is not None and exact > max(total[one.event.target], numbers.exact)
    )
    if not lots and not any(_blocks(one.event) and _endless(one) for _, one in puts):
        return None
    room = {queue: 1 for queue in used}
    for role, one in puts:
        if not _endless(one) and not any(loop.count is not None and loop.count.exact in lots for loop in one.loops):
            room[one.event.target] += _times(role, one, holds[one.event.target], numbers)
    room = {queue: min(held, holds[queue]) for queue, held in room.items()}
    return Rooms(room, lots, sum(room.values()) + len(program.roles) + 1)


def _downstream(program: Program, queue: Shared) -> set[Shared]:
    """A queue and those that whoever takes from it puts on, and so on."""
    found = {queue}
    pending = [queue]
    while pending:
        taken = pending.pop()
        takers = {role for role, _ in program.uses(taken, Verb.GET)}
        for role in takers:
            for event in role.events(Verb.PUT):
                if event.target not in found:
                    found.add(event.target)
                    pending.append(event.target)
    return found


def _holds(shared: Shared) -> int:
    if shared.kind is Kind.SIMPLE_QUEUE:
        return 0 if shared.managed else _PIPE
    return (shared.maxsize or 0) if isinstance(shared, Queue) else 0


def _blocks(event: Event) -> bool:
    return event.blocking is Blocking.FOREVER and event.exact


def _endless(one: Surroundings) -> bool:
    return any(loop.count is None and not leaves(loop, handlers=True) for loop in one.loops)


def _times(role: Role, one: Surroundings, most: int, numbers: Numbers) -> int:
    """How often a put is played at most."""
    times = _COPIES if role.many else 1
    for loop in one.loops:
        times *= _turns(loop, most, numbers)
    return min(times, most)


def _turns(loop: Loop, most: int, numbers: Numbers) -> int:
    if loop.count is None:
        return most
    exact = loop.count.exact
    return exact if exact is not None and exact <= numbers.exact else numbers.picks[-1]
