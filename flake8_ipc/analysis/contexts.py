"""Contexts: what fixes the start method of the default one, and in which context things are made."""

from __future__ import annotations

from ..model import CELLS, LOCKS, QUEUES, UNTOLD, Cell, Event, Kind, Program, Role, RoleKind, Shared, Verb
from .graph import by_event
from .study import Study

# What asks the default context for a context to be made by (CPython Lib/multiprocessing/context.py, BaseContext;
# concurrent.futures.process.ProcessPoolExecutor). Pipe, RawValue and RawArray do not.
_MADE_BY_CONTEXT = (
    QUEUES | LOCKS | CELLS | {Kind.EVENT, Kind.BARRIER, Kind.POOL, Kind.EXECUTOR, Kind.MANAGER}
)
# What starts a process, when it is made or at this event.
_STARTERS = {
    Verb.CREATE: frozenset({Kind.POOL, Kind.MANAGER}),
    Verb.START: frozenset({Kind.PROCESS}),
    Verb.SUBMIT: frozenset({Kind.EXECUTOR}),
}
# A spawned process is told the default start method, which fixes it (multiprocessing.spawn.get_preparation_data); a
# process that a fork context forks asks for nothing.
_ASKING = frozenset({"spawn", "forkserver"})


def fixes_default(event: Event) -> bool:
    """Whether the start method of the default context surely cannot be chosen any more after this event."""
    if event.verb in (Verb.CHOOSE, Verb.OVERRIDE, Verb.FIX):
        return True
    target = event.target
    if target.managed:
        return False
    if event.verb is Verb.CREATE and target.kind in _MADE_BY_CONTEXT and target.context is None:
        return not (isinstance(target, Cell) and target.raw)
    if target.kind in _STARTERS.get(event.verb, ()):
        return target.context is None or target.context in _ASKING
    return False


def fixed_before(study: Study, role: Role) -> dict[Event, Event | None]:
    """What had surely fixed the default before each event of a role, or before its later turns in a loop (None: perhaps
    nothing)."""

    def step(state: tuple[Event, ...], event: Event) -> tuple[Event, ...]:
        return (event,) if not state and fixes_default(event) else state

    before = by_event(study.graph(role).forward(_birth(study.program, role), step, _surely))
    return {event: next((state[0] for state in states if state), None) for event, states in before.items()}


def _surely(one: tuple[Event, ...], other: tuple[Event, ...]) -> tuple[Event, ...]:
    return one if one and other else ()


def _birth(program: Program, role: Role) -> tuple[Event, ...]:
    """What fixed it before the role began: its own process, if its start did."""
    if role.parent is None or role.process is None or role.kind is RoleKind.THREAD:
        return ()
    starts = (event for event in role.parent.events(Verb.START, Verb.CREATE, Verb.SUBMIT) if event.target is role.process)
    return tuple(event for event in starts if fixes_default(event))[:1]


def context_of(program: Program, shared: Shared) -> str | None:
    """The start method of the context that something was made from; None where it is not known."""
    if shared.context == UNTOLD:
        return None
    return shared.context if shared.context is not None else program.default
