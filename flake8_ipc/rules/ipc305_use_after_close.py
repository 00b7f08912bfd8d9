"""IPC305 use-after-close.

Judged from: the state of each pipe end along a role's flow; only what is closed on every path counts.
Reported at: the use, or the start of a process whose end was closed between its making and its start.
Missed: ends in a collection, of which one is closed and another used.
Source: CPython Lib/multiprocessing/connection.py, _check_closed: "handle is closed".
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.ends import USES
from ..analysis.graph import by_event
from ..analysis.lifecycle import MAYBE
from ..analysis.study import Study
from ..analysis.surroundings import in_its_turn
from ..finding import Finding
from ..model import Event, Kind, PipeEnd, Process, Role, Verb
from .rule import Rule
from .wording import at

_OPEN, _CLOSED = "open", "closed"


def _step(state: str, event: Event) -> str:
    if event.verb is Verb.CREATE:
        return _OPEN
    if event.verb is Verb.CLOSE:
        return _CLOSED if event.exact else MAYBE
    return state


def check(study: Study) -> Iterator[Finding]:
    """Ends that are used when they are closed for sure."""
    for role in study.program.roles:
        closes = [event for event in role.events(Verb.CLOSE) if isinstance(event.target, PipeEnd)]
        for end in dict.fromkeys(event.target for event in closes):
            states = study.lifecycle.before(role, end, _OPEN, _step)
            close = next(event for event in closes if event.target is end)
            for event, found in states.items():
                if event.verb in USES and event.exact and _CLOSED in found and in_its_turn(role, event):
                    yield Finding(
                        "IPC305",
                        event.place,
                        f"{event.name}() raises OSError: {end} was closed at {at(close.place, event.place)}; "
                        f"close it after its last use",
                        about=(end,),
                    )
            if isinstance(end, PipeEnd):
                yield from _closed_before_start(study, role, end, close)


def _closed_before_start(study: Study, role: Role, end: PipeEnd, close: Event) -> Iterator[Finding]:
    """Closed between ``Process(...)`` and ``start()``: the child gets a handle that is closed."""
    for child in study.program.roles:
        process = child.process
        if child.parent is not role or not isinstance(process, Process) or end not in child.given:
            continue

        def along(state: str, event: Event, process: Process = process) -> str:
            if event.target is process and event.verb is Verb.CREATE:
                return "made"
            if event.target is end and event.verb is Verb.CREATE:
                return ""
            if event.target is end and event.verb is Verb.CLOSE and state == "made":
                return _CLOSED
            return state

        before = study.graph(role).forward("", along, lambda one, two: one if one == two else MAYBE)
        for event, states in by_event(before).items():
            if event.verb is not Verb.START or event.target is not process or _CLOSED not in states:
                continue
            # Of a collection, a later turn has another end than the one that this turn closes.
            if states == [_CLOSED] * len(states) or not (process.many or end.many):
                yield Finding(
                    "IPC305",
                    event.place,
                    f"{event.name}() hands over {end}, which was closed at {at(close.place, event.place)}; "
                    f"close it after the start",
                    about=(end,),
                )


BAD = '''\
from multiprocessing import Pipe, Process


def add_up(hatch):
    hatch.send(hatch.recv() + hatch.recv())
    hatch.close()


if __name__ == "__main__":
    waiter, hatch = Pipe()
    cook = Process(target=add_up, args=(hatch,))
    cook.start()
    hatch.close()
    waiter.send(6)
    waiter.send(11)
    waiter.close()
    print(waiter.recv())  # want: IPC305
    cook.join()
'''

GOOD = '''\
from multiprocessing import Pipe, Process


def add_up(hatch):
    hatch.send(hatch.recv() + hatch.recv())
    hatch.close()


if __name__ == "__main__":
    waiter, hatch = Pipe()
    cook = Process(target=add_up, args=(hatch,))
    cook.start()
    hatch.close()
    waiter.send(6)
    waiter.send(11)
    print(waiter.recv())
    waiter.close()
    cook.join()
'''

RULE = Rule(
    code="IPC305",
    name="use-after-close",
    summary="An end of a pipe is used after this process has closed it.",
    why="The handle is gone: every send, recv and poll raises OSError. The other process's copy is another matter.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.PIPE_END}),
    silent=(
        "The end is closed on some paths only.",
        "A second close(), or a look at .closed.",
        "The other process closed its own copy.",
    ),
)
