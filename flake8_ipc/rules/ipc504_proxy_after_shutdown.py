"""IPC504 proxy-after-shutdown.

Judged from: the state of each manager along a role's flow; only what is shut down on every path counts.
Reported at: the first use that fails; before it, each that only shows the proxy.
Missed: processes that outlive the manager.
Source: CPython Lib/multiprocessing/managers.py: a proxy connects to the server's socket, which shutdown() takes away;
BaseProxy.__str__ hides the failure.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.graph import by_event
from ..analysis.lifecycle import MAYBE
from ..analysis.study import Study
from ..finding import Finding
from ..model import Event, Kind, Role, Shared, Verb
from .rule import Rule
from .wording import at

_UP, _DOWN, _FAILED = "up", "down", "failed"
_NO_USE = frozenset({Verb.CREATE, Verb.DROP, Verb.CHANGE})


def check(study: Study) -> Iterator[Finding]:
    """Proxies whose server has gone."""
    for role in study.program.roles:
        ends = [event for event in role.events(Verb.SHUTDOWN) if event.target.kind is Kind.MANAGER]
        for manager in dict.fromkeys(event.target for event in ends):
            end = next(event for event in ends if event.target is manager)
            for event in _too_late(study, role, manager):
                effect = "shows that it failed" if event.verb is Verb.SHOW else "fails"
                yield Finding(
                    "IPC504",
                    event.place,
                    f"{event.target} lives in a manager that was shut down at {at(end.place, event.place)}: this use {effect}; "
                    f"copy it out before, as in dict({event.target})"
                    if event.target.kind is Kind.DICT
                    else f"{event.target} lives in a manager that was shut down at {at(end.place, event.place)}: this use "
                    f"{effect}; use it, or copy it out, before",
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
            return _DOWN if event.verb is Verb.SHOW else _FAILED
        return state

    before = study.graph(role).forward(_UP, step, lambda one, other: one if one == other else MAYBE)
    for event, states in by_event(before).items():
        uses = event.target.manager is manager and event.verb not in _NO_USE and event.exact
        if uses and all(state == _DOWN for state in states):
            yield event


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
    silent=(
        "What is used was copied out before (dict(d), list(l)).",
        "The manager is shut down on some paths only.",
    ),
)
