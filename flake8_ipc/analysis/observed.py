"""What a run tells of who waits for good: not what could be forced, but what was proved.

The wait-for graph is that of ``explore.causes``; only that a run does not show what a waiting process would have done
later: whoever has to do with what is waited for may have been about to give it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..model import (
    QUEUES,
    UNFINISHED,
    Blocking,
    Ending,
    Event,
    Halt,
    Kind,
    Lock,
    Loop,
    PipeEnd,
    Program,
    Result,
    Role,
    Shared,
    Verb,
)
from .explore.game import Stuck, Waiting
from .explore.stuck import Explorer
from .explore.verdict import Verdict
from .locks import Locks, root
from .undrained import undrained

# Exceptions that end nobody who was not waiting in vain already; None: it was none.
_IN_VAIN = frozenset({None, "Empty", "TimeoutError", "BrokenBarrierError"})
_OWNED = frozenset({Kind.LOCK, Kind.RLOCK, Kind.CONDITION})


def observed(program: Program, states: int, locks: Locks) -> Verdict:
    """The verdict on a run: those that were proved to wait for good, and joins of processes whose messages lay untaken."""
    early = tuple(undrained(program))
    if not program.halts:
        own = Explorer(program, states, locks).verdict().own
        return Verdict(own=tuple(stuck for stuck in own if not _as_it_comes(stuck)), crowded=early)
    stuck = _stuck(program)
    if stuck.own:
        return Verdict(own=(stuck,), crowded=(stuck, *early))
    return Verdict(plain=(stuck,), crowded=(stuck, *early))


def _as_it_comes(stuck: Stuck) -> bool:
    """Whether somebody waits in a loop without a number: had others taken more, it would have had to take less."""
    gets = (one.event for one in stuck.waiting if one.event is not None and one.event.verb is Verb.GET)
    return any(isinstance(node, Loop) and node.count is None for event in gets for node in event.setting.above)


def _stuck(program: Program) -> Stuck:
    halts = program.halts
    holders = [_holder(halts, halt) for halt in halts]
    waiting = tuple(
        Waiting(halt.role, halt.event, number, holder, halt.unsent) for number, (halt, holder) in enumerate(zip(halts, holders))
    )
    starved = {halt.event.target for halt in halts if halt.event is not None and halt.event.verb is Verb.GET}
    own = frozenset(
        event for _, event in program.events(Verb.GET) if event.own and event.failed is None and event.target in starved
    )
    steps = tuple(_steps(program, halts))
    return Stuck(waiting, own, None, steps, tuple(_causes(program, halts, holders, waiting)))


def _steps(program: Program, halts: list[Halt]) -> Iterator[tuple[Role, Event]]:
    """What had been put or sent before on what is waited for now."""
    awaited = {halt.event.target for halt in halts if halt.event is not None}
    awaited |= {one.peer for one in awaited if isinstance(one, PipeEnd) and one.peer is not None}
    told: set[tuple[object, ...]] = set()
    for role, event in program.events(Verb.PUT, Verb.SEND):
        if event.target in awaited and event.failed is None and (role, event.place.spot) not in told:
            told.add((role, event.place.spot))
            yield role, event


def _holder(halts: list[Halt], halt: Halt) -> int | None:
    """Which of those that wait holds the lock that this one waits for."""
    if halt.event is None or halt.event.verb is not Verb.ACQUIRE or root(halt.event.target).kind not in _OWNED:
        return None
    lock = root(halt.event.target)
    if lock in held_at_end(halt.role):
        return halts.index(halt)
    return next((number for number, other in enumerate(halts) if other is not halt and lock in held_at_end(other.role)), None)


def held_at_end(role: Role) -> set[Shared]:
    """The locks that a role of a run held when it was seen last."""
    depths: dict[Shared, int] = {}
    for event in role.events(Verb.ACQUIRE, Verb.RELEASE, Verb.WAIT):
        lock = root(event.target)
        if event.verb is Verb.ACQUIRE and event.took:
            depths[lock] = depths.get(lock, 0) + 1
        elif event.verb is Verb.RELEASE:
            depths[lock] = depths.get(lock, 0) - 1
        elif event.verb is Verb.WAIT and lock.kind in _OWNED and event.failed == UNFINISHED:
            # Who waits for a condition has let its lock go.
            depths[lock] = 0
    return {lock for lock, depth in depths.items() if depth > 0 and lock.kind in _OWNED}


def _causes(
    program: Program, halts: list[Halt], holders: list[int | None], waiting: tuple[Waiting, ...]
) -> Iterator[tuple[Waiting, ...]]:
    """Those who wait for one another and for nobody else; daemons that nobody waits for are left out."""
    edges = {number: _awaited(program, halts, number, holders[number]) for number in range(len(halts))}
    reached = {number: _closure(edges, number) for number in edges}
    kept = [number for number in edges if halts[number].role.home.daemon is not True]
    told: set[frozenset[int]] = set()
    for number in edges:
        if not all(number in reached[other] for other in reached[number]):
            continue
        group = frozenset({number, *reached[number]})
        if group in told or any(_crashed(program, halts[one]) for one in group):
            continue
        if any(number == one or number in reached[one] for one in kept):
            told.add(group)
            members = tuple(one for one in waiting if one.copy in group)
            full = any(one.event is not None and one.event.verb is Verb.PUT for one in members)
            # Who waits for a signal of somebody who waits for room is that one's victim.
            yield tuple(one for one in members if not (full and one.event is not None and one.event.verb is Verb.WAIT))


def _crashed(program: Program, halt: Halt) -> bool:
    """Whether somebody who had to do with what is waited for came to a bad end: then this is only its victim."""
    if halt.event is None or halt.awaits is not None:
        return False
    if halt.event.verb in (Verb.GET, Verb.RECV) and halt.event.blocking is not Blocking.FOREVER:
        # It waits past its time limit, in the midst of a message that somebody never sent to its end.
        return True
    carriers = {halt.event.target, getattr(halt.event.target, "peer", None)}
    return any(
        carriers & _near(program, role)
        for role in program.roles
        if role.home is not halt.role.home
        and (role.home.raised not in _IN_VAIN or not role.home.born or role.home.ending is Ending.KILLED)
    )


def _closure(edges: dict[int, set[int]], start: int) -> set[int]:
    found: set[int] = set()
    pending = [start]
    while pending:
        for other in edges[pending.pop()] - found:
            found.add(other)
            pending.append(other)
    return found


def _awaited(program: Program, halts: list[Halt], number: int, holder: int | None) -> set[int]:
    """The others that could let this one go on."""
    halt = halts[number]
    event = halt.event
    others = [(index, other) for index, other in enumerate(halts) if index != number]
    if event is not None and isinstance(event.target, Result):
        return {index for index, other in others if other.role.home.process is event.target.pool}
    if halt.awaits is not None:
        return {index for index, other in others if other.role.home is halt.awaits}
    if holder is not None:
        return {holder}
    if event is None or (halt.unsent and event.verb is Verb.PUT):
        carriers = {one.target for one in halt.role.events(Verb.PUT) if one.target.kind in QUEUES}
        return {index for index, other in others if carriers & _near(program, other.role)}
    if event.target.kind is Kind.BARRIER:
        return {index for index, other in others if _comes_to(other.role, event.target)}
    carriers = {event.target}
    if isinstance(event.target, PipeEnd) and event.target.peer is not None:
        carriers.add(event.target.peer)
    if isinstance(event.target, Lock):
        carriers.add(root(event.target))
        if root(event.target).kind in _OWNED and event.verb is Verb.ACQUIRE:
            # Whoever held it has gone with it.
            return set()
    # The end of a process closes its ends of pipes, and its managers' servers.
    ends = isinstance(event.target, PipeEnd) or event.target.managed
    return {index for index, other in others if carriers & _near(program, other.role) and (ends or not other.spent)}


def _comes_to(role: Role, barrier: Shared) -> bool:
    """Whether a role has to do with a barrier other than by having made it."""
    return barrier in role.home.given or any(event.target is barrier for event in role.events(Verb.WAIT))


def _near(program: Program, role: Role) -> set[Shared]:
    """What a role has to do with: it used it, made it, or was given it."""
    used = {event.target for event in role.events() if event.blocking is not Blocking.NEVER}
    return {root(one) for one in role.home.given} | used
