"""IPC210 data-lost-at-exit.

Judged from: what a process has put and its feeder thread may not have sent, where it cancels the wait for that thread
or leaves without any clean-up; and what it puts after it cancelled.
Reported at: the call of ``cancel_join_thread()`` or ``os._exit()``.
Missed: puts in another thread of the process that leaves.
Source: CPython documentation, multiprocessing.Queue.cancel_join_thread: "you should probably only use it if ... you
don't care about lost data"; Lib/multiprocessing/queues.py, _finalize_join.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.ends import household
from ..analysis.study import Study
from ..analysis.unsent import is_fed, puts
from ..finding import Finding
from ..model import QUEUES, Event, Place, Role, Verb
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Feeders that are not waited for."""
    for role in study.program.roles:
        yield from _left_hard(study, role)
        for event in role.events(Verb.CANCEL_JOIN_THREAD):
            put = _lost_by(study, role, event) if is_fed(event.target) else None
            if put is not None:
                yield _finding(event.place, f"{event.name}()", put, "drop the call")


def _left_hard(study: Study, role: Role) -> Iterator[Finding]:
    if role.reentered:
        # Which of its methods run in the process that leaves, only their callers know.
        return
    if not any(node.end is not None and node.end.hard for node in study.graph(role).nodes):
        return
    for node, state in study.unsent.nodes(role).items():
        end = node.end
        lost = puts(state) if end is not None and end.hard else []
        if end is not None and end.place is not None and lost:
            yield _finding(end.place, f"{end.name}()", max(lost, key=_where), "close() the queue and join_thread() first")


def _lost_by(study: Study, role: Role, cancel: Event) -> Event | None:
    """A put of this process that may not be sent when its feeder's join is cancelled, or that comes after that."""
    before = study.unsent.before(role)
    mine = [put for put in puts(before.get(cancel, ())) if put.target is cancel.target]
    mine += [event for event, state in before.items() if event.verb is Verb.PUT and cancel in state]
    for other in household(study.program, role):
        if other is not role:
            mine += list(other.events(Verb.PUT))
    return min((put for put in mine if put.target is cancel.target), key=_where, default=None)


def _where(put: Event) -> tuple[tuple[str, int, int], ...]:
    """Where a put stands, in its own file too: which one is told of must not hang on chance."""
    origin = put.place.origin
    return (put.place.spot, origin.spot) if origin is not None else (put.place.spot,)


def _finding(place: Place, call: str, put: Event, remedy: str) -> Finding:
    return Finding(
        "IPC210",
        place,
        f"{call} loses what the queue's feeder thread has not sent yet, such as the put at {at(put.place, place)}; {remedy}",
        about=(put.target,),
    )


BAD = '''\
import os
from multiprocessing import Process, Queue


def measure(results):
    for number in range(1000):
        results.put(number)
    os._exit(0)  # want: IPC210


if __name__ == "__main__":
    results = Queue()
    worker = Process(target=measure, args=(results,))
    worker.start()
    print(results.get(timeout=5))
    worker.join()
'''

GOOD = '''\
import os
from multiprocessing import Process, Queue


def measure(results):
    for number in range(1000):
        results.put(number)
    results.close()
    results.join_thread()
    os._exit(0)


if __name__ == "__main__":
    results = Queue()
    worker = Process(target=measure, args=(results,))
    worker.start()
    for _ in range(1000):
        print(results.get(timeout=5))
    worker.join()
'''

RULE = Rule(
    code="IPC210",
    name="data-lost-at-exit",
    summary="cancel_join_thread() on a queue that this process puts on, or os._exit() after a put.",
    why="A put only hands its object to a thread that sends it later. A process waits for that thread at its exit, unless "
    "it is told not to, or leaves without any clean-up: what was not sent by then is gone.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=QUEUES,
    silent=(
        "This process puts nothing on the queue.",
        "The feeder was waited for before (close(), then join_thread()), or a process that takes the items has answered.",
        "A SimpleQueue, a pipe or a manager's queue, which send at once.",
    ),
)
