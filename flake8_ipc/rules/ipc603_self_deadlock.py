"""IPC603 self-deadlock.

Judged from: the locks surely held at each acquire, and at each access to a Value or Array made with a plain Lock.
Reported at: the inner acquire or access.
Missed: locks of a collection; a semaphore taken once too often, which is IPC605.
Source: CPython documentation, multiprocessing.Lock: "Once a process or thread has acquired a lock, subsequent attempts
to acquire it from any process or thread will block until it is released"; Lib/multiprocessing/sharedctypes.py,
make_property: every access takes the object's lock.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.holdings import taken_by_hand
from ..analysis.lock_order import taken
from ..analysis.locks import surely
from ..analysis.study import Study
from ..finding import Finding
from ..model import CELLS, LOCKS, Event, Kind, Role, Shared, Verb
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Plain locks that are taken by who already has them."""
    for role in study.program.roles:
        if not any(role.events(Verb.ACQUIRE)):
            continue
        told: set[int] = set()
        for event in role.events(Verb.ACQUIRE, Verb.READ, Verb.WRITE):
            lock = taken(event)
            if lock is None or lock.kind is not Kind.LOCK or lock.open or lock.many or told & {*map(id, event.reads)}:
                continue
            since = _since(study, role, event, lock)
            if since is None or study.holdings.handed_over(lock, role):
                continue
            told.add(id(event))
            if event.verb is Verb.ACQUIRE:
                what, how = f"waits for {lock}", "use an RLock, or take it once, outside"
            else:
                what, how = f"the access to {event.target} takes its own lock", "make it with an RLock, or use get_obj()"
            yield Finding(
                "IPC603",
                event.place,
                f"{what}, which this process already holds since {at(since.place, event.place)} and which is not recursive: "
                f"it waits for itself for good; {how}",
                about=(event.target,),
            )


def _leaked(event: Event, one: Event) -> bool:
    """Whether an acquire comes back to itself with what it took by hand, and nobody released: the fault lies there."""
    return event is one or (event.again(one) and taken_by_hand(one))


def _since(study: Study, role: Role, event: Event, lock: Shared) -> Event | None:
    """The acquire that surely holds the lock now, if it is another one."""
    for held, _, events in study.locks.held(role, event):
        if held is lock and not any(_leaked(event, one) for one in events) and surely(events):
            return min(events, key=lambda one: one.place.spot)
    return None


BAD = '''\
from multiprocessing import Lock, Process, Value


def log(text, lock):
    with lock:  # want: IPC603
        print(text)


def deposit(balance, lock):
    with lock:
        balance.value += 10
        log("deposited", lock)


if __name__ == "__main__":
    balance, lock = Value("i", 0), Lock()
    clerk = Process(target=deposit, args=(balance, lock))
    clerk.start()
    clerk.join()
'''

GOOD = '''\
from multiprocessing import Process, RLock, Value


def log(text, lock):
    with lock:
        print(text)


def deposit(balance, lock):
    with lock:
        balance.value += 10
        log("deposited", lock)


if __name__ == "__main__":
    balance, lock = Value("i", 0), RLock()
    clerk = Process(target=deposit, args=(balance, lock))
    clerk.start()
    clerk.join()
'''

RULE = Rule(
    code="IPC603",
    name="self-deadlock",
    summary="A process takes a lock that it already holds, and that is not recursive.",
    why="A Lock does not know its owner: whoever has it waits for it like everybody else, and nobody is left to release it.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=LOCKS | CELLS,
    silent=(
        "An RLock; the own lock of a Value or Array, which is one unless it was made with lock=Lock().",
        "Another process releases it, as a signal.",
        "Some path that leads there does not hold it; an acquire with a timeout.",
    ),
)
