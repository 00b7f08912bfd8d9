"""IPC114 fork-with-threads.

Judged from: starts under fork at a point where a thread that this process started may still run.
Reported at: the start; for a pool and a manager their creation, for an executor the submit that starts its workers.
Missed: threads that code which cannot be read has started, or that another method of a class has that nobody here uses.
Source: CPython documentation, multiprocessing, "Contexts and start methods": "safely forking a multithreaded process is
problematic"; POSIX, fork(): the child has one thread, and the locks as they were held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..analysis.graph import by_event, intersection, union
from ..analysis.study import Study
from ..finding import Finding, Step
from ..model import Event, Kind, Program, Role, RoleKind, Shared, Verb
from .rule import Rule
from .wording import at

_FORKS = {
    Verb.START: frozenset({Kind.PROCESS, Kind.MANAGER}),
    Verb.CREATE: frozenset({Kind.POOL, Kind.MANAGER}),
    Verb.SUBMIT: frozenset({Kind.EXECUTOR}),
}
# A Thread runs from its start on, a pool of threads from its first task on (Lib/concurrent/futures/thread.py).
_RUNS = {Verb.START: Kind.THREAD, Verb.SUBMIT: Kind.THREAD_POOL}
_ENDS = frozenset({Verb.JOIN, Verb.SHUTDOWN, Verb.TERMINATE, Verb.CLOSE})

Running = frozenset[Event]
_NOTHING: Running = frozenset()


def check(study: Study) -> Iterator[Finding]:
    """Forks beside running threads."""
    program = study.program
    for role in program.roles:
        forks = [event for event in role.events(*_FORKS) if _forks(program, event)]
        if not forks:
            continue
        before = by_event(study.graph(role).forward(_NOTHING, _step, _meeting(role)))
        mine = _start_of(program, role) if role.thread else None
        for event in forks:
            running = _NOTHING.union(*before.get(event, []))
            threads = sorted((one for one in running if _is_thread(one)), key=lambda one: one.place.spot)
            started = any(one.target is event.target for one in running)
            beside = mine or (threads[0] if threads else None)
            if beside is not None and not started and not beside.target.open:
                yield _finding(event, beside, itself=beside is mine)


def _meeting(role: Role) -> Callable[[Running, Running], Running]:
    """What runs where paths meet: in which order others call a class's methods is not known, only what each of them does."""
    return intersection if role.kind is RoleKind.ENTRY else union


def _forks(program: Program, event: Event) -> bool:
    """Whether a start forks, as far as the text tells."""
    method = event.target.context or program.default
    return event.target.kind in _FORKS[event.verb] and method == "fork"


def _is_thread(event: Event) -> bool:
    return event.target.kind is _RUNS.get(event.verb)


def _step(running: Running, event: Event) -> Running:
    if _is_thread(event) or (event.verb is Verb.SUBMIT and event.target.kind is Kind.EXECUTOR):
        return running | {event}
    if event.verb in _ENDS or (event.verb is Verb.QUERY and event.name.endswith("is_alive")):
        return _without(running, event.target)
    return running


def _without(running: Running, target: Shared) -> Running:
    return frozenset(one for one in running if one.target is not target)


def _start_of(program: Program, role: Role) -> Event | None:
    """Where the thread that a role is was started."""
    starts = (event for _, event in program.events(*_RUNS) if event.target is role.process)
    return next(starts, None)


def _finding(event: Event, beside: Event, *, itself: bool) -> Finding:
    where = at(beside.place, event.place)
    what = f"in a thread (started at {where})" if itself else f"while {beside.target} runs (started at {where})"
    return Finding(
        "IPC114",
        event.place,
        f"{_call(event)} may fork {what}: a lock that another thread holds at this moment stays locked in the child for "
        "good; start it before the threads, or use get_context('spawn')",
        (Step(f"{beside.target} starts", beside.place), Step("the process is forked", event.place)),
        (event.target,),
    )


def _call(event: Event) -> str:
    return f"making this {event.target.kind.value}" if event.verb is Verb.CREATE else f"{event.name}()"


BAD = '''\
from multiprocessing import Process
from threading import Thread


def toll():
    print("the clock strikes", flush=True)


def show_time(minutes):
    for minute in range(minutes):
        print("minute", minute)


if __name__ == "__main__":
    dial = Thread(target=show_time, args=(60,))
    dial.start()
    bell = Process(target=toll)
    bell.start()  # want: IPC114
    bell.join()
    dial.join()
'''

GOOD = '''\
from multiprocessing import Process
from threading import Thread


def toll():
    print("the clock strikes", flush=True)


def show_time(minutes):
    for minute in range(minutes):
        print("minute", minute)


if __name__ == "__main__":
    dial = Thread(target=show_time, args=(60,))
    bell = Process(target=toll)
    bell.start()
    dial.start()
    bell.join()
    dial.join()
'''

RULE = Rule(
    code="IPC114",
    name="fork-with-threads",
    summary="A process is forked while a thread of the same process is running.",
    why="A fork copies one thread and all memory. A lock that some other thread held at that moment is locked in the "
    "child with nobody left to release it: logging, printing or an import in the child can hang.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset(_RUNS.values()),
    silent=(
        "spawn or forkserver is chosen: by a context, set_start_method or the option ipc-start-methods.",
        "The threads are joined before, with a timeout too, or started later.",
        "The threads that multiprocessing and concurrent.futures start for themselves.",
    ),
    yields_to=("IPC109",),
)
