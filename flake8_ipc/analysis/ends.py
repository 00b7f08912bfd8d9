"""Pipe ends: which process uses, closes or merely holds which."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Event, PipeEnd, Program, Role, Shared, Verb
from .graph import by_event, union
from .study import Study

USES = (Verb.SEND, Verb.RECV, Verb.POLL)
CLOSES = (Verb.CLOSE, Verb.DROP)


def household(program: Program, role: Role) -> list[Role]:
    """The roles that run in one process: it and its threads."""
    return [other for other in program.roles if other.home is role.home]


def events_of(program: Program, role: Role, shared: Shared, *verbs: Verb) -> list[Event]:
    """What one process does with an object, in any of its threads."""
    return [event for one in household(program, role) for event in one.events(*verbs) if event.target is shared]


def given_away(program: Program) -> Iterator[tuple[Role, Role, PipeEnd]]:
    """Every end that a process is given: the role, its giver, the end; those of which not all users are known left out."""
    for role in program.roles:
        if role.parent is None or role.thread or role.process is None or not role.known:
            continue
        for end in role.given:
            if end in role.within:
                continue
            if isinstance(end, PipeEnd) and end.peer is not None and not end.open and not end.peer.open:
                yield role, role.parent, end


def descendants(program: Program, role: Role) -> list[Role]:
    """The processes that a role starts, and theirs."""
    found = [role]
    for other in program.roles:
        if other.parent in found and other not in found:
            found.append(other)
    return found


def closed_before(study: Study, role: Role) -> dict[Event, frozenset[Shared]]:
    """The ends that may have been closed in a role before each of its events."""

    def step(state: frozenset[Shared], event: Event) -> frozenset[Shared]:
        if event.verb in CLOSES and isinstance(event.target, PipeEnd):
            return state | {event.target}
        if event.verb is Verb.CREATE:
            return state - {event.target}
        return state

    nothing: frozenset[Shared] = frozenset()
    before = by_event(study.graph(role).forward(nothing, step, union))
    return {event: nothing.union(*states) for event, states in before.items()}
