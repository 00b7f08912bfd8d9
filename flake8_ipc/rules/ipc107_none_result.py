"""IPC107 none-result.

Judged from: calls whose result is used, of methods that return None in every version of CPython.
Reported at: the call.
Missed: methods of objects whose kind is not known.
Source: CPython Lib/multiprocessing: process.py, queues.py, connection.py, synchronize.py, pool.py, shared_memory.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import LOCKS, QUEUES, Event, Kind, Verb
from .rule import Rule

_PROCESS = frozenset({Verb.START, Verb.JOIN, Verb.TERMINATE, Verb.KILL, Verb.CLOSE})
_QUEUE = frozenset({Verb.PUT, Verb.CLOSE, Verb.JOIN, Verb.JOIN_THREAD, Verb.CANCEL_JOIN_THREAD, Verb.TASK_DONE})
# What always returns None, by the kind of its object. Waits, polls and acquires tell how they went.
_NOTHING: dict[Kind, frozenset[Verb]] = {
    Kind.PROCESS: _PROCESS,
    **dict.fromkeys(QUEUES, _QUEUE),
    Kind.PIPE_END: frozenset({Verb.SEND, Verb.CLOSE}),
    **dict.fromkeys(LOCKS, frozenset({Verb.RELEASE, Verb.NOTIFY})),
    Kind.EVENT: frozenset({Verb.SET, Verb.CLEAR}),
    Kind.BARRIER: frozenset({Verb.SET, Verb.CLEAR}),
    Kind.POOL: frozenset({Verb.CLOSE, Verb.TERMINATE, Verb.JOIN}),
    Kind.SHARED_MEMORY: frozenset({Verb.CLOSE, Verb.UNLINK}),
}


def check(study: Study) -> Iterator[Finding]:
    """Results that are None and are used."""
    for role, event in study.program.events():
        if not event.used or event.verb not in _NOTHING.get(event.target.kind, frozenset()):
            continue
        # The target itself is such a method, Timer(5, stop.set): what it returns goes nowhere.
        if event.place.spot == role.place.spot:
            continue
        yield Finding("IPC107", event.place, _message(event), about=(event.target,))


def _message(event: Event) -> str:
    if event.verb is Verb.START:
        return f"{event.name}() returns None, not the process; bind the process to a name, and start it after that"
    return f"{event.name}() returns None, and here its result is used; call it in a statement of its own"


BAD = '''\
from multiprocessing import Process


def print_report(title):
    print("report on", title)


if __name__ == "__main__":
    printer = Process(target=print_report, args=("sales",)).start()  # want: IPC107
    print("started", printer)
'''

GOOD = '''\
from multiprocessing import Process, SimpleQueue


class Printer(Process):
    def __init__(self, done):
        super().__init__()
        self.done = done

    def start(self):
        super().start()
        return self

    def run(self):
        return self.done.put("report")


if __name__ == "__main__":
    done = SimpleQueue()
    printer = Printer(done).start()
    print(done.get())
    printer.join()
'''

RULE = Rule(
    code="IPC107",
    name="none-result",
    summary="The result of a multiprocessing call that returns None is used as a value.",
    why="A name that holds None looks like a process or an answer until it is used: the next call on it raises "
    "AttributeError, far from the mistake.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "The call is a statement of its own, a comprehension that is one included.",
        "The body of a lambda, and return q.put(x).",
        "Calls that tell something: get, recv, poll, acquire, wait, is_alive.",
        "A subclass whose own start or join returns something.",
    ),
    yields_to=("IPC102",),
)
