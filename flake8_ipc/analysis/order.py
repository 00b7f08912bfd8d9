"""What happens before what, and what is concurrent.

Starting a process orders its parent's past before it, joining one orders it before its parent's future, a message
orders its sender's past before its receiver's future (Lamport, "Time, Clocks, and the Ordering of Events in a
Distributed System", 1978). What is left unordered is concurrent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ..model import CELLS, Blocking, Constant, Event, Kind, PipeEnd, Program, Result, Role, RoleKind, Shared, Verb
from .graph import Graph, by_event, intersection, union
from .outstanding import Outstanding
from .relays import Relays

SENDS = frozenset({Verb.PUT, Verb.SEND, Verb.SET, Verb.RELEASE, Verb.NOTIFY, Verb.WAIT, Verb.WRITE})
RECEIVES = frozenset({Verb.GET, Verb.RECV, Verb.WAIT, Verb.ACQUIRE, Verb.LEARN})
# What a message goes through, and its content where that tells it from others (a sentinel).
Channel: TypeAlias = tuple[Shared, Constant | None]
_SIGNALS = frozenset({Kind.SEMAPHORE, Kind.BOUNDED_SEMAPHORE})
_MEETINGS = frozenset({Kind.BARRIER, Kind.CONDITION})


class Order:
    """Which roles are alive when, and which events are concurrent.

    Without ``failing`` only on the paths on which no call raises.
    """

    def __init__(self, program: Program, graph: Callable[[Role], Graph], *, failing: bool = True) -> None:
        self.program = program
        self._graph = graph
        # Without it no event raises.
        self._fails: Callable[[Event | None], bool] = lambda event: failing
        self._awaited = frozenset(event.target for _, event in program.events(Verb.LEARN))
        self._initial = {event.target: event.payload for _, event in program.events(Verb.CREATE) if event.target.kind in CELLS}
        self._outstanding = Outstanding(program, graph)
        self._relays = Relays(program, graph)
        self._alive: dict[Role, dict[Event, frozenset[Shared]]] = {}
        self._begun: dict[Role, dict[Event, frozenset[Shared]]] = {}
        self._met: dict[Role, dict[Event, frozenset[Event | None]]] = {}
        self._sent: dict[tuple[Role, frozenset[Channel]], dict[Event, list[frozenset[Channel]]]] = {}
        self._received: dict[tuple[Role, frozenset[Channel]], dict[Event, list[frozenset[Channel]]]] = {}

    # -- who is alive

    def alive(self, role: Role, event: Event) -> frozenset[Shared]:
        """The processes, threads and pools this role started that may still be alive before this event."""
        if role not in self._alive:
            nobody: frozenset[Shared] = frozenset()
            before = by_event(self._graph(role).forward(nobody, _live, union, self._fails))
            self._alive[role] = {one: nobody.union(*states) for one, states in before.items()}
        return self._alive[role].get(event, frozenset())

    def begun(self, role: Role, event: Event) -> frozenset[Shared]:
        """The processes, threads and pools this role may have started before this event, ended ones included."""
        if role not in self._begun:
            nobody: frozenset[Shared] = frozenset()
            before = by_event(self._graph(role).forward(nobody, _start, union))
            self._begun[role] = {one: nobody.union(*states) for one, states in before.items()}
        return self._begun[role].get(event, frozenset())

    def may_follow(self, ancestor: Role, event: Event, role: Role) -> bool:
        """Whether a role may have begun before an event of one of its ancestors."""
        ancestry = _ancestry(role)
        if ancestor is role or ancestor not in ancestry:
            return False
        return _child_towards(ancestor, ancestry).process in self.begun(ancestor, event)

    def overlaps(self, role: Role) -> bool:
        """Whether several copies of a role can be alive at once."""
        parent = role.parent
        if parent is None or role.process is None:
            return False
        if role.kind is RoleKind.TASK or (role.thread and role.process.kind is not Kind.THREAD):
            return role.many
        if self.overlaps(parent):
            return True
        if not role.process.many and role.process.kind is Kind.PROCESS:
            # One process object is started but once, however often its start is come to.
            return False
        starts = [event for event in parent.events(Verb.START) if event.target is role.process]
        return any(role.process in self.alive(parent, event) for event in starts)

    def concurrent(self, one: Role, first: Event, other: Role, second: Event) -> bool:
        """Whether neither event is ordered before the other."""
        if first.clock is not None and second.clock is not None:
            return not (first.clock.before(second.clock) or second.clock.before(first.clock))
        if one is other:
            rank = first.setting.rank
            if rank is not None and rank == second.setting.rank:
                # Both are done by the one copy that has this number.
                return False
            return self.overlaps(one) and not self._in_turns(one, first, second)
        if not self._together(one, first, other, second):
            return False
        if self._in_step(one, first, other, second):
            return False
        if self._outstanding.apart(one, first, other, second) or self._outstanding.apart(other, second, one, first):
            return False
        if self._relays.apart(one, first, other, second):
            return False
        return not (self._handed_over(one, first, other, second) or self._handed_over(other, second, one, first))

    def _in_turns(self, role: Role, first: Event, second: Event) -> bool:
        """Whether copies of one role, which all wait at the same barriers, are never at both events at once."""
        if not any(_is_barrier(event) for event in role.events(Verb.WAIT)):
            return False
        if not first.exact and not second.exact and self._in_step(role, first, role, second):
            # What is swapped in step, as two buffers are, is not the same thing at the same time.
            return True
        mine, yours = self._last_met(role, first), self._last_met(role, second)
        return bool(mine) and bool(yours) and mine.isdisjoint(yours)

    def _last_met(self, role: Role, event: Event) -> frozenset[Event | None]:
        """The waits at a barrier that may be the last before an event (None: there was none)."""
        if role not in self._met:
            start: frozenset[Event | None] = frozenset({None})
            before = by_event(self._graph(role).forward(start, _meet_at, union, self._fails))
            self._met[role] = {one: frozenset[Event | None]().union(*states) for one, states in before.items()}
        return self._met[role].get(event, frozenset())

    def _in_step(self, one: Role, first: Event, other: Role, second: Event) -> bool:
        """Whether a barrier in the loops of both keeps their turns apart."""
        return bool(_barriers_beside(one, first) & _barriers_beside(other, second))

    def alive_together(self, one: Role, first: Event, other: Role, second: Event) -> bool:
        """Whether both roles may be alive when these events happen, whatever messages order them."""
        return one is other or self._together(one, first, other, second)

    def _together(self, one: Role, first: Event, other: Role, second: Event) -> bool:
        mine, yours = _ancestry(one), _ancestry(other)
        if one in yours:
            return _child_towards(one, yours).process in self.alive(one, first)
        if other in mine:
            return _child_towards(other, mine).process in self.alive(other, second)
        common = next(role for role in mine if role in yours)
        left, right = _child_towards(common, mine), _child_towards(common, yours)
        if left is right:
            return self.overlaps(left)
        if left.process is right.process:
            return True
        return self._started_beside(common, left, right) or self._started_beside(common, right, left)

    def _started_beside(self, parent: Role, one: Role, other: Role) -> bool:
        verbs = (Verb.START, Verb.SUBMIT)
        starts = [event for event in parent.events(*verbs) if event.target is one.process]
        return any(other.process in self.alive(parent, event) for event in starts)

    # -- messages

    def _handed_over(self, one: Role, first: Event, other: Role, second: Event) -> bool:
        """Whether a message that is sent only after ``first`` is always received before ``second``."""
        back = self._channels(other, one)
        several = self.overlaps(one)
        for way in self._channels(one, other):
            if several and not _gathers(other, way[0], second):
                continue
            sent = self._may_have_sent(one, back).get(first, [frozenset()])
            received = self._must_have_received(other, back).get(second, [frozenset()])
            if not any(way in state for state in sent) and all(way in state for state in received):
                return True
        return False

    def _channels(self, sender: Role, receiver: Role) -> frozenset[Channel]:
        """What only one role sends on and another receives from."""
        found: set[Channel] = set()
        received = {channel(event) for event in receiver.events(*RECEIVES) if _orders(event)}
        for event in sender.events(*SENDS):
            target = channel(event, sending=True)
            if target in received and not target.open:
                if self._only_from(sender, event, target):
                    found.add((target, None))
                if event.payload is not None and self._only_from(sender, event, target, event.payload):
                    found.add((target, event.payload))
        return frozenset(found)

    def _only_from(self, sender: Role, event: Event, target: Shared, payload: Constant | None = None) -> bool:
        if target.kind is Kind.BARRIER:
            return True
        if target.kind in (Kind.LOCK, Kind.RLOCK) or not self._sends(event):
            return False
        return all(
            role is sender
            for role, other in self.program.events(*SENDS)
            if channel(other, sending=True) is target
            and other.verb is event.verb
            and (payload is None or other.payload == payload or (other.verb is Verb.WRITE and other.payload is None))
        )

    def _sends(self, event: Event) -> bool:
        """Whether an event may let somebody go on: of a condition, who notifies; of a value, who writes what is awaited."""
        if event.verb is Verb.WRITE:
            return event.target in self._awaited
        return event.target.kind is not Kind.CONDITION or event.verb is Verb.NOTIFY

    def _from_the_start(self, event: Event) -> bool:
        """Whether what an event has shown of a value may be what that began with: nobody need have written it."""
        return event.payload is not None and event.payload == self._initial.get(event.target)

    def _may_have_sent(self, role: Role, back: frozenset[Channel]) -> dict[Event, list[frozenset[Channel]]]:
        """The channels this role may have sent on since it last heard from the other side."""

        def step(state: frozenset[Channel], event: Event) -> frozenset[Channel]:
            if event.verb in RECEIVES and _orders(event) and _through(back, channel(event), event):
                state = frozenset()
            if event.verb in SENDS and self._sends(event):
                target = channel(event, sending=True)
                state |= {(target, None), (target, event.payload)}
            return state

        nothing: frozenset[Channel] = frozenset()
        key = (role, back)
        if key not in self._sent:
            self._sent[key] = by_event(self._graph(role).forward(nothing, step, union, self._fails))
        return self._sent[key]

    def _must_have_received(self, role: Role, back: frozenset[Channel]) -> dict[Event, list[frozenset[Channel]]]:
        """The channels this role has surely received from since it last sent to the other side."""

        def step(state: frozenset[Channel], event: Event) -> frozenset[Channel]:
            sends = event.verb in SENDS and event.target.kind is not Kind.BARRIER
            if sends and _through(back, channel(event, sending=True), event):
                state = frozenset()
            if event.verb in RECEIVES and _orders(event) and not self._from_the_start(event):
                state |= {(channel(event), None), (channel(event), event.payload)}
            return state

        nothing: frozenset[Channel] = frozenset()
        key = (role, back)
        if key not in self._received:
            self._received[key] = by_event(self._graph(role).forward(nothing, step, intersection, self._fails))
        return self._received[key]


def channel(event: Event, *, sending: bool = False) -> Shared:
    """What carries a message: the queue or signal itself; of a pipe, the end it is received from."""
    target = event.target
    if sending and isinstance(target, PipeEnd) and target.peer is not None:
        return target.peer
    return target


def _through(channels: frozenset[Channel], target: Shared, event: Event) -> bool:
    """Whether an event's message goes through one of these channels, told from others by its content or not."""
    return (target, None) in channels or (event.payload is not None and (target, event.payload) in channels)


