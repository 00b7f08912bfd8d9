"""IPC116 thread-only-object.

Judged from: queues of the module queue and locks, events, conditions, semaphores and barriers of threading among what
a process, task or initializer is given.
Reported at: the argument.
Missed: such objects that only an attribute of an unknown object holds.
Source: CPython documentation, queue ("useful in threaded programming when information must be exchanged safely between
multiple threads"); multiprocessing, "Exchanging objects between processes" and "Synchronization between processes".
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.handings import Way
from ..analysis.study import Study
from ..finding import Finding
from ..model import Kind, Shared
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Objects of one process that are handed to another."""
    for handing in study.handings:
        # What a method's own object holds a forked child may well have, as long as only its parent uses it.
        for argument in handing.luggage if handing.way is Way.TASK else handing.arguments:
            for shared in argument.shared:
                if shared.kind is Kind.THREAD_ONLY:
                    task = handing.way is Way.TASK
                    effect = "it cannot be pickled" if task else "a forked child gets a copy, a spawned one an error"
                    yield Finding(
                        "IPC116",
                        argument.place,
                        f"{_name(shared)} (made at {at(shared.place, argument.place)}) works between threads of one "
                        f"process only: {effect}; use {_instead(task=task)}",
                        about=(shared,),
                    )


def _name(shared: Shared) -> str:
    return shared.name if "." not in shared.name else f"a {shared.name}"


def _instead(*, task: bool) -> str:
    return "a manager's, or one that the pool's initializer is given" if task else "its namesake in multiprocessing"


BAD = '''\
import queue
from multiprocessing import Process


def prepare(orders):
    print("preparing", orders.get(timeout=1))


if __name__ == "__main__":
    orders = queue.Queue()
    kitchen = Process(target=prepare, args=(orders,))  # want: IPC116
    kitchen.start()
    orders.put("soup")
    kitchen.join()
'''

GOOD = '''\
import queue
import threading
from multiprocessing import Process, Queue


def prepare(orders):
    print("preparing", orders.get())


def bill(prices):
    print("billing", prices.get())


if __name__ == "__main__":
    orders, prices = Queue(), queue.Queue()
    kitchen = Process(target=prepare, args=(orders,))
    office = threading.Thread(target=bill, args=(prices,))
    kitchen.start()
    office.start()
    orders.put("soup")
    prices.put(4)
    kitchen.join()
    office.join()
'''

RULE = Rule(
    code="IPC116",
    name="thread-only-object",
    summary="A queue.Queue or an object of threading is handed to another process.",
    why="These live in the memory of one process. A forked child gets a copy that nobody else sees, a spawned child and "
    "a pool task get TypeError, for a thread's lock cannot be pickled.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "It is given to a thread or a thread pool.",
        "The object comes from multiprocessing or from a manager.",
    ),
)
