"""What the rules ask of the interleavings: who is stuck, and why."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...model import QUEUES, Barrier, Blocking, Event, Kind, Lock, Loop, PipeEnd, Program, Queue, Role, RoleKind, Shared, Verb
from ...finding import Step
from ..graph import Graph
from ..locks import Locks, root
from .causes import waits_in
from .game import Space, Stuck, Waiting, explore, search, stands_still
from .lasting import long_held
from .machine import Machine
from .rooms import rooms
from .numbers import Numbers, exactly, picked
from .state import FLUSHING, State
from .table import Table
from ..barriers import countable

_MESSAGES = (Verb.PUT, Verb.GET, Verb.SEND, Verb.RECV)
_SIGNALS = (Verb.ACQUIRE, Verb.RELEASE, Verb.WAIT, Verb.NOTIFY, Verb.SET, Verb.CLEAR)
_ENDS = (Verb.CLOSE, Verb.DROP)
_EXPLORED = frozenset({*_MESSAGES, *_SIGNALS, *_ENDS})
_CONTROL = (Verb.START, Verb.JOIN, Verb.TERMINATE, Verb.KILL)
_TAKES = frozenset({Verb.GET, Verb.RECV, Verb.JOIN, Verb.ACQUIRE, Verb.WAIT})
_PROCESSES = frozenset({Kind.PROCESS, Kind.THREAD})
# With more queues and pipes that may be too full, not each is tried by itself.
_CARRIERS = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the exploring of one program tells.

    ``plain``: stuck though messages never wait for room; ``own``: stuck because somebody took a message of its own;
    ``crowded``: stuck because messages do not fit and their sender waits; ``full``: stuck because a loop puts more on
    queues than they may hold. ``parts`` are stuck in one of the branches that the root chooses between before it does
    anything, ``tight`` because messages do not fit: in such a branch, where a filter lets something through, or where
    only those of one queue or pipe are large. ``space`` are the states explored, messages never waiting for room; None
    where it was not explored, or not to its end.
    """

    plain: tuple[Stuck, ...] = ()
    own: tuple[Stuck, ...] = ()
    crowded: tuple[Stuck, ...] = ()
    full: tuple[Stuck, ...] = ()
    parts: tuple[Stuck, ...] = ()
    tight: tuple[Stuck, ...] = ()
    space: Space | None = field(default=None, compare=False, repr=False)

    @property
    def waits(self) -> tuple[Stuck, ...]:
        """Stuck though messages never wait for room, in the whole program or one of its branches."""
        return (*self.plain, *self.parts)

    def explored(self, *shared: Shared) -> bool:
        """Whether all interleavings are known, and what they do to these objects."""
        return self.space is not None and all(one in self.space.table.number for one in shared)

    def meet(self, one: Event, other: Event) -> bool:
        """Whether two copies may stand at these two events at once; True too where it cannot be told."""
        if not self.explored(root(one.target), root(other.target)):
            return True
        assert self.space is not None
        table = self.space.table
        for state in self.space.states:
            at = [waits_in(table, state, index) for index in range(len(state.threads))]
            if one in at and other in at and (one is not other or at.count(one) > 1):
                return True
        return False

    def refused(self) -> set[Event]:
        """The acknowledgements that come when nothing is left to acknowledge, in every interleaving that comes to them."""
        if self.space is None:
            return set()
        table = self.space.table
        left: dict[Event, int] = {}
        for state in self.space.states if table.tasks else ():
            for index in range(len(state.threads)):
                event = waits_in(table, state, index)
                if event is not None and event.verb is Verb.TASK_DONE:
                    left[event] = max(left.get(event, 0), table.unfinished(state, event.target))
        return {event for event, most in left.items() if most == 0 and event.exact}


