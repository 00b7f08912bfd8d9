"""Waits for a signal that nobody ever gives, told without playing anything out."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Blocking, Event, Kind, Lock, Role, Shared, Verb
from .study import Study

# What gives the signal that a wait on each kind is for.
_GIVES = {
    Kind.EVENT: Verb.SET,
    Kind.CONDITION: Verb.NOTIFY,
    Kind.SEMAPHORE: Verb.RELEASE,
    Kind.BOUNDED_SEMAPHORE: Verb.RELEASE,
}


def never_given(study: Study) -> Iterator[tuple[Role, Event]]:
    """Every wait for what no role of the program ever gives."""
    program = study.program
    if not program.complete:
        return
    ended = {event.target for _, event in program.events(Verb.TERMINATE, Verb.KILL)}
    given = {(event.verb, event.target) for _, event in program.events(*_GIVES.values())}
    for role in program.roles:
        if role.daemon is not False or role.process in ended:
            continue
        for event in role.events(Verb.WAIT, Verb.ACQUIRE):
            if _waits(event) and (_GIVES[event.target.kind], event.target) not in given:
                if event.target.kind is Kind.CONDITION or not study.stuck.explored(event.target):
                    yield role, event


def _waits(event: Event) -> bool:
    shared: Shared = event.target
    if shared.kind not in _GIVES or shared.open or not event.exact or event.blocking is not Blocking.FOREVER:
        return False
    if event.verb is Verb.WAIT:
        return shared.kind in (Kind.EVENT, Kind.CONDITION)
    return shared.kind is not Kind.CONDITION and isinstance(shared, Lock) and shared.count == 0
