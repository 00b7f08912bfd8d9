"""IPC601 acquire-without-release.

Judged from: what a role may still hold at its end, at an exception that nobody catches, and when a loop comes back to
the same acquire.
Reported at: the acquire.
Missed: acquires whose result is used (``if lock.acquire(): ...``); exceptions that no call in the text suggests.
Source: CPython Lib/multiprocessing/synchronize.py: a semaphore of the system outlives the process that holds it, and
nothing releases it when that process ends.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.holdings import OWNED, closed_frame
from ..analysis.locks import root
from ..analysis.study import Study
from ..finding import Finding
from ..model import CELLS, LOCKS, Lock, Verb
from .rule import Rule


def check(study: Study) -> Iterator[Finding]:
    """Acquisitions by hand that some path leaves behind."""
    for role in study.program.roles:
        for event, plainly in study.holdings.unreleased(role).items():
            lock = root(event.target)
            if event.target.open or lock.open or not study.program.whole or not closed_frame(role, event):
                continue
            if study.holdings.handed_over(lock, role) or (isinstance(lock, Lock) and lock.count == 0):
                continue
            released = any(root(one.target) is lock for one in role.events(Verb.RELEASE))
            if not released:
                how = "nothing releases it"
            else:
                how = "some path leaves it held" if plainly else "an exception before the release leaves it held"
            then = "and whoever acquires it next waits for good" if lock.kind in OWNED else "and it has one place less for good"
            yield Finding(
                "IPC601",
                event.place,
                f"{event.name}(): {how}, {then}; use with, or release in a finally",
                about=(event.target,),
            )


BAD = '''\
from multiprocessing import Lock, Process, Value


def draw(tickets, lock):
    lock.acquire()  # want: IPC601
    if tickets.value == 0:
        return
    tickets.value -= 1
    lock.release()


if __name__ == "__main__":
    tickets, lock = Value("i", 2), Lock()
    guests = [Process(target=draw, args=(tickets, lock)) for _ in range(4)]
    for guest in guests:
        guest.start()
    for guest in guests:
        guest.join()
'''

GOOD = '''\
from multiprocessing import Lock, Process, Value


def draw(tickets, lock):
    with lock:
        if tickets.value == 0:
            return
        tickets.value -= 1


if __name__ == "__main__":
    tickets, lock = Value("i", 2), Lock()
    guests = [Process(target=draw, args=(tickets, lock)) for _ in range(4)]
    for guest in guests:
        guest.start()
    for guest in guests:
        guest.join()
'''

RULE = Rule(
    code="IPC601",
    name="acquire-without-release",
    summary="An acquire() that some path, an exception included, leaves unreleased.",
    why="A lock outlives the process that holds it. Once a path ends without release(), everybody else waits for good.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=LOCKS | CELLS,
    silent=(
        "with, try/finally, or ExitStack.callback(lock.release).",
        "A semaphore or Lock that another process releases, as a signal or a hand-over; a semaphore that starts at 0.",
        "The lock is given to code that cannot be seen; a method that only acquires, for its callers.",
    ),
)
