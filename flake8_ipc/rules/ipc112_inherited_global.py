"""IPC112 inherited-global.

Judged from: uses, in a child, of a shared object that the child reached through a module global which it did not bind.
Reported at: the first use in each function that runs in the child, once an object.
Missed: a global object that the child hands to code that cannot be read.
Source: CPython documentation, multiprocessing, "Programming guidelines: Explicitly pass resources to child processes"
and "The spawn and forkserver start methods: Global variables".
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.handings import FORK, only_forked, start_methods
from ..analysis.study import Study
from ..finding import Finding, Step
from ..model import CELLS, LOCKS, QUEUES, Event, Kind, Role, RoleKind, Shared, Verb
from .rule import Rule
from .wording import at, under

_INHERITED = (
    QUEUES
    | LOCKS
    | CELLS
    | {Kind.PIPE_END, Kind.EVENT, Kind.BARRIER, Kind.DICT, Kind.LIST, Kind.NAMESPACE, Kind.PROXY}
)
_CHILDREN = frozenset({RoleKind.PROCESS, RoleKind.TASK, RoleKind.INITIALIZER})


def check(study: Study) -> Iterator[Finding]:
    """First uses of what a child only inherits."""
    births = {event.target: event for _, event in study.program.events(Verb.CREATE)}
    for role in study.program.roles:
        child = role.home
        if child.kind not in _CHILDREN or child.process is None or only_forked(study.program, child.process):
            continue
        for event in _first_uses(role):
            methods = start_methods(study.program, child.process) - FORK
            birth = births.get(event.target)
            place = birth.place if birth is not None else event.target.place
            yield Finding(
                "IPC112",
                event.place,
                f"{event.target} is a module global made at {at(place, event.place)}, and {under(methods)} "
                f"{_fate(birth)}; pass it to the child as an argument",
                (Step(f"{event.target} is made", place), Step(f"the child uses {event.target}", event.place)),
                (event.target, *study.program.twins(event.target)),
            )


def _first_uses(role: Role) -> Iterator[Event]:
    seen: set[tuple[object, Shared]] = set()
    for event in role.events():
        target = event.target
        if not event.inherited or target.kind not in _INHERITED or target.context == "fork":
            continue
        if (event.setting.calls, target) not in seen:
            seen.add((event.setting.calls, target))
            yield event


def _fate(birth: Event | None) -> str:
    """What the child finds under the name: another object, where importing the module makes one."""
    if birth is not None and birth.setting.imported is not None:
        return "the child imports the module anew and makes another one"
    return "the child has no such object or another one"


BAD = '''\
from multiprocessing import Process, Queue

greetings = Queue()


def greet(name):
    greetings.put(f"hello from {name}")  # want: IPC112


if __name__ == "__main__":
    greeter = Process(target=greet, args=("ann",))
    greeter.start()
    print(greetings.get())
    greeter.join()
'''

GOOD = '''\
from multiprocessing import Pool, Process, Queue, Value

counter = None


def greet(name, greetings):
    greetings.put(f"hello from {name}")


def use_counter(shared):
    global counter
    counter = shared


def count_letters(name):
    with counter.get_lock():
        counter.value += len(name)


if __name__ == "__main__":
    greetings = Queue()
    greeter = Process(target=greet, args=("ann", greetings))
    greeter.start()
    print(greetings.get())
    greeter.join()
    letters = Value("i", 0)
    with Pool(2, initializer=use_counter, initargs=(letters,)) as pool:
        pool.map(count_letters, ["cleo", "dan"])
    print(letters.value)
'''

RULE = Rule(
    code="IPC112",
    name="inherited-global",
    summary="A child reaches a queue, pipe end, lock, shared value or proxy through a module global.",
    why="A forked child has a copy of its parent's globals. A spawned one imports the module again: it makes an object "
    "of its own that nobody else has, or finds no such name, and parent and child wait for each other in vain.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "The object comes in as an argument, or an initializer of the pool binds the global.",
        "The child itself binds the global first.",
        "Only fork is supported, or the process or the object is made from get_context(\"fork\").",
        "Objects of threading and queue; threads, which share their process.",
    ),
)
