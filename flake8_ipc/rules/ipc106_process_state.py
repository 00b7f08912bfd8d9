"""IPC106 process-state.

Judged from: the state of each process object along a role's flow; only what holds on every path counts.
Reported at: the second start, the early join or terminate, the late change of daemon, the use after close().
Missed: processes in a collection that are started twice.
Source: CPython Lib/multiprocessing/process.py: start, join, terminate and the daemon setter assert their state.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.lifecycle import MAYBE
from ..analysis.study import Study
from ..analysis.surroundings import same_turn
from ..finding import Finding
from ..model import Event, Kind, Shared, Verb
from .rule import Rule

_NEW, _STARTED, _CLOSED = "new", "started", "closed"
_EARLY = frozenset({Verb.JOIN, Verb.TERMINATE, Verb.KILL})


def _step(state: str, event: Event) -> str:
    if event.verb is Verb.CREATE:
        return _NEW
    if event.verb is Verb.START:
        return _STARTED if event.exact else MAYBE
    if event.verb is Verb.CLOSE:
        return _CLOSED if event.exact else MAYBE
    # Who was looked for and found among others cannot have been closed; who asks for the pid may know that there is one.
    told = not event.exact or (state == _NEW and event.name.endswith(("pid", "ident", "is_alive")))
    return MAYBE if event.verb is Verb.QUERY and told else state


def _fault(event: Event, state: str, process: Shared) -> str | None:
    if state == _CLOSED and event.verb not in (Verb.CLOSE, Verb.CREATE):
        return f"{event.name or process.name}() raises ValueError: {process} was closed before; close it last"
    if state == _STARTED and event.verb is Verb.START:
        return f"{event.name}() raises AssertionError: {process} was started before; make a new process for each start"
    if state == _STARTED and event.verb is Verb.SET_DAEMON:
        return f"daemon of {process} is set after its start, which raises AssertionError; set it before"
    if state == _NEW and event.verb in _EARLY:
        return f"{event.name}() comes before {process}.start(), which raises; start it first"
    return None


def check(study: Study) -> Iterator[Finding]:
    """Operations that a process's state forbids."""
    for role in study.program.roles:
        made = {event.target: event for event in role.events(Verb.CREATE) if event.target.kind is Kind.PROCESS}
        for process, create in made.items():
            if process.open or any(other is not role for other, _ in study.program.uses(process, Verb.START, Verb.CLOSE)):
                continue
            for event, states in study.lifecycle.before(role, process, MAYBE, _step).items():
                for state in sorted(states):
                    fault = _fault(event, state, process)
                    # Of a collection's processes, one may be started where another one was.
                    single = not process.many or state == _NEW or same_turn(role, create, event)
                    if fault and event.exact and single:
                        yield Finding("IPC106", event.place, fault, about=(process,))


BAD = '''\
from multiprocessing import Process


def synchronise(folder):
    raise SystemExit(folder != "music")


if __name__ == "__main__":
    worker = Process(target=synchronise, args=("pictures",))
    for attempt in range(3):
        worker.start()  # want: IPC106
        worker.join()
        if worker.exitcode == 0:
            break
'''

GOOD = '''\
from multiprocessing import Process


def synchronise(folder):
    raise SystemExit(folder != "music")


if __name__ == "__main__":
    for attempt in range(3):
        worker = Process(target=synchronise, args=("pictures",))
        worker.start()
        worker.join()
        if worker.exitcode == 0:
            break
'''

RULE = Rule(
    code="IPC106",
    name="process-state",
    summary="A process is started twice, joined before its start, made a daemon after it, or used after close().",
    why="A process object stands for one run. Out of its order every operation raises.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.PROCESS}),
    silent=("A new process bound to the same name in between.", "What happens on some paths only."),
    yields_to=("IPC102", "IPC119"),
)
