"""Work that a joined queue hands out: what is done for an item comes before a join that waits until it is acknowledged.

A JoinableQueue's ``join`` comes back once ``task_done`` was called for every item ever put (CPython documentation,
multiprocessing.JoinableQueue.join). So what a worker does between taking an item and acknowledging it can not meet what
the only one who puts items does past that join and before the next put, nor before the first.
"""

from __future__ import annotations

from collections.abc import Callable

from ..model import Blocking, Event, Kind, Program, Role, Shared, Verb
from .graph import Graph, by_event, intersection

_Queues = frozenset[Shared]


class Outstanding:
    """For each event the joinable queues of which an item is surely being worked on, or surely none is."""

    def __init__(self, program: Program, graph: Callable[[Role], Graph]) -> None:
        self._program = program
        self._graph = graph
        self._held: dict[Role, dict[Event, _Queues]] = {}
        self._quiet: dict[Role, dict[Event, _Queues]] = {}
        self._feeders: dict[Shared, Role | None] = {}
        self._queues = frozenset(
            event.target for _, event in program.events(Verb.JOIN) if event.target.kind is Kind.JOINABLE_QUEUE
        )

    def apart(self, worker: Role, first: Event, other: Role, second: Event) -> bool:
        """Whether ``first`` is work on an item, and no item is outstanding whenever ``second`` happens."""
        if not self._queues:
            return False
        both = self._working_on(worker, first) & self._at_rest(other, second)
        return any(not queue.open and self._feeder(queue) is other for queue in both)

    def _working_on(self, role: Role, event: Event) -> _Queues:
        if role not in self._held:
            self._held[role] = self._states(role, frozenset(), _working)
        return self._held[role].get(event, frozenset())

    def _at_rest(self, role: Role, event: Event) -> _Queues:
        if role not in self._quiet:
            self._quiet[role] = self._states(role, self._queues, _resting)
        return self._quiet[role].get(event, frozenset())

    def _states(self, role: Role, start: _Queues, step: Callable[[_Queues, Event], _Queues]) -> dict[Event, _Queues]:
        before = by_event(self._graph(role).forward(start, step, intersection))
        return {event: frozenset.intersection(*states) for event, states in before.items()}

    def _feeder(self, queue: Shared) -> Role | None:
        """The one role that puts items of its own accord; those that workers put while they hold one are follow-ups."""
        if queue not in self._feeders:
            feeders = {
                role
                for role, event in self._program.events(Verb.PUT)
                if event.target is queue and queue not in self._working_on(role, event)
            }
            alone = len(feeders) == 1 and not next(iter(feeders)).many
            self._feeders[queue] = feeders.pop() if alone else None
        return self._feeders[queue]


def _working(held: _Queues, event: Event) -> _Queues:
    if event.verb is Verb.GET and event.exact and (event.blocking is Blocking.FOREVER or event.raises is not None):
        return held | {event.target}
    return held - {event.target} if event.verb is Verb.TASK_DONE else held


def _resting(quiet: _Queues, event: Event) -> _Queues:
    if event.verb is Verb.PUT:
        return quiet - {event.target}
    joined = event.verb is Verb.JOIN and event.exact and event.blocking is Blocking.FOREVER
    return quiet | {event.target} if joined and event.target.kind is Kind.JOINABLE_QUEUE else quiet
