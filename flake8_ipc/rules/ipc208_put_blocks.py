"""IPC208 put-blocks.

Judged from: all interleavings; a put counts where the scheduler can keep it waiting for room for good, whatever the data
do. Loops that put more than the queues hold are played with little room.
Reported at: each put that is stuck.
Missed: queues that leave the file; loops whose number of turns is not known; programs with more states than are explored.
Source: CPython documentation, multiprocessing.Queue.put: "If the optional argument block is True (the default) and
timeout is None (the default), block if necessary until a free slot is available."
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.explore.verdict import blocked, joins_of_unsent, told
from ..analysis.study import Study
from ..finding import Finding
from ..model import QUEUES, Kind, Verb
from .rule import Rule
from .waiting import others_waiting


def check(study: Study) -> Iterator[Finding]:
    """Puts that wait for room for good; those of a process that is joined meanwhile are left to IPC202."""
    found = (*study.stuck.waits, *study.stuck.full)
    joined = {(id(stuck), role) for stuck, _, role, _ in joins_of_unsent(found)}
    for stuck, role, event in blocked(found, Verb.PUT):
        if (id(stuck), role) in joined:
            continue
        queue = event.target
        full = f"{queue}'s pipe is full" if queue.kind is Kind.SIMPLE_QUEUE else f"{queue} is full"
        yield Finding(
            "IPC208",
            event.place,
            f"{event.name}() waits for good once {full}: nobody takes from it before what waits for this put"
            f"{others_waiting(stuck, event)}; start a consumer first, or give the queue more room",
            story=told(stuck, event),
            about=(queue,),
        )


BAD = '''\
from multiprocessing import Process, Queue


def bake(orders):
    for order in iter(orders.get, None):
        print("baking", order)


if __name__ == "__main__":
    orders = Queue(maxsize=10)
    for number in range(100):
        orders.put(number)  # want: IPC208
    orders.put(None)
    baker = Process(target=bake, args=(orders,))
    baker.start()
    baker.join()
'''

GOOD = '''\
from multiprocessing import Process, Queue


def bake(orders):
    for order in iter(orders.get, None):
        print("baking", order)


if __name__ == "__main__":
    orders = Queue(maxsize=10)
    baker = Process(target=bake, args=(orders,))
    baker.start()
    for number in range(100):
        orders.put(number)
    orders.put(None)
    baker.join()
'''

RULE = Rule(
    code="IPC208",
    name="put-blocks",
    summary="A blocking put() on a full queue that nobody drains before something that waits for this put.",
    why="put() waits for room. Where whoever would take something only comes after it, or waits for it, the program hangs.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=QUEUES,
    silent=(
        "A consumer that is alive.",
        "A timeout, block=False or put_nowait().",
        "The queue is given to code that cannot be seen, or nothing is known of how much is put.",
    ),
    yields_to=("IPC204",),
)
