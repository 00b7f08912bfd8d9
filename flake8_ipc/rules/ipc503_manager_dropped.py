"""IPC503 manager-dropped.

Judged from: what still holds a manager, or a proxy of it, in the process that made it when a process is started, a task
is handed in, a proxy is stored elsewhere or a function returns.
Reported at: the making of the manager.
Missed: names that are bound anew or deleted; managers in code that cannot be seen.
Source: CPython Lib/multiprocessing/managers.py: BaseManager.start registers a Finalize for the manager object; BaseProxy
keeps ``_manager`` only where it was made; Lib/multiprocessing/process.py: start() deletes target and arguments.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.graph import by_event, union
from ..analysis.handings import only_forked
from ..analysis.study import Study
from ..finding import Finding
from ..model import Event, Kind, Role, Shared, Verb
from .rule import Rule
from .wording import at

_TELLS = {
    "start": "start() has let go of the arguments",
    "submit": "the pool has sent the task away",
    "store": "the proxy is stored where it keeps no manager",
    "return": "the function has returned",
}


# What a use of a proxy raises whose server has gone.
_ERRORS = frozenset({"FileNotFoundError", "BrokenPipeError", "ConnectionResetError", "ConnectionRefusedError", "EOFError"})


def check(study: Study) -> Iterator[Finding]:
    """Managers that nobody holds while others use what they serve."""
    for role in study.program.roles:
        for event in role.events(Verb.DROP):
            manager = event.target
            if manager.kind is not Kind.MANAGER or not event.exact:
                continue
            if not (_failed(study, manager) if study.program.observed else _used(study, role, event, manager)):
                continue
            yield Finding(
                "IPC503",
                manager.place,
                f"nothing in this process holds the manager or a proxy of it once {_TELLS[event.name]} "
                f"({at(event.place, manager.place)}), so its server ends while others use it; bind it to a name that lives "
                "as long as they do",
                about=(manager,),
            )


def _failed(study: Study, manager: Shared) -> bool:
    """Whether a run has shown it: somebody found no server any more, at a use or as he was born."""
    return any(
        event.failed in _ERRORS for _, event in study.program.events() if event.target.manager is manager
    ) or any(
        role.raised in _ERRORS and any(shared.manager is manager for shared in role.given) for role in study.program.roles
    )


def _used(study: Study, role: Role, drop: Event, manager: Shared) -> bool:
    return drop.name == "store" or _in_use(study, role, drop, manager)


def _in_use(study: Study, role: Role, drop: Event, manager: Shared) -> bool:
    """Whether a process that was given a proxy may be alive, and at work with it, when the manager goes."""
    alive = study.smooth.alive(role, drop)
    waited = _waited_for(study, role, drop)
    for child in study.program.roles:
        process = child.process
        if process is None or process not in alive or process in waited or child.home is role.home:
            continue
        uses = [event for event in child.events() if event.target.manager is manager]
        given = any(shared.manager is manager for shared in child.given)
        if given and drop.name != "return" and not only_forked(study.program, process):
            # Its very arguments ask the manager when they are unpickled.
            return True
        if given and (not child.known or any(study.smooth.concurrent(role, drop, child, use) for use in uses)):
            return True
    return False


def _waited_for(study: Study, role: Role, drop: Event) -> frozenset[Shared]:
    """The processes that a role may have waited for, however long, or ended before a manager goes."""

    def step(state: frozenset[Shared], event: Event) -> frozenset[Shared]:
        if event.verb is Verb.START:
            return state - {event.target}
        return state | {event.target} if event.verb in (Verb.JOIN, Verb.TERMINATE, Verb.KILL) else state

    before = by_event(study.graph(role).forward(frozenset[Shared](), step, union))
    return frozenset[Shared]().union(*before.get(drop, ()))


BAD = '''\
from multiprocessing import Manager, Process


def note(lines):
    lines.append("begun")
    lines.append("done")


if __name__ == "__main__":
    writer = Process(target=note, args=(Manager().list(),))  # want: IPC503
    writer.start()
    writer.join()
'''

GOOD = '''\
from multiprocessing import Manager, Process


def note(lines):
    lines.append("begun")
    lines.append("done")


if __name__ == "__main__":
    lines = Manager().list()
    writer = Process(target=note, args=(lines,))
    writer.start()
    writer.join()
    print(list(lines))
'''

RULE = Rule(
    code="IPC503",
    name="manager-dropped",
    summary="A manager dies while its proxies are in use, for nothing in the process that made it keeps it.",
    why="A manager's server ends with the manager object. In the process that made it each proxy keeps it alive; a copy in "
    "another process, a queue or another proxy does not, and its next use fails with BrokenPipeError, EOFError or "
    "FileNotFoundError.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "The manager or one of its proxies is bound to a name, an attribute or in a collection that lives on.",
        "A function returns a proxy of its own manager: the proxy keeps it.",
        "Everybody who uses it is joined before it goes.",
    ),
)