class Explorer:
    """Explores one program, once."""

    def __init__(self, program: Program, limit: int, locks: Locks | None = None) -> None:
        self.program = program
        self.limit = limit
        self._graph = functools.cache(lambda role: Graph(role.flow))
        self._locks = locks or Locks(self._graph)

    @functools.cached_property
    def objects(self) -> list[Shared]:
        """The objects that are explored."""
        return _objects(self.program, self._locks, set(self._emptied_by_looking()))

    @functools.cached_property
    def _machines(self) -> list[tuple[Role, Machine]]:
        roles = [role for role in self.program.roles if not _pooled(role)]
        return [(role, Machine(role.flow, self._matters, _takes)) for role in roles]

    def verdict(self) -> Verdict:
        """The verdict; empty where nothing can get stuck, or where it cannot be told."""
        known = self.program.whole and not self.program.interleaved and all(role.known for role in self.program.roles)
        if not self.objects or not known:
            return Verdict()
        waits = any(_waits(event) and event.target in self.objects for _, event in self.program.events())
        if not waits and not self._crowds():
            return Verdict()
        exact = exactly(self.program)
        space = explore(self._table(exact, patient=True), self.limit) if exact is not None else None
        numbers = exact if exact is not None and space is not None else picked(self.program)
        if space is None:
            space = explore(self._table(numbers, patient=True), self.limit)
        plain = search(space, lambda state: not state.own) if space is not None else ()
        full = self._full(numbers) if not plain else ()
        if space is None:
            return Verdict(full=full)
        own = search(space, lambda state: bool(state.own), every=True) if not plain else ()
        parts = search(space, lambda state: not state.own, partly=True) if not plain and not own else ()
        if plain or own or not self._crowds():
            return Verdict(plain, own, full=full, parts=parts, space=space)
        crowded, tight = self._crowded(numbers)
        return Verdict(crowded=crowded, full=full, parts=parts, tight=tight, space=space)

    def _crowded(self, numbers: Numbers) -> tuple[tuple[Stuck, ...], tuple[Stuck, ...]]:
        """Who joins a process whose messages do not fit, whatever the data do; and who does so only in some way."""
        table = self._table(numbers, patient=False)
        crowded = explore(table, self.limit)
        found = _joins(crowded) if crowded is not None else ()
        if found or crowded is None:
            return found, ()
        found = _joins(crowded, partly=True)
        late = frozenset(self._late())
        if not found and late:
            table = self._table(numbers, patient=False)
            pushed = explore(table, self.limit) if table.push(late) else None
            found = _joins(pushed, partly=True) if pushed is not None else ()
        if found or not stands_still(crowded):
            return (), found
        carriers = {event.target.outlet for _, event in self._unsent()}
        everything = {event.target.outlet for _, event in self.program.events(Verb.PUT, Verb.SEND)}
        for one in carriers if len(everything) > 1 and len(carriers) <= _CARRIERS else ():
            table = self._table(numbers, patient=False)
            table.hasty |= everything - {one}
            single = explore(table, self.limit)
            found += _joins(single, partly=True) if single is not None else ()
        return (), found

    def _late(self) -> Iterator[Shared]:
        """Queues emptied only after who fills them has been joined: what a filter in a loop lets through is too much."""
        for carrier in {event.target.outlet for _, event in self._unsent()}:
            if isinstance(carrier, PipeEnd):
                continue
            takes = [pair for pair in self.program.events(Verb.GET) if pair[1].target is carrier]
            if takes and all(self._too_late(role, event) for role, event in takes):
                yield carrier

    def _full(self, numbers: Numbers) -> tuple[Stuck, ...]:
        """Who waits for room for good, where a loop puts more than fits."""
        played = rooms(self.program, self.objects, numbers)
        if played is None:
            return ()
        table = self._table(numbers, patient=True)
        table.room, table.lots, table.turns = played.room, played.lots, played.turns
        table.alone |= frozenset(_only_putters(table.roles))
        space = explore(table, self.limit)
        return search(space, lambda state: _waits_for_room(table, state), partly=True) if space is not None else ()

    def _crowds(self) -> bool:
        """Whether a process is joined that puts or sends what somebody has to take first."""
        return any(True for _ in self._unsent())

    def _unsent(self) -> Iterator[tuple[Role, Event]]:
        """What processes that are joined put or send, and somebody has to take first."""
        looked = set(self._emptied_by_looking())
        joined = {
            event.target for _, event in self.program.events(Verb.JOIN) if event.blocking is Blocking.FOREVER
        }
        return (
            (role, event)
            for role, event in self.program.events(Verb.PUT, Verb.SEND)
            if event.target.outlet not in looked
            if role.process in joined and event.target in self.objects and not event.target.managed
        )

    def _table(self, numbers: Numbers, *, patient: bool) -> Table:
        roles = [role for role, _ in self._machines]
        table = Table(roles, self.objects, [machine for _, machine in self._machines], patient=patient)
        table.numbers = numbers
        table.fork_only = self.program.fork_only
        table.hasty = frozenset(self._emptied_by_looking())
        table.alone = frozenset(_alone(roles))
        table.single = frozenset(_single_counts(self.program))
        return table

    @functools.cached_property
    def _joined(self) -> set[Shared]:
        """The queues all of whose items somebody waits for to be acknowledged."""
        joined = {event.target for _, event in self.program.events(Verb.JOIN)}
        return {shared for shared in self.objects if isinstance(shared, Queue) and shared in joined}

    def _matters(self, event: Event) -> bool:
        if event.verb in _CONTROL and event.target.kind in _PROCESSES:
            # Whoever else has the process may join it; that it is started here remains true.
            return event.verb is Verb.START or not event.target.open
        if event.verb is Verb.QUERY:
            return event.used and event.target.kind is Kind.EVENT and event.target in self.objects
        if event.verb in (Verb.TASK_DONE, Verb.JOIN):
            return event.target in self._joined
        # A condition made over a lock is that lock, whoever waits for it.
        shared = root(event.target) if event.verb in (Verb.ACQUIRE, Verb.RELEASE) else event.target
        return event.verb in _EXPLORED and shared in self.objects

    def _emptied_by_looking(self) -> Iterator[Shared]:
        """Queues and ends that somebody empties with timeouts or polls: they count as drained."""
        return (event.target for role, event in _looks(self.program) if not self._too_late(role, event))

    def _too_late(self, role: Role, look: Event) -> bool:
        """Whether somebody looks only after all who put there have been joined, which takes for good if it does not fit."""
        carrier = {look.target, look.target.peer} if isinstance(look.target, PipeEnd) else {look.target}
        senders = {one.process for one, put in self.program.events(Verb.PUT, Verb.SEND) if put.target in carrier}
        joins = [
            (joiner, join)
            for joiner, join in self.program.events(Verb.JOIN)
            if join.target in senders and join.blocking is Blocking.FOREVER
        ]
        return bool(joins) and all(self._comes_after(role, look, joiner, join) for joiner, join in joins)

    def _comes_after(self, role: Role, event: Event, joiner: Role, join: Event) -> bool:
        """Whether an event comes after a join only: in the same role, or in one that its joiner starts after it."""
        if role is joiner:
            return join not in self._graph(role).later(event)
        starts = [(one, start) for one, start in self.program.events(Verb.START) if start.target is role.process]
        return bool(starts) and all(one is joiner and join not in self._graph(one).later(start) for one, start in starts)


