"""IPC113 terminate-while-sharing.

Judged from: what a process may be in the middle of when it is terminated, and what others do with the same object later.
Reported at: the call.
Missed: objects that leave the file; one of several queues of which each process has its own.
Source: CPython documentation, multiprocessing, Process.terminate: "If this method is used when the associated process is
using a pipe or queue then the pipe or queue is liable to become corrupted and may become unusable by other process";
"Programming guidelines: Avoid terminating processes".
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..analysis.terminated import ended_by, uses_afterwards
from ..finding import Finding, Step
from ..model import Event, Kind, Verb
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Terminations of processes whose shared objects live on."""
    for role in study.program.roles:
        for event in role.events(Verb.TERMINATE, Verb.KILL):
            if event.target.kind not in (Kind.PROCESS, Kind.POOL) or event.target.open:
                continue
            for victim in ended_by(study.program, event):
                found = next(uses_afterwards(study, role, event, victim), None)
                if found is not None:
                    yield _finding(event, *found)
                    break


def _finding(event: Event, use: Event, after: Event) -> Finding:
    shared = use.target
    call = event.name if event.name.startswith("with ") else f"{event.name}()"
    return Finding(
        "IPC113",
        event.place,
        f"{call} may end the child in the middle of {use.name} ({at(use.place, event.place)}), which leaves {shared} broken "
        f"or locked for {after.name} at {at(after.place, event.place)}; tell the child to stop and join it instead",
        (
            Step(f"the child is in {use.name}", use.place),
            Step(f"{event.target} is ended", event.place),
            Step(f"{shared} is used on", after.place),
        ),
        (event.target,),
    )


BAD = '''\
from multiprocessing import Process, Queue


def collect(shells):
    while True:
        print("found", shells.get(), flush=True)


if __name__ == "__main__":
    shells = Queue()
    first = Process(target=collect, args=(shells,))
    first.start()
    shells.put("cowrie")
    first.terminate()  # want: IPC113
    first.join()
    shells.put("whelk")
    print(shells.get(), "is left")
'''

GOOD = '''\
from multiprocessing import Process, Queue


def collect(shells):
    while (shell := shells.get()) is not None:
        print("found", shell, flush=True)


if __name__ == "__main__":
    shells = Queue()
    first = Process(target=collect, args=(shells,))
    first.start()
    shells.put("cowrie")
    shells.put(None)
    first.join()
    shells.put("whelk")
    print(shells.get(), "is left")
'''

RULE = Rule(
    code="IPC113",
    name="terminate-while-sharing",
    summary="A process is terminated that uses a queue, pipe or lock which others use on.",
    why="terminate() ends a process wherever it is. A lock that it held is never released, a message that it was writing "
    "is cut in two, and everybody who uses the object afterwards hangs or reads rubbish.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.PROCESS, Kind.POOL}),
    silent=(
        "Nothing shared is used afterwards, or only by processes that are terminated too.",
        "What the child did with the object was surely over: a message, an event or a join tells.",
        "A pool that is ended after all its results were fetched.",
        "A recv that waits for the end of the pipe, its EOFError caught; an acquire with a timeout; a manager's queue.",
    ),
)