def _barriers_beside(role: Role, event: Event) -> frozenset[Shared]:
    """The barriers that a role waits at in one of the loops around an event."""
    around = list(role.around.values())
    loops = {id(loop) for one in around if one.event is event for loop in one.loops}
    return frozenset(
        one.event.target
        for one in around
        if one.event.verb is Verb.WAIT
        and one.event.target.kind is Kind.BARRIER
        and any(id(loop) in loops for loop in one.loops)
    )


def _gathers(role: Role, target: Shared, event: Event) -> bool:
    """Whether a role has heard of all who send on something before an event: in a loop of its own, or at a meeting."""
    if target.kind in _MEETINGS or target.kind in CELLS:
        return True
    loops = {id(loop) for one in role.around.values() if one.event is event for loop in one.loops}
    return any(
        any(id(loop) not in loops for loop in one.loops)
        for one in role.around.values()
        if one.event.verb in RECEIVES and channel(one.event) is target and _orders(one.event)
    )


def _orders(event: Event) -> bool:
    """Whether getting past an event proves that something was received."""
    if not event.exact:
        return False
    if event.verb is Verb.LEARN:
        return True
    if event.verb is Verb.ACQUIRE:
        return event.target.kind in _SIGNALS and event.blocking is Blocking.FOREVER
    return event.blocking is Blocking.FOREVER or event.raises is not None