def _looks(program: Program) -> Iterator[tuple[Role, Event]]:
    """What is received with timeouts or after polls, and who does it."""
    for role, event in program.events(Verb.GET, Verb.RECV, Verb.POLL, Verb.SIZE):
        if event.verb in (Verb.POLL, Verb.SIZE) or event.blocking is not Blocking.FOREVER or not event.exact:
            yield role, event


def _pooled(role: Role) -> bool:
    if role.kind in (RoleKind.TASK, RoleKind.INITIALIZER):
        return True
    return role.thread and role.process is not None and role.process.kind is not Kind.THREAD


def _objects(program: Program, locks: Locks, looked: set[Shared]) -> list[Shared]:
    """The objects that can be explored: all their users are known, and none of them is a pool's task."""
    pooled = {event.target for role in program.roles if _pooled(role) for event in role.events()}
    lasting, glanced = long_held(program, locks), _only_looked_at(program, looked)
    found: list[Shared] = []
    for shared in program.objects:
        if shared.open or shared in pooled or shared in glanced:
            continue
        if isinstance(shared, PipeEnd):
            if shared.peer is not None and not shared.peer.open and shared.peer not in pooled:
                found.append(shared)
        elif shared.kind in QUEUES or shared.kind is Kind.EVENT:
            found.append(shared)
        elif isinstance(shared, Lock):
            # A lock that is held but for a while only keeps others waiting for a while.
            if root(shared) in lasting:
                found.append(shared)
        elif isinstance(shared, Barrier) and countable(program, shared):
            found.append(shared)
    return [shared for shared in found if root(shared) in found]


