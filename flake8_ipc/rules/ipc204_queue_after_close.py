"""IPC204 queue-after-close.

Judged from: the state of each queue along a role's flow; only what is closed on every path counts.
Reported at: the put or get.
Missed: queues in a collection.
Source: CPython Lib/multiprocessing/queues.py: put and get raise ValueError where ``_closed`` is set.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.lifecycle import MAYBE
from ..analysis.study import Study
from ..analysis.surroundings import in_its_turn
from ..finding import Finding
from ..model import QUEUES, Event, Verb
from .rule import Rule
from .wording import at

_OPEN, _CLOSED = "open", "closed"


def _step(state: str, event: Event) -> str:
    if event.verb is Verb.CREATE:
        return _OPEN
    if event.verb is Verb.CLOSE:
        return _CLOSED if event.exact else MAYBE
    return state


def check(study: Study) -> Iterator[Finding]:
    """Puts and gets on queues that are closed for sure."""
    for role in study.program.roles:
        closes = [event for event in role.events(Verb.CLOSE) if event.target.kind in QUEUES]
        for queue in dict.fromkeys(event.target for event in closes):
            if queue.managed:
                continue
            close = next(event for event in closes if event.target is queue)
            for event, found in study.lifecycle.before(role, queue, _OPEN, _step).items():
                if event.verb in (Verb.PUT, Verb.GET) and event.exact and _CLOSED in found and in_its_turn(role, event):
                    yield Finding(
                        "IPC204",
                        event.place,
                        f"{event.name}() fails: this process closed {queue} at {at(close.place, event.place)}; "
                        f"close it after the last put and get",
                        about=(queue,),
                    )


BAD = '''\
from multiprocessing import Process, Queue


def double(numbers, results):
    for number in iter(numbers.get, None):
        results.put(2 * number)
    results.put("done")


if __name__ == "__main__":
    numbers, results = Queue(), Queue()
    worker = Process(target=double, args=(numbers, results))
    worker.start()
    numbers.put(4)
    numbers.put(None)
    print(results.get())
    results.close()
    print(results.get())  # want: IPC204
    worker.join()
'''

GOOD = '''\
from multiprocessing import Process, Queue


def double(numbers, results):
    for number in iter(numbers.get, None):
        results.put(2 * number)
    results.put("done")


if __name__ == "__main__":
    numbers, results = Queue(), Queue()
    worker = Process(target=double, args=(numbers, results))
    worker.start()
    numbers.put(4)
    numbers.put(None)
    numbers.close()
    print(results.get())
    print(results.get())
    results.close()
    worker.join()
'''

RULE = Rule(
    code="IPC204",
    name="queue-after-close",
    summary="A queue is put to or got from after this process has closed it.",
    why="close() says that this process is done with the queue; put and get raise ValueError (on a SimpleQueue OSError).",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=QUEUES,
    silent=(
        "Another process closed its own handle.",
        "The queue is closed on some paths only.",
        "qsize(), full() and task_done(), which still work.",
    ),
)