def _is_barrier(event: Event) -> bool:
    return event.verb is Verb.WAIT and event.target.kind is Kind.BARRIER and not event.target.many and _orders(event)


def _meet_at(last: frozenset[Event | None], event: Event) -> frozenset[Event | None]:
    return frozenset({event}) if _is_barrier(event) else last


def _start(begun: frozenset[Shared], event: Event) -> frozenset[Shared]:
    return begun | {event.target} if event.verb in (Verb.START, Verb.SUBMIT) else begun


def _live(alive: frozenset[Shared], event: Event) -> frozenset[Shared]:
    verb, target = event.verb, event.target
    if verb in (Verb.START, Verb.SUBMIT):
        return alive | {target}
    if event.exact and (verb is Verb.LEARN or (verb is Verb.JOIN and event.blocking is Blocking.FOREVER)):
        return alive - {target}
    if verb is Verb.RESULT and isinstance(target, Result) and target.pool is not None and event.exact:
        return alive - {target.pool} if event.blocking is not Blocking.NEVER else alive
    if verb is Verb.SHUTDOWN or (verb is Verb.TERMINATE and target.kind is Kind.POOL):
        return alive - {target}
    if verb is Verb.CLOSE and target.kind is Kind.PROCESS and event.exact and event.failed is None:
        # One that is still running cannot be closed (CPython Lib/multiprocessing/process.py, BaseProcess.close).
        return alive - {target}
    return alive


def _ancestry(role: Role) -> list[Role]:
    """A role, its parent, and so on up to the root."""
    found = [role]
    while found[-1].parent is not None:
        found.append(found[-1].parent)
    return found


def _child_towards(ancestor: Role, ancestry: list[Role]) -> Role:
    return ancestry[ancestry.index(ancestor) - 1]
