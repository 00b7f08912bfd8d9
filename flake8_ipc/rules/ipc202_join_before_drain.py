"""IPC202 join-before-drain.

Judged from: all interleavings, with messages that do not fit into the pipe: a process that has put on a queue ends only
when its items are taken.
Reported at: the join.
Missed: queues that leave the file; programs with more states than are explored.
Source: CPython documentation, multiprocessing, "Joining processes that use queues": "a process that has put items in a
queue will wait before terminating until all the buffered items are fed by the 'feeder' thread to the underlying pipe".
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.explore.verdict import joins_of_unsent, told
from ..analysis.study import Study
from ..finding import Finding
from ..model import QUEUES, PipeEnd, Queue, Verb
from .rule import Rule


def check(study: Study) -> Iterator[Finding]:
    """Joins of processes whose items nobody takes before."""
    found = study.stuck
    for stuck, join, role, send in joins_of_unsent((*found.waits, *found.full, *found.crowded, *found.tight)):
        if send is not None and isinstance(send.target, PipeEnd):
            continue
        room = "queue" if send is not None and isinstance(send.target, Queue) and send.target.maxsize else "pipe"
        yield Finding(
            "IPC202",
            join.place,
            f"{join.name}() hangs once the data outgrow the {room}: {role.name} ends only when what it put is taken, and "
            f"nobody takes it before this join; get first, then join",
            story=told(stuck, join),
            about=(join.target, *dict.fromkeys(put.target for put in role.events(Verb.PUT))),
        )


BAD = '''\
from multiprocessing import Process, Queue


def build(report):
    report.put(["row"] * 200_000)


if __name__ == "__main__":
    report = Queue()
    builder = Process(target=build, args=(report,))
    builder.start()
    builder.join()  # want: IPC202
    print(len(report.get()))
'''

GOOD = '''\
from multiprocessing import Process, Queue


def build(report):
    report.put(["row"] * 200_000)


if __name__ == "__main__":
    report = Queue()
    builder = Process(target=build, args=(report,))
    builder.start()
    rows = report.get()
    builder.join()
    print(len(rows))
'''

RULE = Rule(
    code="IPC202",
    name="join-before-drain",
    summary="A process that has put on a queue is joined before its items are taken.",
    why="The items go through a pipe of limited size. The process cannot end until the rest has gone through, and the "
    "join waits for its end: with little data it works, with more it hangs.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=QUEUES,
    yields_to=("IPC204",),
    silent=(
        "The items are taken before, here or by another process or thread that lives.",
        "A loop of gets that ends at Empty, a manager's queue, join(timeout).",
    ),
)
