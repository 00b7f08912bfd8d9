"""IPC203 unreliable-size.

Judged from: the sizes of queues that decide a branch or loop; of a manager's queue, only where another process that is
alive puts or gets.
Reported at: the call of ``empty()``, ``full()`` or ``qsize()``.
Missed: a size that is stored somewhere and decides later, in another function.
Source: CPython documentation, multiprocessing.Queue.qsize: "Because of multithreading/multiprocessing semantics, this
number is not reliable"; empty and full say the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import QUEUES, Event, Kind, Role, Verb
from .rule import Rule

_CHANGES = (Verb.PUT, Verb.GET)


def check(study: Study) -> Iterator[Finding]:
    """Decisions by the size of a queue."""
    for role, event in study.program.events(Verb.DECIDE):
        queue = event.target
        if queue.kind not in QUEUES or (queue.managed and not _in_flux(study, role, event)):
            continue
        call = _call(study, event)
        cause = (
            "other processes change it meanwhile"
            if queue.managed or queue.kind is Kind.SIMPLE_QUEUE
            else "what was put may still be on its way through the feeder thread"
        )
        yield Finding(
            "IPC203",
            event.place,
            f"{call}() tells the past and cannot decide: {cause}; get until a sentinel comes, or with a timeout until "
            "queue.Empty",
            about=(queue,),
        )


def _in_flux(study: Study, role: Role, event: Event) -> bool:
    """Whether some other process may put or get while this one decides."""
    return any(
        study.order.concurrent(role, event, other, change)
        for other, change in study.program.uses(event.target, *_CHANGES)
        if other.home is not role.home or other.home.many
    )


def _call(study: Study, event: Event) -> str:
    for _, size in study.program.uses(event.target, Verb.SIZE):
        if size.place.spot == event.place.spot:
            return size.name
    return f"{event.target}.qsize"


BAD = '''\
from multiprocessing import Process, Queue


def add_up(numbers, total):
    result = 0
    while not numbers.empty():  # want: IPC203
        result += numbers.get()
    total.put(result)


if __name__ == "__main__":
    numbers, total = Queue(), Queue()
    adder = Process(target=add_up, args=(numbers, total))
    adder.start()
    for number in range(100):
        numbers.put(number)
    print(total.get())
    adder.join()
'''

GOOD = '''\
from multiprocessing import Process, Queue


def add_up(numbers, total):
    result = 0
    while (number := numbers.get()) is not None:
        result += number
    total.put(result)


if __name__ == "__main__":
    numbers, total = Queue(), Queue()
    adder = Process(target=add_up, args=(numbers, total))
    adder.start()
    for number in range(100):
        numbers.put(number)
    numbers.put(None)
    print("about", numbers.qsize(), "are still waiting")
    print(total.get())
    adder.join()
'''

RULE = Rule(
    code="IPC203",
    name="unreliable-size",
    summary="empty(), full() or qsize() of a queue decides a branch or a loop.",
    why="A put returns before its item is in the pipe, and other processes put and get at the same time. A consumer that "
    "stops at empty() loses items, one that gets after it can hang.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=QUEUES,
    silent=(
        "The size is only printed or logged.",
        "A manager's queue that no other live process uses: it is exact then.",
        "A queue of the module queue.",
    ),
)
