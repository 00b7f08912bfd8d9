"""Barriers by numbers: who waits, how many copies of it there are, and how often each of them waits.

A barrier lets go as many as it has parties, together. Where all wait equally often and their number is no multiple of
the parties, some are left behind; where they are fewer than the parties, all are (CPython Lib/threading.py, Barrier).
"""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Barrier, Blocking, Choice, Event, Flow, Loop, Program, Role, RoleKind, Surroundings, Try, Verb

# More parties, or more turns of a loop, are counted but not explored.
_PLAYED_PARTIES, _PLAYED_TURNS = 6, 4


def countable(program: Program, barrier: Barrier) -> bool:
    """Whether a barrier can be played out: few parties, a known number of waiters, and nobody who breaks it."""
    if barrier.parties is None or barrier.parties > _PLAYED_PARTIES or breaks(program, barrier):
        return False
    numbers = [copies(program, role, barrier) for role in _waiters(program, barrier)]
    return all(number is not None and number <= _PLAYED_TURNS for number in numbers)


def breaks(program: Program, barrier: Barrier) -> bool:
    """Whether somebody may break it, so that all who wait get an error: by a timeout, ``abort`` or ``reset``."""
    return any(
        event.verb in (Verb.SET, Verb.CLEAR) or (event.verb is Verb.WAIT and event.blocking is not Blocking.FOREVER)
        for _, event in program.uses(barrier)
    )


def left_behind(program: Program, barrier: Barrier) -> tuple[int, list[Event]] | None:
    """How many processes wait at a barrier, and where, if some of them never get past it; None: all may, or unknown."""
    parties = barrier.parties
    if parties is None or parties < 1 or barrier.open or barrier.many or breaks(program, barrier):
        return None
    total, often, waits = 0, set(), []
    for role in _waiters(program, barrier):
        number, events = copies(program, role, barrier), list(_waits(role, barrier))
        if number is None or not all(one.event.exact for one in events):
            return None
        total += number
        waits += [one.event for one in events]
        often.add(_how_often(events, _made_in(role, barrier)))
    if 0 < total < parties:
        return total, waits
    if len(often) == 1 and None not in often and total % parties:
        return total, waits
    return None


def _waiters(program: Program, barrier: Barrier) -> list[Role]:
    return [role for role in program.roles if any(_waits(role, barrier))]


def _waits(role: Role, barrier: Barrier) -> Iterator[Surroundings]:
    if any(event.target is barrier for event in role.events(Verb.WAIT)):
        for one in role.around.values():
            if one.event.verb is Verb.WAIT and one.event.target is barrier:
                yield one


def _how_often(waits: list[Surroundings], made: tuple[Flow, ...]) -> tuple[object, ...] | None:
    """How often one copy waits, as something that two can be compared by; None where it depends on data."""
    found: list[object] = []
    for one in waits:
        if not _sure(_beside(one.above, made)):
            return None
        turns: list[object] = []
        for loop in one.loops:
            if loop.count is None:
                return None
            turns.append(id(loop.count) if loop.count.exact is None else loop.count.exact)
        found.append(tuple(turns))
    return tuple(found)


def _sure(above: tuple[Flow, ...]) -> bool:
    """Whether what stands inside these is done on every path."""
    return not any(isinstance(node, Choice) for node in above) and not any(
        isinstance(outer, Try) and inner is not outer.body and inner is not outer.final and inner is not outer.orelse
        for outer, inner in zip(above, above[1:])
    )


def _made_in(role: Role, barrier: Barrier) -> tuple[Flow, ...]:
    """What a barrier is made in, by this role."""
    made = next((event for event in role.events(Verb.CREATE) if event.target is barrier), None)
    return role.around[made].above if made is not None else ()


def _beside(above: tuple[Flow, ...], made: tuple[Flow, ...]) -> tuple[Flow, ...]:
    """What of these nodes is not around the making of a barrier too: in the branch where it is made, all is sure."""
    common = 0
    while common < min(len(above), len(made)) and above[common] is made[common]:
        common += 1
    # Another branch than the one where it is made is none that they share.
    if common and isinstance(above[common - 1], Choice):
        common -= 1
    return tuple(node for node in above[:common] if isinstance(node, Loop)) + above[common:]


def copies(program: Program, role: Role, barrier: Barrier | None = None) -> int | None:
    """How many copies of a role the program starts in all, or where a barrier is made; None where that is not known."""
    if role.parent is None or role.process is None:
        return 1 if role.kind is RoleKind.MAIN else None
    parents = copies(program, role.parent, barrier)
    if parents is None or role.kind not in (RoleKind.PROCESS, RoleKind.THREAD):
        return None
    total = 0
    made = _made_in(role.parent, barrier) if barrier is not None else ()
    for one in role.parent.around.values():
        if one.event.verb is Verb.START and one.event.target is role.process:
            number = _turns(_beside(one.above, made))
            if number is None:
                return None
            total += number
    return total * parents


def _turns(above: tuple[Flow, ...]) -> int | None:
    if not _sure(above):
        return None
    number = 1
    for node in above:
        if isinstance(node, Loop):
            if node.count is None or node.count.exact is None:
                return None
            number *= node.count.exact
    return number


__all__ = ["breaks", "copies", "countable", "left_behind"]
