"""IPC602 lock-order.

Judged from: the locks surely held at each acquire, circles among them, and which events are concurrent; where all
interleavings are known, two roles must be able to stand at the two acquires at once.
Reported at: the inner acquire of each.
Missed: locks of a collection, but for a circle of neighbours; acquires with a timeout, which come back.
Source: Coffman, Elphick, Shoshani, "System Deadlocks" (1971): circular wait.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.lock_order import Nesting, circles, rounds
from ..analysis.study import Study
from ..finding import Finding, Step
from ..model import LOCKS, CELLS
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Locks that are taken in a circle."""
    found = set()
    for circle in circles(study):
        one = circle[0]
        if one.event not in found:
            found.add(one.event)
            yield Finding("IPC602", one.event.place, _message(circle), story=_story(circle), about=(one.outer, one.inner))
    for one in rounds(study):
        yield Finding(
            "IPC602",
            one.event.place,
            f"takes the lock beside its own while holding its own ({at(one.since.place, one.event.place)}), as every copy of "
            f"{one.role.name} does: all can wait for one another in a circle for good; take the lower one first",
            story=_story((one,)),
            about=(one.inner,),
        )


def _message(circle: tuple[Nesting, ...]) -> str:
    one = circle[0]
    place = one.event.place
    others = " and ".join(
        f"{other.role.name} takes {other.outer} and then {other.inner} ({at(other.since.place, place)}, "
        f"{at(other.event.place, place)})"
        for other in circle[1:]
    )
    return (
        f"takes {one.inner} while holding {one.outer} ({at(one.since.place, place)}), but {others}: each can wait for the "
        f"other for good; take them in one order everywhere"
    )


def _story(circle: tuple[Nesting, ...]) -> tuple[Step, ...]:
    holds = [Step(f"{one.role.name} takes {one.outer}", one.since.place, one.role, one.since) for one in circle]
    waits = [Step(f"{one.role.name} waits for {one.inner}", one.event.place, one.role, one.event) for one in circle]
    return (*holds, *waits)


BAD = '''\
from multiprocessing import Lock, Process


def lend(shelf, register):
    with shelf:
        with register:  # want: IPC602
            print("lent")


def take_back(shelf, register):
    with register:
        with shelf:  # want: IPC602
            print("back")


if __name__ == "__main__":
    shelf, register = Lock(), Lock()
    desks = [Process(target=target, args=(shelf, register)) for target in (lend, take_back)]
    for desk in desks:
        desk.start()
    for desk in desks:
        desk.join()
'''

GOOD = '''\
from multiprocessing import Lock, Process


def lend(shelf, register):
    with shelf, register:
        print("lent")


def take_back(shelf, register):
    with shelf:
        with register:
            print("back")


if __name__ == "__main__":
    shelf, register = Lock(), Lock()
    desks = [Process(target=target, args=(shelf, register)) for target in (lend, take_back)]
    for desk in desks:
        desk.start()
    for desk in desks:
        desk.join()
'''

RULE = Rule(
    code="IPC602",
    name="lock-order",
    summary="Two processes take the same locks in opposite order.",
    why="Each can have its first lock when it asks for the second, and then both wait for good. It may work for years.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=LOCKS | CELLS,
    silent=(
        "One order everywhere; a third lock around both.",
        "An acquire with a timeout or block=False, which gives up.",
        "The two never run at the same time: one is joined, or waited for, before the other.",
    ),
)
