"""IPC108 daemon-abandoned.

Judged from: daemon processes of the main program that nobody waits for, where that program comes to its end.
Reported at: the creation.
Missed: a daemon that goes on working after the last it sends was received; daemons with a target that cannot be read.
Source: CPython documentation, multiprocessing, Process.daemon: "When a process exits, it attempts to terminate all of
its daemonic child processes"; Lib/multiprocessing/util.py, _exit_function.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding, Step
from ..model import Ending, Event, Kind, Role, RoleKind, Verb
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Daemons that the end of the main program kills."""
    program = study.program
    if program.root.kind is not RoleKind.MAIN or not program.whole:
        return
    made = {event.target: event for _, event in program.events(Verb.CREATE) if event.target.kind is Kind.PROCESS}
    for role in program.roles:
        parent, process = role.parent, role.process
        if role.kind is not RoleKind.PROCESS or not role.daemon or parent is None or parent.home is not program.root:
            continue
        if not role.may_be_killed:
            continue
        create = made.get(process) if process is not None and not process.open and role.known else None
        start = next((event for event in parent.events(Verb.START) if event.target is process), None)
        if create is not None and start is not None and not _waited_for(study, role, parent, start):
            yield Finding(
                "IPC108",
                create.place,
                f"{process} is a daemon, started at {at(start.place, create.place)}, that nothing waits for: the end of the "
                f"main program kills it in the middle of its work; call {process}.join() before the end, or make it no daemon",
                (Step(f"{process} is made", create.place), Step(f"{process} starts", start.place)),
                (create.target,),
                role.ending is Ending.ITSELF,
            )


def _waited_for(study: Study, role: Role, parent: Role, start: Event) -> bool:
    awaited = study.awaited
    return awaited.seen_to(role) or awaited.finished(role) or awaited.idles(role) or awaited.stays(parent, start)


BAD = '''\
import time
from multiprocessing import Process


def bake(loaves):
    for loaf in range(loaves):
        time.sleep(0.1)
        print("loaf", loaf, "is done", flush=True)


if __name__ == "__main__":
    oven = Process(target=bake, args=(5,), daemon=True)  # want: IPC108
    oven.start()
    print("closing the bakery")
'''

GOOD = '''\
import time
from multiprocessing import Process


def bake(loaves):
    for loaf in range(loaves):
        time.sleep(0.1)
        print("loaf", loaf, "is done", flush=True)


if __name__ == "__main__":
    oven = Process(target=bake, args=(5,), daemon=True)
    oven.start()
    oven.join()
    print("closing the bakery")
'''

RULE = Rule(
    code="IPC108",
    name="daemon-abandoned",
    summary="Nothing waits for a daemon process, and the main program ends.",
    why="When a program ends it kills its daemon processes at once, wherever they are: files are left half written, and "
    "what was handed in is never done.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.PROCESS}),
    silent=(
        "It is joined, with a timeout too, in another thread, at exit or by a handler; or ended with terminate().",
        "JoinableQueue.join(), connection.wait() on its sentinel, its last result received, a look at it in a loop.",
        "The main program serves for ever, or waits for a user or a signal.",
        "An endless daemon that is given nothing to do: a clock, a monitor.",
        "The process, or a function that starts it, leaves the file.",
    ),
)