def _only_looked_at(program: Program, looked: set[Shared]) -> set[Shared]:
    """Queues and pipes that are emptied by looking alone: whatever is in them, nobody ever waits for it, or for room."""
    found = {event.target for _, event in _looks(program) if event.target in looked}
    for _, event in program.events(Verb.GET, Verb.RECV, Verb.PUT):
        waits = event.verb is not Verb.PUT or (isinstance(event.target, Queue) and event.target.maxsize != 0)
        if waits and event.exact and event.blocking is Blocking.FOREVER:
            found.discard(event.target)
    idle = {one for one in found if not isinstance(one, PipeEnd) or one.outlet not in _received(program) - found}
    return idle | {one.outlet for one in idle}


def _received(program: Program) -> set[Shared]:
    """The ends of pipes that somebody receives from."""
    return {event.target for _, event in program.events(Verb.RECV)}


def _takes(event: Event) -> bool:
    """Whether an event uses something up."""
    return event.verb in _TAKES and not (event.verb is Verb.JOIN and isinstance(event.target, Queue))


def _waits(event: Event) -> bool:
    return event.blocking is Blocking.FOREVER and event.verb in (*_TAKES, Verb.PUT)


def _alone(roles: list[Role]) -> Iterator[Event]:
    """Events that no other copy competes with: they can only let others go on, or take what nobody else takes."""
    users: dict[tuple[Shared, Verb], set[Role]] = {}
    for role in roles:
        for event in role.events(*_MESSAGES, Verb.CLEAR, Verb.JOIN, Verb.QUERY):
            users.setdefault((event.target, event.verb), set()).add(role)

    def only(event: Event) -> bool:
        mine = users.get((event.target, event.verb), set())
        return len(mine) == 1 and not next(iter(mine)).many

    for role in roles:
        for event in role.events():
            verb = event.verb
            if verb in (Verb.START, Verb.CLOSE, Verb.DROP):
                yield event
            elif not event.exact or event.blocking is Blocking.TIMED or role.thread:
                continue
            elif verb is Verb.PUT:
                bounded = isinstance(event.target, Queue) and event.target.maxsize != 0
                # Whoever joins the queue sees what is put on it.
                watched = users.get((event.target, Verb.JOIN), set()) - {role}
                if only(event) and not bounded and not watched:
                    yield event
            elif verb in (Verb.SEND, Verb.GET, Verb.RECV):
                if only(event) and event.blocking is not Blocking.NEVER:
                    yield event
            elif verb is Verb.JOIN and event.target.kind in _PROCESSES:
                yield event
            elif verb in (Verb.SET, Verb.WAIT) and event.target.kind is Kind.EVENT:
                # Whoever looks at it sees whether it is set yet.
                changing = (Verb.CLEAR, Verb.QUERY) if verb is Verb.SET else (Verb.CLEAR,)
                if not any((event.target, other) in users for other in changing):
                    yield event


def _single_counts(program: Program) -> Iterator[int]:
    """Loops that make an object in each turn are played for one of them, and so are all loops over the same things."""
    for role in program.roles:
        for one in role.around.values():
            if one.event.verb is Verb.CREATE and one.event.target.many and one.event.target.kind not in _PROCESSES:
                for node in one.above:
                    if isinstance(node, Loop) and node.count is not None:
                        yield id(node.count)


def _only_putters(roles: list[Role]) -> Iterator[Event]:
    """Puts on queues that nobody else puts on: what can be done does not depend on who else is first."""
    for role in roles:
        for event in role.events(Verb.PUT):
            others = (other for one in roles if one is not role for other in one.events(Verb.PUT))
            if event.exact and event.blocking is Blocking.FOREVER and not role.many and not role.thread:
                if all(other.target is not event.target for other in others):
                    yield event


def _waits_for_room(table: Table, state: State) -> bool:
    waits = (waits_in(table, state, copy) for copy in range(len(state.threads)))
    return any(event is not None and event.verb is Verb.PUT for event in waits)


