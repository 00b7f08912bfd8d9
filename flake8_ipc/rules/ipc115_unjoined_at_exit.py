"""IPC115 unjoined-at-exit.

Judged from: objects with semaphores that a started process was given, and that its starter lets go of before the process
has come up: at the end of the main program, at the return of a launcher, at the start itself.
Reported at: the start.
Missed: starters that do other work for as long as a process needs to come up are taken to wait where they sleep.
Source: CPython Lib/multiprocessing/synchronize.py, SemLock: a semaphore's name is unlinked with the object of the
process that made it; Lib/multiprocessing/util.py, _exit_function: finalizers run before children are joined.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.handings import FORK, start_methods
from ..analysis.study import Study
from ..finding import Finding, Step
from ..model import CELLS, PROXIES, SEMAPHORE_BACKED, Cell, Event, Kind, Process, Role, RoleKind, Shared, Verb
from .rule import Rule
from .wording import at, under


def check(study: Study) -> Iterator[Finding]:
    """Processes that come up too late for what they were given."""
    for role in study.program.roles:
        parent, process = role.parent, role.process
        if role.kind is not RoleKind.PROCESS or parent is None or not isinstance(process, Process) or process.open:
            continue
        methods = start_methods(study.program, process) - FORK
        given = [shared for shared in role.given if _named(shared)]
        if not methods or not given:
            continue
        for start in parent.events(Verb.START):
            if start.target is process:
                if not role.born and role.raised == "FileNotFoundError":
                    yield _seen(start, role)
                yield from _dropped(study, role, parent, start, given, under(methods))
                yield from _abandoned(study, role, parent, start, given, under(methods))


def _seen(start: Event, role: Role) -> Finding:
    return Finding(
        "IPC115",
        start.place,
        f"{role.process} died with FileNotFoundError: what it was given was gone before it had come up; keep the object, and "
        f"join {role.process}",
        about=(start.target,),
    )


def _named(shared: Shared) -> bool:
    """Whether a child opens it by a name that dies with the parent's own object, or with its manager."""
    if shared.open:
        return False
    if shared.kind in CELLS and isinstance(shared, Cell) and shared.lock is None:
        return shared.managed
    return shared.kind in SEMAPHORE_BACKED | PROXIES


def _dropped(
    study: Study, role: Role, parent: Role, start: Event, given: list[Shared], methods: str
) -> Iterator[Finding]:
    """Objects that nobody keeps while the process comes up."""
    forgotten = {event for event in parent.events(Verb.FORGET) if event.target in given}
    elsewhere = (one for one, event in study.program.uses(start.target, Verb.JOIN) if one is not parent)
    if not forgotten or any(elsewhere):
        return
    graph = study.graph(parent)
    delays = study.awaited.delays(parent)
    at_once = graph.later(start, until=lambda event: event in delays)
    gone = at_once & forgotten
    # Where some way there waits, the process has come up by then, for all that is known.
    waited = [graph.later(event) for event in graph.later(start) & delays] if gone else []
    for event in sorted(gone, key=lambda event: event.place.spot):
        if not any(event in after for after in waited):
            what = event.target if event.target.name != "it" else f"the {event.target.kind.value}"
            yield Finding(
                "IPC115",
                start.place,
                f"nothing here keeps {what} once {role.process} is started ({_why(event, start)}): {methods} it is gone "
                f"before the child opens it, and the child dies with FileNotFoundError; keep it until the child is joined",
                (Step(f"{role.process} starts", start.place), Step(f"{what} is let go", event.place)),
                (start.target,),
            )
            return


def _why(event: Event, start: Event) -> str:
    if event.name == "start":
        return "only its arguments held it"
    return f"its {'function returns' if event.name == 'return' else 'name is bound anew'}, {at(event.place, start.place)}"


def _abandoned(
    study: Study, role: Role, parent: Role, start: Event, given: list[Shared], methods: str
) -> Iterator[Finding]:
    """Processes that the end of the main program overtakes."""
    program, awaited = study.program, study.awaited
    if program.root.kind is not RoleKind.MAIN or not program.whole or parent.home is not program.root:
        return
    if role.daemon is not False or not role.known or role.noticed:
        return
    if awaited.seen_to(role) or awaited.heard(role) or awaited.finished(role):
        return
    if awaited.stays(parent, start) or awaited.pauses(parent, start):
        return
    yield Finding(
        "IPC115",
        start.place,
        f"{role.process} is never joined, and {given[0]} goes with the end of the main program: {methods} the child may "
        f"only come up then, and dies with FileNotFoundError; call {role.process}.join() before the end",
        (Step(f"{role.process} starts", start.place),),
        (start.target, *(shared.manager for shared in given if shared.manager is not None)),
    )


BAD = '''\
from multiprocessing import Lock, Process


def paint(name, brush):
    with brush:
        print("painting the", name, flush=True)


if __name__ == "__main__":
    brush = Lock()
    painter = Process(target=paint, args=("fence", brush))
    painter.start()  # want: IPC115
    helper = Process(target=paint, args=("gate", Lock()))
    helper.start()  # want: IPC115
    helper.join()
'''

GOOD = '''\
from multiprocessing import Lock, Process


def paint(name, brush):
    with brush:
        print("painting the", name, flush=True)


if __name__ == "__main__":
    brush = Lock()
    painter = Process(target=paint, args=("fence", brush))
    painter.start()
    helper = Process(target=paint, args=("gate", brush))
    helper.start()
    painter.join()
    helper.join()
'''

RULE = Rule(
    code="IPC115",
    name="unjoined-at-exit",
    summary="The main program ends, or lets go of an object, before the process that was given the object has come up.",
    why="A spawned process opens its queues, locks and values by name, some time after start() has returned. Their names "
    "are gone as soon as the parent has no more use for the objects, at its end at the latest: the child dies with "
    "FileNotFoundError before it has begun.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.PROCESS}),
    silent=(
        "It is joined: with a timeout too, in a thread, by a callback, at exit or by a handler.",
        "Something that it sends is received, its sentinel is waited for, or it is ended with terminate().",
        "Only fork is supported; a daemon (IPC108); pipe ends and objects without a lock.",
        "The process or the object leaves the file.",
    ),
    yields_to=("IPC108", "IPC503"),
)
