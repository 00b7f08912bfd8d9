"""IPC110 lost-write.

Judged from: changes that a child makes to plain data which was there before it was, and its ancestors' later reads of it.
Reported at: the change.
Missed: data that the parent itself changes between the start and the read; what a library function changes in place;
methods of a class whose caller is in another file.
Source: CPython documentation, multiprocessing, "Sharing state between processes" and "Programming guidelines: Global
variables" ("if code run in a child process tries to access a global variable, then the value it sees (if any) may not be
the same as the value in the parent process").
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding, Step
from ..model import Constant, Event, Key, Kind, Program, Role, RoleKind, Shared, Verb
from .rule import Rule
from .wording import at, short


def check(study: Study) -> Iterator[Finding]:
    """Changes that their reader never sees."""
    reads: dict[Shared, list[tuple[Role, Event]]] = {}
    for role, event in study.program.events(Verb.READ):
        if event.target.kind is Kind.VARIABLE:
            reads.setdefault(event.target, []).append((role, event))
    for role, event in _changes(study.program) if reads else ():
        for reader, read in reads.get(event.target, ()):
            if reader.home is role.home or not study.order.may_follow(reader, read, role):
                continue
            if isinstance(event.key, Constant) and isinstance(read.key, Constant) and event.key != read.key:
                continue
            if event.key is not Key.OWN or not _before_start(reader, read):
                yield _lost(role, event, read)
                break


def _before_start(reader: Role, read: Event) -> bool:
    """Whether a read stands before all starts: what a child is given may well be computed from it."""
    events = list(reader.events())
    starts = [number for number, event in enumerate(events) if event.verb in (Verb.START, Verb.SUBMIT)]
    return bool(starts) and events.index(read) < starts[0]


def _changes(program: Program) -> Iterator[tuple[Role, Event]]:
    """The changes that tell something: not the constant that a child begins with before it counts or collects."""
    for role in program.roles:
        mine = [event for event in role.events(Verb.WRITE) if event.target.kind is Kind.VARIABLE]
        told = {event.target for event in mine if event.payload is None}
        for event in mine:
            if event.exact and (event.payload is None or event.target not in told):
                yield role, event


def _lost(role: Role, event: Event, read: Event) -> Finding:
    who = "the task" if role.home.kind is RoleKind.TASK else "the child"
    name = short(event.name)
    return Finding(
        "IPC110",
        event.place,
        f"{who} changes its own copy of {name}, which the parent reads unchanged at {at(read.place, event.place)}; "
        "send it back (a queue, a pipe, a task's result) or share it (Value, Array, a manager's proxy)",
        (Step(f"{who} changes its copy of {name}", event.place), Step("the parent reads its own", read.place)),
        (event.target,),
    )


BAD = '''\
from multiprocessing import Process

apples = []


def pick(tree):
    apples.append(f"an apple of tree {tree}")  # want: IPC110


if __name__ == "__main__":
    pickers = [Process(target=pick, args=(tree,)) for tree in range(3)]
    for picker in pickers:
        picker.start()
    for picker in pickers:
        picker.join()
    print(len(apples), "apples")
'''

GOOD = '''\
from multiprocessing import Pool

picked = []


def pick(tree):
    picked.append(tree)
    return f"an apple of tree {tree}, number {len(picked)} of this picker"


if __name__ == "__main__":
    with Pool(2) as pool:
        apples = pool.map(pick, range(3))
    print(len(apples), "apples")
'''

RULE = Rule(
    code="IPC110",
    name="lost-write",
    summary="A child changes a plain variable, list, dict or attribute that its parent reads afterwards.",
    why="A process has a memory of its own: what it is given or inherits is a copy, and so is the object whose run() it "
    "executes. The parent goes on with the old value, and no error tells.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "Only the child reads what it changed; the parent reads another key of the same dict.",
        "The child takes elements out of its copy.",
        "Shared memory, managers' proxies, queues and other handles.",
        "Threads, which share their process's memory.",
        "The parent has changed the variable itself since the start.",
        "The code that reads it is the code that changes it: each process keeps its own, as with a cache.",
        "What a pool's initializer sets; what a child sets to what it was given, if the parent only reads it for that.",
    ),
)
