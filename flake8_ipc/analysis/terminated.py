"""What the sudden end of a process leaves behind: objects that it may have been in the middle of, and who uses them on."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import CELLS, LOCKS, QUEUES, Blocking, Cell, Ending, Event, Kind, Loop, PipeEnd, Program, Role, Shared, Verb
from .ends import household
from .locks import root
from .observed import held_at_end
from .study import Study
from .surroundings import loops_around, same_turn, waits_for_eof

_ENDS = (Verb.TERMINATE, Verb.KILL)
_SIGNALS = frozenset({Kind.EVENT, Kind.CONDITION})
# What a process may be killed in the middle of, and what that spoils for others.
_SPOILS: dict[Verb, frozenset[Verb]] = {
    Verb.PUT: frozenset({Verb.PUT, Verb.GET}),
    Verb.GET: frozenset({Verb.GET}),
    Verb.SEND: frozenset({Verb.SEND, Verb.RECV}),
    Verb.RECV: frozenset({Verb.SEND, Verb.RECV}),
    Verb.ACQUIRE: frozenset({Verb.ACQUIRE, Verb.READ, Verb.WRITE}),
    Verb.RELEASE: frozenset({Verb.ACQUIRE, Verb.READ, Verb.WRITE}),
    # notify() waits for each sleeper that it wakes (CPython Lib/multiprocessing/synchronize.py, Condition.notify).
    Verb.WAIT: frozenset({Verb.SET, Verb.NOTIFY}),
}


def ended_by(program: Program, event: Event) -> list[Role]:
    """The roles that the end of this process, or pool, ends; those that can be followed."""
    found = [role for role in program.roles if role.process is event.target and role.known and not role.thread]
    # Where a handler decides what SIGTERM does, the process finishes what it is at and lets go of its locks.
    return [role for role in found if event.verb is Verb.KILL or not role.heeds]


def uses_afterwards(study: Study, role: Role, event: Event, victim: Role) -> Iterator[tuple[Event, Event]]:
    """What a process may be in the middle of when ``role`` ends it by ``event``, with a later use that this spoils."""
    if not _alive(study, role, event):
        return
    for use in _interrupted(study, role, event, victim):
        for after in _later_uses(study, role, event, victim, use):
            yield use, after


def _alive(study: Study, role: Role, event: Event) -> bool:
    """Whether the process may be alive; where somebody else started it, it may."""
    if event.target.kind is Kind.POOL:
        return _at_work(study.program, role, event)
    started = any(one.target is event.target for one in role.events(Verb.START, Verb.SUBMIT))
    return not started or event.target in study.order.alive(role, event)


def _at_work(program: Program, role: Role, event: Event) -> bool:
    """Whether a pool may have tasks left: nobody waits for its workers, or for some result of it."""
    ends = [one for one in role.events(Verb.JOIN, Verb.TERMINATE) if one.target is event.target]
    if any(one.verb is Verb.JOIN or (one is not event and event.name.startswith("with ")) for one in ends):
        return False
    asked = {one.target for _, one in program.events(Verb.RESULT, Verb.WAIT)}
    given = (one.result for _, one in program.uses(event.target, Verb.SUBMIT))
    return any(result is not None and not result.open and result not in asked for result in given)


def _interrupted(study: Study, role: Role, event: Event, victim: Role) -> Iterator[Event]:
    acquired = {one.target for one in victim.events(Verb.ACQUIRE)}
    for one in household(study.program, victim):
        for use in one.events(*_SPOILS):
            if not _spoilt(use.target, use.verb) or use.target.open:
                continue
            if use.verb is Verb.RELEASE and use.target not in acquired:
                continue
            if study.order.concurrent(one, use, role, event) or _kept(one, use):
                yield use


def _kept(victim: Role, acquire: Event) -> bool:
    """Whether a run saw a process ended while it held what it took there, or in the loop in which it did this."""
    if victim.ending is not Ending.KILLED:
        return False
    if acquire.verb is Verb.ACQUIRE:
        return root(acquire.target) in held_at_end(victim)
    return acquire.verb in _MESSAGES and any(isinstance(node, Loop) for node in acquire.setting.above)


_MESSAGES = frozenset({Verb.PUT, Verb.GET, Verb.SEND, Verb.RECV})


def _spoilt(shared: Shared, verb: Verb) -> bool:
    if verb is Verb.WAIT:
        return shared.kind in _SIGNALS and not shared.managed
    if shared.kind in LOCKS:
        return True
    return (shared.kind in QUEUES or shared.kind is Kind.PIPE_END) and not shared.managed


def _later_uses(study: Study, role: Role, event: Event, victim: Role, use: Event) -> Iterator[Event]:
    # What the same line of the text makes next takes its place: a helper that hires a new child with a new queue.
    seen, place = study.program.observed, use.target.place.key
    births = study.program.events(Verb.CREATE)
    made = {one for _, one in births if one.target is use.target or (not seen and one.target.place.key == place)}
    if use.target.many and not any(same_turn(role, one, event) for one in made):
        # Several objects: which of them the ended process had is not known.
        return
    later = study.graph(role).later(event, until=lambda one: one in made)
    for one in later:
        if _spoils(use, one, role):
            yield one
    for other in study.program.roles:
        if other is role or other.home is victim.home and not _lives_on(role, event, victim, later):
            continue
        if any(one.verb in _ENDS and one.target is other.home.process for one in role.events()) and other.home is not victim:
            continue
        started = any(one.verb is Verb.START and one.target is other.home.process for one in later)
        for one in other.events():
            if _spoils(use, one, other):
                if started or other.home is victim or study.order.concurrent(other, one, role, event):
                    yield one


def _lives_on(role: Role, event: Event, victim: Role, later: set[Event]) -> bool:
    """Whether other copies of an ended process go on, or new ones are started later."""
    if any(one.verb is Verb.START and one.target is victim.process for one in later):
        return True
    # One of several, which one is not told, and not one after the other.
    return not event.exact and victim.many and not loops_around(role, event)


def _waits_for_the_end(role: Role, receive: Event) -> bool:
    """Whether a receive is there to learn that the other side has gone; who polls wants the messages."""
    polled = any(event.target is receive.target for event in role.events(Verb.POLL))
    return waits_for_eof(role, receive) and not polled


def _spoils(use: Event, one: Event, role: Role) -> bool:
    """Whether an interrupted use spoils another one."""
    if one.verb not in _SPOILS[use.verb]:
        return False
    mine, other = use.target, one.target
    if isinstance(mine, PipeEnd):
        return other in (mine, mine.peer) and not (one.verb is Verb.RECV and _waits_for_the_end(role, one))
    if one.verb in (Verb.READ, Verb.WRITE):
        return other.kind in CELLS and isinstance(other, Cell) and other.lock is not None and root(other.lock) is root(mine)
    if one.verb is Verb.ACQUIRE:
        return one.blocking is Blocking.FOREVER and root(other) is root(mine)
    return other is mine
