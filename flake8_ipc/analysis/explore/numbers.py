"""How often loops are played: exactly as often as the text says, or, where that is too often, as often as a friend picks.

A number that the friend picks stands for one that is known but high, or for one that is not known. It must be possible
that it is high enough for all that is taken outside such loops: a hundred items are enough for three gets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...model import Count, Kind, Loop, Program, Role, Shared, Surroundings, Verb

# How many turns are always played out exactly.
EXACT = 4
# How many are, where no number in the program is higher and no more processes than EXACT are started by one loop.
_AT_MOST = 12
_GIVES = (Verb.PUT, Verb.SEND, Verb.RELEASE)
_OWNED = frozenset({Kind.LOCK, Kind.RLOCK, Kind.CONDITION})
_TAKES = (Verb.GET, Verb.RECV, Verb.ACQUIRE)
# The highest number that a friend picks; where it is one of processes.
_HIGHEST, _PROCESSES = 8, 4


@dataclass(frozen=True, slots=True)
class Numbers:
    """Up to how many turns are played exactly, and which numbers a friend picks from for other loops.

    ``one``: all loops with a higher number turn equally often. ``longest``: longer queues than this are not explored.
    """

    exact: int = EXACT
    picks: tuple[int, ...] = (1, 2)
    one: bool = False

    @property
    def longest(self) -> int:
        """The length of the longest queue that is explored."""
        return max(9, self.exact + 3)


def exactly(program: Program) -> Numbers | None:
    """The way to play all numbers of a program exactly; None where they are too high, or need no care."""
    numbers = [(role, one, loop.count.exact) for role, one, loop in _known(program) if loop.count is not None]
    high = {number for _, _, number in numbers if number is not None and number > EXACT}
    if not high or max(high) > _AT_MOST:
        return None
    if any(one.event.verb is Verb.START and number in high for _, one, number in numbers):
        return None
    # A loop of which nobody knows how often it turns may have to give all that is taken.
    return Numbers(exact=max(high), picks=_picks(_needed(program, max(high))))


def picked(program: Program) -> Numbers:
    """The way to play a program with numbers that are picked."""
    high: set[int] = set()
    processes = False
    for _, one, loop in _known(program):
        assert loop.count is not None and loop.count.exact is not None
        if loop.count.exact > EXACT:
            high.add(loop.count.exact)
            processes |= one.event.verb is Verb.START
    needed = min(_needed(program, EXACT), _PROCESSES if processes else _HIGHEST)
    return Numbers(picks=_picks(needed), one=len(high) == 1 and not _given_otherwise(program))


def _picks(needed: int) -> tuple[int, ...]:
    return (1, 2, needed) if needed > 2 else (1, 2)


def _known(program: Program) -> Iterator[tuple[Role, Surroundings, Loop]]:
    """The loops around each event whose number of turns is known."""
    for role in program.roles:
        for one in role.around.values():
            for loop in one.loops:
                if loop.count is not None and loop.count.exact is not None:
                    yield role, one, loop


def _needed(program: Program, played: int) -> int:
    """How much is taken at most by loops of up to ``played`` turns, whatever it is: all may come of one loop's turns."""
    return sum(
        _turns((loop.count for loop in one.loops), played) * _copies(role)
        for role in program.roles
        if any(role.events(*_TAKES))
        for one in role.around.values()
        if one.event.verb in _TAKES and one.event.target.kind not in _OWNED
    )


def _copies(role: Role) -> int:
    """How many copies of a role there are, where a loop of known length starts them; else two stand for many."""
    if not role.many or role.parent is None:
        return 1
    starts = [one for one in role.parent.around.values() if one.event.verb is Verb.START and one.event.target is role.process]
    return max([2, *(_turns((loop.count for loop in one.loops), EXACT) for one in starts)])


def _turns(counts: Iterable[Count | None], played: int) -> int:
    turns = 1
    for count in counts:
        if count is None:
            return 0
        turns *= count.exact if count.exact is not None and count.exact <= played else 1
    return turns


def _given_otherwise(program: Program) -> bool:
    """Whether a loop with a high number takes what no such loop, and no number of processes, gives."""
    given: set[tuple[Role, Shared]] = set()
    taken: set[Shared] = set()
    started: set[Shared] = set()
    for role in program.roles:
        for one in role.around.values():
            verb, target = one.event.verb, one.event.target
            high = any(loop.count is not None and (loop.count.exact or 0) > EXACT for loop in one.loops)
            if verb in _GIVES and (high or role.many):
                given.add((role if not high else program.root, target.outlet))
            elif verb in _TAKES and high:
                taken.add(target)
            elif verb is Verb.START and high:
                started.add(target)
    return not taken <= {target for role, target in given if role is program.root or role.process in started}
