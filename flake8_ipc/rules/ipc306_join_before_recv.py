"""IPC306 join-before-recv.

Judged from: all interleavings, with messages that do not fit into the pipe: a send returns only when its message is
taken.
Reported at: the join.
Missed: ends that leave the file; programs with more states than are explored.
Source: pipe(7): "If a process attempts to write to a full pipe, then write(2) blocks until sufficient data has been
read from the pipe".
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.explore.verdict import joins_of_unsent, told
from ..analysis.study import Study
from ..finding import Finding
from ..model import Kind, PipeEnd
from .rule import Rule


def check(study: Study) -> Iterator[Finding]:
    """Joins of processes whose messages nobody receives before."""
    for stuck, join, role, send in joins_of_unsent((*study.stuck.crowded, *study.stuck.tight)):
        if send is None or not isinstance(send.target, PipeEnd):
            continue
        peer = (send.target.peer,) if send.target.peer is not None else ()
        yield Finding(
            "IPC306",
            join.place,
            f"{join.name}() hangs once the messages outgrow the pipe: {role.name} waits in {send.name}() until they are "
            f"received, and nobody receives before this join; recv first, then join",
            story=told(stuck, join),
            about=(send.target, *peer),
        )


BAD = '''\
from multiprocessing import Pipe, Process


def squares(outlet):
    outlet.send([number * number for number in range(300_000)])
    outlet.close()


if __name__ == "__main__":
    inlet, outlet = Pipe(duplex=False)
    worker = Process(target=squares, args=(outlet,))
    worker.start()
    outlet.close()
    worker.join()  # want: IPC306
    print(max(inlet.recv()))
    inlet.close()
'''

GOOD = '''\
from multiprocessing import Pipe, Process


def squares(outlet):
    outlet.send([number * number for number in range(300_000)])
    outlet.close()


if __name__ == "__main__":
    inlet, outlet = Pipe(duplex=False)
    worker = Process(target=squares, args=(outlet,))
    worker.start()
    outlet.close()
    print(max(inlet.recv()))
    inlet.close()
    worker.join()
'''

RULE = Rule(
    code="IPC306",
    name="join-before-recv",
    summary="A process that sends on a pipe is joined before its messages are received.",
    why="send() waits when the pipe is full. The process cannot end until somebody receives, and the join waits for its "
    "end.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.PIPE_END}),
    silent=(
        "The messages are received before, here or by another process or thread that lives.",
        "join(timeout), or a process that terminate() has ended.",
    ),
    yields_to=("IPC303", "IPC305"),
)