def _joins(space: Space, *, partly: bool = False) -> tuple[Stuck, ...]:
    return search(space, functools.partial(joins_a_sender, space.table), partly=partly)


def joins_a_sender(table: Table, state: State) -> bool:
    """Whether somebody joins a process that waits until its messages are taken, or for room."""
    senders = set()
    for copy, thread in enumerate(state.threads):
        event = waits_in(table, state, copy)
        if thread.status == FLUSHING or thread.sending or (event is not None and event.verb is Verb.PUT):
            senders.add(table.roles[thread.role].process)
    waits = (waits_in(table, state, copy) for copy in range(len(state.threads)))
    return any(event is not None and event.verb is Verb.JOIN and event.target in senders for event in waits)


def blocked(found: tuple[Stuck, ...], *verbs: Verb) -> Iterator[tuple[Stuck, Role, Event]]:
    """Who waits in an event of these verbs and is no mere victim of another fault; locks have a question of their own."""
    for stuck in found:
        groups = [group for group in stuck.causes if all(one.holder is None for one in group)]
        # Whoever takes from a queue that somebody joins in vain has left something unacknowledged.
        joined = {one.event.target for one in stuck.waiting if one.event is not None and one.event.verb is Verb.JOIN}
        starved = {_carrier(one.event) for group in groups for one in group if one.event is not None}
        for one in stuck.waiting:
            # Who waits for a signal of somebody who waits for room is that one's victim.
            mine = [group for group in groups if one in group]
            caused = any(one.event is None or one.event.verb is not Verb.WAIT or not _any_puts(group) for group in mine)
            if one.event is None or one.event.verb not in verbs or one.holder is not None:
                continue
            if one.event.target in joined:
                continue
            # All who wait for the same thing are in the same fault, whichever of them the others would go on after.
            if caused or (one.event.verb is not Verb.JOIN and not mine and _carrier(one.event) in starved):
                yield stuck, one.role, one.event


def _any_puts(group: tuple[Waiting, ...]) -> bool:
    return any(one.event is not None and one.event.verb is Verb.PUT for one in group)


def _carrier(event: Event) -> Shared:
    """What a wait is for: a queue or signal; of a pipe, whichever end was made first."""
    target = event.target
    if isinstance(target, PipeEnd) and target.peer is not None:
        return min(target, target.peer, key=id)
    return target


def waiting_under_locks(found: tuple[Stuck, ...]) -> Iterator[tuple[Stuck, Waiting, Waiting]]:
    """Who waits for something else while holding a lock, and whoever wants that lock and is waited for."""
    for stuck in found:
        for group in stuck.causes:
            for wants in group:
                holds = next((one for one in group if one.copy == wants.holder), None)
                if holds is not None and holds is not wants and holds.holder is None and holds.event is not None:
                    yield stuck, holds, wants


def joins_of_unsent(found: tuple[Stuck, ...]) -> Iterator[tuple[Stuck, Event, Role, Event | None]]:
    """Joins that wait for a role whose messages nobody takes: the join, that role, and its send (None: a feeder).

    The send is a put where it waits for room on a bounded queue.
    """
    for stuck in found:
        for one in stuck.waiting:
            if one.event is None or one.event.verb is not Verb.JOIN:
                continue
            for other in stuck.waiting:
                put = other.event is not None and other.event.verb is Verb.PUT and not _feeds_itself(other)
                if other.role.process is one.event.target and (other.unsent or put):
                    yield stuck, one.event, other.role, other.event


def _feeds_itself(one: Waiting) -> bool:
    """Whether who waits for room is the one that takes."""
    return one.event is not None and any(event.target is one.event.target for event in one.role.events(Verb.GET))


def told(stuck: Stuck, seen_from: Event) -> tuple[Step, ...]:
    """The story: what was done, and who waits where."""
    steps = [
        Step(f"{role.name}: {event.name or event.verb.value}", event.place, role, event) for role, event in stuck.steps
    ]
    steps += [
        Step(f"{one.role.name} waits in {one.event.name}", one.event.place, one.role, one.event)
        for one in stuck.waiting
        if one.event is not None and one.event is not seen_from
    ]
    return tuple(steps)


__all__ = ["Explorer", "Verdict", "blocked", "joins_of_unsent", "told"]
