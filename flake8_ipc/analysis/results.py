"""Results of tasks along a flow: still on their way, arrived, or lost with their pool."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Blocking, Event, Key, Kind, Result, Role, Verb
from .graph import by_event, union
from .study import Study

_WAITING, _ARRIVED, _LOST, _UNSURE = "waiting", "arrived", "lost", "unsure"
_States = frozenset[str]


def lost(study: Study) -> Iterator[tuple[Role, Event, Event]]:
    """Each first use of a result that was still on its way when its pool ended: role, use, and the submit."""
    ended = {event.target for _, event in study.program.events(Verb.TERMINATE)}
    for role, submit in study.program.events(Verb.SUBMIT):
        result = submit.result
        if not isinstance(result, Result) or result.pool not in ended or result.pool.kind is not Kind.POOL:
            continue
        if result.open or result.pool.open or result.called_back:
            continue
        for event in _first_uses(study, role, result):
            yield role, event, submit


def end_of(role: Role, event: Event) -> Event | None:
    """The last end of a result's pool before this event, in the order of the text."""
    found = None
    for one in role.events():
        if one is event:
            break
        if one.verb is Verb.TERMINATE and isinstance(event.target, Result) and one.target is event.target.pool:
            found = one
    return found


def _first_uses(study: Study, role: Role, result: Result) -> Iterator[Event]:
    def step(states: _States, event: Event) -> _States:
        if event.target is result.pool:
            return frozenset(_after_pool(state, event, result) for state in states)
        if event.target is result:
            return frozenset(_after_use(state, event) for state in states)
        return states

    nothing: _States = frozenset({_UNSURE})
    before = by_event(study.graph(role).forward(nothing, step, union, failing=False))
    for event, found in before.items():
        if event.target is result and _waits(event) and any(states == {_LOST} for states in found):
            yield event


def _waits(event: Event) -> bool:
    return event.verb in (Verb.RESULT, Verb.WAIT) and event.blocking is not Blocking.NEVER and event.exact


def _after_pool(state: str, event: Event, result: Result) -> str:
    if event.verb is Verb.SUBMIT and event.result is result:
        return _WAITING
    if state != _WAITING:
        return state
    if event.verb is Verb.TERMINATE:
        return _LOST if event.exact else _UNSURE
    return _ARRIVED if event.verb is Verb.JOIN else state


def _after_use(state: str, event: Event) -> str:
    if state == _LOST:
        # Its first use is told; whoever gets past that, or looks whether it is there, knows what he does.
        return _UNSURE
    if state != _WAITING:
        return state
    sure = _waits(event) and event.blocking is Blocking.FOREVER
    if event.verb is Verb.RESULT and event.key is Key.ANY:
        return state
    return _ARRIVED if sure else _UNSURE
