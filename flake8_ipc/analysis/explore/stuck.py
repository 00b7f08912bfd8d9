"""Explores one program in each way that its messages may crowd, as far as it has to."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from ...model import Blocking, Event, Kind, PipeEnd, Program, Queue, Role, Shared, Verb
from ..graph import Graph
from ..locks import Locks, root
from .causes import waits_in
from .game import Space, Stuck, explore, search, stands_still
from .machine import Machine
from .numbers import Numbers, exactly, picked
from .rooms import rooms
from .scope import MESSAGES, alone, explored, looks, only_putters, pooled, single_counts
from .state import FLUSHING, State
from .table import Table
from .verdict import Verdict

_SIGNALS = (Verb.ACQUIRE, Verb.RELEASE, Verb.WAIT, Verb.NOTIFY, Verb.SET, Verb.CLEAR)
_ENDS = (Verb.CLOSE, Verb.DROP)
_EXPLORED = frozenset({*MESSAGES, *_SIGNALS, *_ENDS})
_CONTROL = (Verb.START, Verb.JOIN, Verb.TERMINATE, Verb.KILL)
_TAKES = frozenset({Verb.GET, Verb.RECV, Verb.JOIN, Verb.ACQUIRE, Verb.WAIT})
_PROCESSES = frozenset({Kind.PROCESS, Kind.THREAD})
# With more queues and pipes that may be too full, not each is tried by itself.
_CARRIERS = 3


class Explorer:
    """Explores one program, once."""

    def __init__(self, program: Program, limit: int, locks: Locks | None = None) -> None:
        self.program = program
        self.limit = limit
        self._locks = locks or Locks(functools.cache(lambda role: Graph(role.flow)))
        self._graph = self._locks.graph

    @functools.cached_property
    def objects(self) -> list[Shared]:
        """The objects that are explored."""
        return explored(self.program, self._locks, self._looked)

    @functools.cached_property
    def _machines(self) -> list[tuple[Role, Machine]]:
        roles = [role for role in self.program.roles if not pooled(role)]
        return [(role, Machine(role.flow, self._matters, _takes)) for role in roles]

    @functools.cached_property
    def _alone(self) -> frozenset[Event]:
        return frozenset(alone([role for role, _ in self._machines]))

    @functools.cached_property
    def _single(self) -> frozenset[int]:
        return single_counts(self.program)

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
        plain = search(space, lambda state: not robbed(space.table, state)) if space is not None else ()
        full = self._full(numbers) if not plain else ()
        if space is None:
            return Verdict(full=full)
        own = search(space, lambda state: robbed(space.table, state), every=True) if not plain else ()
        parts = search(space, lambda state: not state.own, partly=True) if not plain and not own else ()
        carriers = self._tight(space) if not plain and not own else []
        if not carriers:
            return Verdict(plain, own, full=full, parts=parts, space=space)
        crowded, tight = self._crowded(numbers, carriers)
        return Verdict(crowded=crowded, full=full, parts=parts, tight=tight, space=space)

    @functools.cached_property
    def _fitting(self) -> frozenset[Shared]:
        """Where nothing ever waits for room: what is emptied by looking, and what one small token goes through."""
        tokens = self._locks.tokens
        if tokens is None:
            return self._looked
        carriers = {event.target.outlet for _, event in self.program.events(Verb.PUT, Verb.SEND)}
        return self._looked.union(filter(tokens.light, carriers))

    @functools.cached_property
    def _emptied_first(self) -> frozenset[Shared]:
        """Where joined processes put or send what only their joiner takes, and nothing of it after such a join.

        No join waits for room there then, unless something is left in the end.
        """
        found: dict[Shared, set[Shared | None]] = {}
        for role, event in self._unsent():
            found.setdefault(event.target.outlet, set()).add(role.process)
        return frozenset(carrier for carrier, senders in found.items() if self._taken_first(carrier, senders))

    def _taken_first(self, carrier: Shared, senders: set[Shared | None]) -> bool:
        takes = [pair for pair in self.program.events(Verb.GET, Verb.RECV) if pair[1].target is carrier]
        return all(
            not joiner.many
            and all(taker is joiner for taker, _ in takes)
            and self._graph(joiner).later(join).isdisjoint([take for _, take in takes])
            for joiner, join in self.program.events(Verb.JOIN)
            if join.target in senders and join.blocking is Blocking.FOREVER
        )

    def _tight(self, space: Space) -> list[Shared]:
        """Where a join may wait for room, in the order of the text: whoever joins may not have taken all by then."""
        ends = [state for state, groups in zip(space.states, space.edges) if not groups]
        carriers = dict.fromkeys(event.target.outlet for _, event in self._unsent())
        first, holds = self._emptied_first, space.table.holds_any
        return [one for one in carriers if one not in first or any(holds(state, one) for state in ends)]

    def _crowded(self, numbers: Numbers, carriers: list[Shared]) -> tuple[tuple[Stuck, ...], tuple[Stuck, ...]]:
        """Who joins a process whose messages do not fit, whatever the data do; and who does so only in some way.

        ``carriers`` are the queues and ends where they may not.
        """
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
        table.alone |= frozenset(only_putters(table.roles))
        space = explore(table, self.limit)
        return search(space, lambda state: _waits_for_room(table, state), partly=True) if space is not None else ()

    def _crowds(self) -> bool:
        """Whether a process is joined that puts or sends what somebody has to take first."""
        return any(True for _ in self._unsent())

    def _unsent(self) -> Iterator[tuple[Role, Event]]:
        """What processes that are joined put or send, and somebody has to take first."""
        joined = {
            event.target for _, event in self.program.events(Verb.JOIN) if event.blocking is Blocking.FOREVER
        }
        return (
            (role, event)
            for role, event in self.program.events(Verb.PUT, Verb.SEND)
            if event.target.outlet not in self._fitting
            if role.process in joined and event.target in self.objects and not event.target.managed
        )

    def _table(self, numbers: Numbers, *, patient: bool) -> Table:
        roles = [role for role, _ in self._machines]
        table = Table(roles, self.objects, [machine for _, machine in self._machines], patient=patient)
        table.numbers = numbers
        table.fork_only = self.program.fork_only
        table.hasty = self._fitting
        table.alone = self._alone
        table.single = self._single
        table.counted = self._emptied_first if patient else frozenset()
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

    @functools.cached_property
    def _looked(self) -> frozenset[Shared]:
        """Queues and ends that somebody empties with timeouts or polls: they count as drained."""
        return frozenset(event.target for role, event in looks(self.program) if not self._too_late(role, event))

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


def _takes(event: Event) -> bool:
    """Whether an event uses something up."""
    return event.verb in _TAKES and not (event.verb is Verb.JOIN and isinstance(event.target, Queue))


def _waits(event: Event) -> bool:
    return event.blocking is Blocking.FOREVER and event.verb in (*_TAKES, Verb.PUT)


def robbed(table: Table, state: State) -> bool:
    """Whether somebody waits for a message on a queue of which somebody took what it had put there itself."""
    taken = {event.target for event in state.own}
    waits = (waits_in(table, state, index) for index in range(len(state.threads))) if taken else ()
    return any(event is not None and event.verb is Verb.GET and event.target in taken for event in waits)


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
