"""IPC901 no-timeout (an opinion, off by default).

Judged from: calls of get, recv, join, acquire, wait and result that may wait for good.
Reported at: the call.
Missed: waits inside the library (``pool.map``, the end of a ``with`` block).
Source: CPython documentation, multiprocessing: the ``timeout`` parameters of Queue.get, Process.join, Lock.acquire,
AsyncResult.get, and Connection.poll; subprocess.Popen.wait.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import LOCKS, QUEUES, Blocking, Event, Kind, Result, Role, Verb
from .rule import Rule

_WAITS = (Verb.GET, Verb.RECV, Verb.JOIN, Verb.ACQUIRE, Verb.WAIT, Verb.RESULT)
_NAMES = frozenset({"get", "recv", "recv_bytes", "recv_bytes_into", "join", "acquire", "wait", "wait_for", "result"})
_KINDS = QUEUES | LOCKS | {
    Kind.PIPE_END,
    Kind.PROCESS,
    Kind.POOL,
    Kind.EVENT,
    Kind.BARRIER,
    Kind.RESULT,
    Kind.SUBPROCESS,
}


def check(study: Study) -> Iterator[Finding]:
    """Waits that nothing ends but the other side."""
    for role, event in study.program.events(*_WAITS):
        if event.blocking is not Blocking.FOREVER or event.target.kind not in _KINDS or _in_threads(event):
            continue
        if event.name.rpartition(".")[2] not in _NAMES or (event.verb is Verb.RECV and _polled(study, role, event)):
            continue
        mend = "poll(timeout) first" if event.verb is Verb.RECV else "give it a timeout and decide what to do when it is over"
        if event.target.kind in (Kind.POOL, Kind.SIMPLE_QUEUE) or (event.verb is Verb.JOIN and event.target.kind in QUEUES):
            mend = "it takes no timeout, so wait for results or processes with one instead"
        yield Finding("IPC901", event.place, f"{event.name}() may wait for good; {mend}", about=(event.target,))


def _in_threads(event: Event) -> bool:
    pool = event.target.pool if isinstance(event.target, Result) else None
    return pool is not None and pool.kind is Kind.THREAD_POOL


def _polled(study: Study, role: Role, event: Event) -> bool:
    """Whether the end was asked for something to receive since the last receive, on every path."""

    def step(state: str, one: Event) -> str:
        return {Verb.POLL: "polled", Verb.RECV: "new"}.get(one.verb, state)

    return study.lifecycle.before(role, event.target, "new", step).get(event) == frozenset({"polled"})


BAD = '''\
from multiprocessing import Process, Queue


def whistle(tunes):
    tunes.put("a tune")


if __name__ == "__main__":
    tunes = Queue()
    whistler = Process(target=whistle, args=(tunes,))
    whistler.start()
    print(tunes.get())  # want: IPC901
    whistler.join()  # want: IPC901
'''

GOOD = '''\
from multiprocessing import Process, Queue
from queue import Empty


def whistle(tunes):
    tunes.put("a tune")


if __name__ == "__main__":
    tunes = Queue()
    whistler = Process(target=whistle, args=(tunes,))
    whistler.start()
    try:
        print(tunes.get(timeout=5))
    except Empty:
        print("silence")
    whistler.join(5)
'''

RULE = Rule(
    code="IPC901",
    name="no-timeout",
    summary="A get, recv, join, acquire, wait or result has no timeout.",
    why="Should the other side have died, such a call waits for good, and with it the whole program. A timeout turns a "
    "hang into an error that can be told and handled.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "A timeout, or block=False.",
        "A recv after a poll of the same end.",
        "Threads and their pools; the with statement of a lock.",
    ),
    default=False,
)
