"""IPC606 waits-holding-lock.

Judged from: all interleavings, where a copy waits while it holds the lock that another one wants, which is waited for;
beyond them (tasks of a pool, locks inside a Value, conditions) from the flows: whoever could end the wait always takes
that lock first.
Reported at: the blocking call.
Missed: locks and queues that leave the file.
Source: Coffman, Elphick, Shoshani, "System Deadlocks" (1971): hold and wait.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.explore.verdict import told, waiting_under_locks
from ..analysis.locks import root
from ..analysis.nested import nested_waits
from ..analysis.study import Study
from ..finding import Finding, Step
from ..model import CELLS, LOCKS, Event, PipeEnd, Role, Shared, Verb
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Waits under a lock that the awaited process needs."""
    found = set()
    for stuck, holds, wants in waiting_under_locks((*study.stuck.waits, *study.stuck.own)):
        if holds.event is not None and wants.event is not None and holds.event not in found:
            found.add(holds.event)
            lock = root(wants.event.target)
            yield _finding(holds.event, lock, wants.role, wants.event, told(stuck, holds.event))
    for one in nested_waits(study):
        if one.event not in found:
            found.add(one.event)
            steps = (
                Step(f"{one.role.name} takes {one.lock}", one.since.place, one.role, one.since),
                Step(f"{one.other.name} waits for {one.lock}", one.needs.place, one.other, one.needs),
            )
            yield _finding(one.event, one.lock, one.other, one.needs, steps)


def _finding(event: Event, lock: Shared, other: Role, needs: Event, story: tuple[Step, ...]) -> Finding:
    name = event.name or f"{event.verb.value} {event.target}"
    peer = (event.target.peer,) if isinstance(event.target, PipeEnd) and event.target.peer is not None else ()
    about = () if event.verb in (Verb.JOIN, Verb.SHUTDOWN, Verb.RESULT) else (event.target, *peer)
    return Finding(
        "IPC606",
        event.place,
        f"{name} waits while this process holds {lock}, which {other.name} needs first ({at(needs.place, event.place)}): "
        f"neither can go on; release {lock} before waiting",
        story=story,
        about=about,
    )


BAD = '''\
from multiprocessing import Lock, Process, Queue


def measure(results, lock):
    with lock:
        results.put(21.5)


if __name__ == "__main__":
    results, lock = Queue(), Lock()
    sensor = Process(target=measure, args=(results, lock))
    sensor.start()
    with lock:
        print(results.get())  # want: IPC606
    sensor.join()
'''

GOOD = '''\
from multiprocessing import Lock, Process, Queue


def measure(results, lock):
    with lock:
        results.put(21.5)


if __name__ == "__main__":
    results, lock = Queue(), Lock()
    sensor = Process(target=measure, args=(results, lock))
    sensor.start()
    reading = results.get()
    with lock:
        print(reading)
    sensor.join()
'''

RULE = Rule(
    code="IPC606",
    name="waits-holding-lock",
    summary="A blocking join, get, recv, wait or result fetch while holding a lock that the awaited process needs first.",
    why="The awaited process waits for the lock, and whoever has the lock waits for the process.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=LOCKS | CELLS,
    silent=(
        "The other side never takes that lock, or not before it does what is waited for.",
        "A timeout.",
        "The other side has surely had the lock before this one took it.",
    ),
    yields_to=("IPC603",),
)
