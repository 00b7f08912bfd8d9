"""IPC504 proxy-after-shutdown.

Judged from: the state of each manager along a role's flow, where only what is shut down on every path counts; and the
processes that may still be at work when it is shut down.
Reported at: the first use that fails, or that may; before it, each that only shows the proxy.
Missed: daemons, and processes that are terminated somewhere.
Source: CPython Lib/multiprocessing/managers.py: a proxy connects to the server's socket, which shutdown() takes away;
BaseProxy.__str__ hides the failure.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.graph import by_event
from ..analysis.lifecycle import MAYBE
from ..analysis.order import RECEIVES, SENDS, channel
from ..analysis.study import Study
from ..finding import Finding
from ..model import Event, Kind, Role, Shared, Verb
from .rule import Rule
from .wording import at

_UP, _DOWN, _FAILED = "up", "down", "failed"
_CURES = {Kind.DICT: "copy it out before, as in dict({})", Kind.LIST: "copy it out before, as in list({})"}
_NO_USE = frozenset({Verb.CREATE, Verb.DROP, Verb.CHANGE})


def check(study: Study) -> Iterator[Finding]:
    """Proxies whose server has gone."""
    for role in study.program.roles:
        ends = [event for event in role.events(Verb.SHUTDOWN) if event.target.kind is Kind.MANAGER]
        for manager in dict.fromkeys(event.target for event in ends):
            end = next(event for event in ends if event.target is manager)
            for event in _too_late(study, role, manager):
                effect = "shows that it failed" if event.verb is Verb.SHOW else "fails"
                cure = _CURES.get(event.target.kind, "use it before")
                yield Finding(
                    "IPC504",
                    event.place,
                    f"{event.target} lives in a manager that was shut down at {at(end.place, event.place)}: this use {effect}; "
                    f"{cure.format(event.target)}",
                    about=(event.target,),
                )
        for end in ends:
            for child, event in _outlived(study, role, end):
                yield Finding(
                    "IPC504",
                    event.place,
                    f"{event.target} lives in a manager that is shut down at {at(end.place, event.place)}, while "
                    f"{child.name} may still be at work: this use fails then; join the process before",
                    about=(event.target,),
                )


def _too_late(study: Study, role: Role, manager: Shared) -> Iterator[Event]:
    """The uses of a manager's proxies that come after its end on every path."""

    def step(state: str, event: Event) -> str:
        if event.target is manager:
            if event.verb in (Verb.CREATE, Verb.START):
                return _UP
            if event.verb is Verb.SHUTDOWN:
                return _DOWN if event.exact else MAYBE
        elif event.target.manager is manager and state == _DOWN and event.verb not in _NO_USE:
            # Who was seen to go on after one that failed comes to the next.
            return _DOWN if event.verb is Verb.SHOW or event.failed is not None else _FAILED
        return state

    before = study.graph(role).forward(_UP, step, lambda one, other: one if one == other else MAYBE)
    for event, states in by_event(before).items():
        uses = event.target.manager is manager and event.verb not in _NO_USE and event.exact
        if uses and all(state == _DOWN for state in states):
            yield event


def _outlived(study: Study, role: Role, end: Event) -> Iterator[tuple[Role, Event]]:
    """The first use of a proxy in each process that nobody waited for when its manager is shut down."""
    alive = study.smooth.alive(role, end)
    ended = {event.target for _, event in study.program.events(Verb.TERMINATE, Verb.KILL)}
    for child in study.program.roles:
        if child.process is None or child.process not in alive or child.process in ended:
            continue
        if child.thread or child.daemon is not False or not end.exact or _reports(child, role):
            continue
        for event in child.events():
            uses = event.target.manager is end.target and event.verb not in _NO_USE and event.verb is not Verb.SHOW
            if uses and event.exact and study.smooth.concurrent(role, end, child, event):
                yield child, event
                break


def _reports(child: Role, role: Role) -> bool:
    """Whether a process sends something, a message or a signal, that the other one waits for: it may tell that it is done."""
    heard = {channel(event) for event in role.events(*RECEIVES)}
    return any(channel(event, sending=True) in heard for event in child.events(*SENDS))


BAD = '''\
from multiprocessing import Manager, Process


def weigh(sacks, weights):
    weights.extend(len(sack) for sack in sacks)


if __name__ == "__main__":
    with Manager() as manager:
        weights = manager.list()
        scale = Process(target=weigh, args=(["oats", "barley"], weights))
        scale.start()
        scale.join()
    print(sum(weights))  # want: IPC504
'''

GOOD = '''\
from multiprocessing import Manager, Process


def weigh(sacks, weights):
    weights.extend(len(sack) for sack in sacks)


if __name__ == "__main__":
    with Manager() as manager:
        weights = manager.list()
        scale = Process(target=weigh, args=(["oats", "barley"], weights))
        scale.start()
        scale.join()
        weights = list(weights)
    print(sum(weights))
'''

RULE = Rule(
    code="IPC504",
    name="proxy-after-shutdown",
    summary="A proxy is used after its manager's with block or shutdown().",
    why="The data live in the manager's process, and that is gone: the use raises FileNotFoundError, BrokenPipeError or the "
    "like. Printing the proxy raises nothing and shows that it failed.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.MANAGER}),
    silent=(
        "What is used was copied out before (dict(d), list(l)).",
        "The manager is shut down on some paths only.",
        "A process that outlives the manager is a daemon, is terminated, or has told by a message that it is done.",
    ),
)
