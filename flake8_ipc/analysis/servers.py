"""Managers whose server goes while others use what it serves."""

from __future__ import annotations

from ..model import Event, Role, Shared, Verb
from .graph import by_event, union
from .handings import only_forked
from .study import Study

# What a use of a proxy raises whose server has gone.
_ERRORS = frozenset({"FileNotFoundError", "BrokenPipeError", "ConnectionResetError", "ConnectionRefusedError", "EOFError"})


def gone_in_use(study: Study, role: Role, drop: Event) -> bool:
    """Whether somebody still uses a manager's proxies, or may, when nothing holds it any more."""
    if study.program.observed:
        return _failed(study, role, drop) or _beside(study, role, drop)
    return drop.name == "store" or _in_use(study, role, drop, drop.target)


def foretold(study: Study, role: Role, drop: Event) -> bool:
    """Whether a run, where somebody may still have used them, has not shown that anybody did."""
    return study.program.observed and not _failed(study, role, drop)


def _failed(study: Study, role: Role, drop: Event) -> bool:
    """Whether a run has shown it: somebody found no server any more, at a use or as he was born."""
    manager = drop.target
    mine = list(role.events())
    before = set(mine[: mine.index(drop)])
    uses = (event for _, event in study.program.events() if event.target.manager is manager)
    return any(event.failed in _ERRORS and event not in before for event in uses) or any(
        _died_of_it(child, manager) and any(shared.manager is manager for shared in child.given)
        for child in study.program.roles
    )


def _died_of_it(child: Role, manager: Shared) -> bool:
    """Whether a process found no server, or one that knew nothing of what it was given as it came up."""
    idle = all(event.target.manager is not manager for event in child.events())
    return child.raised in _ERRORS or (child.raised == "RemoteError" and idle)


def _beside(study: Study, role: Role, drop: Event) -> bool:
    """Whether the use that somebody made of a proxy is in no order with the end of its manager."""
    alive, waited = study.smooth.alive(role, drop), _waited_for(study, role, drop)
    return any(
        event.target.manager is drop.target and study.smooth.concurrent(role, drop, child, event)
        for child in study.program.roles
        if child.home is not role.home and child.process in alive - waited and not _done(child, waited)
        for event in child.events()
    )


def _in_use(study: Study, role: Role, drop: Event, manager: Shared) -> bool:
    """Whether a process that was given a proxy may be alive, and at work with it, when the manager goes."""
    alive = study.smooth.alive(role, drop)
    waited = _waited_for(study, role, drop)
    for child in study.program.roles:
        process = child.process
        if process is None or process not in alive or process in waited or child.home is role.home:
            continue
        if _done(child, waited):
            continue
        uses = [event for event in child.events() if event.target.manager is manager]
        given = any(shared.manager is manager for shared in child.given)
        if given and drop.name != "return" and not only_forked(study.program, process):
            # Its very arguments ask the manager when they are unpickled.
            return True
        if given and (not child.known or any(study.smooth.concurrent(role, drop, child, use) for use in uses)):
            return True
    return False


def _done(child: Role, waited: frozenset[Shared]) -> bool:
    """Whether what a process was given to do has been done: the queue that it came from was joined."""
    return any(event.target in waited for event in child.events(Verb.TASK_DONE))


def _waited_for(study: Study, role: Role, drop: Event) -> frozenset[Shared]:
    """The processes and queues that a role may have waited for, however long, or ended before a manager goes."""

    def step(state: frozenset[Shared], event: Event) -> frozenset[Shared]:
        if event.verb is Verb.START:
            return state - {event.target}
        return state | {event.target} if event.verb in (Verb.JOIN, Verb.TERMINATE, Verb.KILL) else state

    before = by_event(study.graph(role).forward(frozenset[Shared](), step, union))
    return frozenset[Shared]().union(*before.get(drop, ()))
