"""Messages that stand for a right: as long as there is but one, whoever has taken it and not passed it on is alone.

A token that goes round, through one queue that all take it from or from each to the next, is a lock (Suzuki and Kasami, "A
Distributed Mutual Exclusion Algorithm", 1985). One goes round where who puts something has taken something before, all but
one put that happens once for each time the queues are made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from ..model import QUEUES, Blocking, Event, PipeEnd, Program, Role, Shared, Verb
from .graph import Graph, by_event, intersection
from .surroundings import loops_around

_GIVES = (Verb.PUT, Verb.SEND)
_TAKES = (Verb.GET, Verb.RECV)
# The queues, or ends that are received from, which one token goes through.
_Ring = frozenset[Shared]


class Tokens:
    """Which events take a token, and which pass it on; what it goes through stands for it."""

    def __init__(self, program: Program, graph: Callable[[Role], Graph]) -> None:
        self._program = program
        self._graph = graph

    def taken(self, event: Event) -> Shared | None:
        """The token that a role has from this event on, if it is one: who makes what it is thrown into has it first."""
        if event.verb is Verb.CREATE:
            return self._names.get(event.target) if event.target in self._entries else None
        return self._names.get(event.target) if event.verb in _TAKES and _surely(event) else None

    def passed(self, event: Event) -> Shared | None:
        """The token that a role gives away by this event, if it is one."""
        return self._names.get(event.target.outlet) if event.verb in _GIVES else None

    def alike(self, queue: Shared) -> bool:
        """Whether it is one and the same message that goes through a queue: it is nobody's question, and nobody's answer."""
        fresh = self._fresh(queue)
        return len({put.payload for put in fresh}) == 1 and (len(fresh) == 1 or fresh[0].payload is not None)

    def light(self, carrier: Shared) -> bool:
        """Whether the one message that goes through there is a known constant, which fits into any pipe."""
        fresh = self._fresh(carrier)
        return bool(fresh) and all(put.payload is not None for put in fresh)

    def _fresh(self, carrier: Shared) -> list[Event]:
        """Where a token is put that is not just passed on."""
        name = self._names.get(carrier)
        puts = self._program.events(*_GIVES) if name is not None else ()
        return [put for _, put in puts if put.passed is None and self.passed(put) is name]

    @property
    def any(self) -> bool:
        """Whether there are tokens at all."""
        return bool(self._names)

    @cached_property
    def _names(self) -> dict[Shared, Shared]:
        """What stands for the token that goes through a queue or end."""
        return {carrier: min(ring, key=lambda one: one.place.spot) for ring in self._rings for carrier in ring}

    @cached_property
    def _entries(self) -> frozenset[Shared]:
        """The queues and ends that a token is first put in."""
        return frozenset(carrier for carrier in self._rings.values())

    @cached_property
    def _rings(self) -> dict[_Ring, Shared]:
        """What a token goes through, with what it is thrown into."""
        found: dict[_Ring, Shared] = {}
        told = self._program.complete or (self._program.observed and self._program.whole)
        steps = self._steps() if told else {}
        for carrier in steps:
            for ring in (frozenset({carrier}), _circle(carrier, steps)):
                if carrier in ring and not any(carrier in known for known in found) and all(map(self._known, ring)):
                    entry = self._entry(ring)
                    if entry is not None:
                        found[ring] = entry
        return found

    def _known(self, carrier: Shared) -> bool:
        if isinstance(carrier, PipeEnd):
            return carrier.peer is not None and not any(map(self._program.may_be_used_elsewhere, (carrier, carrier.peer)))
        return carrier.kind in QUEUES and not self._program.may_be_used_elsewhere(carrier)

    def _steps(self) -> dict[Shared, set[Shared]]:
        """Where somebody puts something on who has surely taken something from there before."""
        found: dict[Shared, set[Shared]] = {}
        for role in self._program.roles:
            if any(role.events(*_GIVES)) and any(role.events(*_TAKES)):
                nothing: _Ring = frozenset()
                before = by_event(self._graph(role).forward(nothing, _note, intersection))
                for give in role.events(*_GIVES):
                    for carrier in frozenset.intersection(*before.get(give, [nothing])):
                        found.setdefault(carrier, set()).add(give.target.outlet)
        return found

    def _entry(self, ring: _Ring) -> Shared | None:
        """Where the one token is thrown in; None where there may be more of them."""
        thrown = [pair for role in self._program.roles for pair in self._thrown_in(role, ring)]
        if len(thrown) != 1:
            return None
        role, put = thrown[0]
        carrier = put.target.outlet
        made = [event for event in role.events(Verb.CREATE) if event.target is carrier]
        if not made:
            return None
        # In each turn of a loop that makes it anew it is another one.
        repeats = [loop for loop in loops_around(role, put) if loop.count is None or loop.count.high != 1]
        return carrier if all(loop in loops_around(role, made[0]) for loop in repeats) else None

    def _thrown_in(self, role: Role, ring: _Ring) -> Iterator[tuple[Role, Event]]:
        """The puts of a role that may not have taken the token before."""
        puts = [event for event in role.events(*_GIVES) if event.target.outlet in ring]
        if not puts:
            return

        def step(has: bool, event: Event) -> bool:
            if event.verb in _GIVES and event.target.outlet in ring:
                return False
            return has or (event.verb in _TAKES and event.target in ring and _surely(event))

        before = by_event(self._graph(role).forward(False, step, lambda one, other: one and other, _fails))
        yield from ((role, put) for put in puts if not all(before.get(put, [False])))


def _fails(event: Event | None) -> bool:
    """Whether an event may raise before it is done: a get that waits for good does not."""
    return event is None or event.raises is not None


def _surely(event: Event) -> bool:
    """Whether past an event something was surely taken, from this queue or one beside it."""
    waited = event.blocking is Blocking.FOREVER or event.raises is not None
    return waited and (event.exact or event.target.many)


def _note(taken: _Ring, event: Event) -> _Ring:
    return taken | {event.target} if event.verb in _TAKES and _surely(event) else taken


def _circle(carrier: Shared, steps: dict[Shared, set[Shared]]) -> _Ring:
    """Those through which a token may come back from here to here."""
    return frozenset(one for one in _reached(carrier, steps) if carrier in _reached(one, steps))


def _reached(carrier: Shared, steps: dict[Shared, set[Shared]]) -> set[Shared]:
    found, pending = set[Shared](), [carrier]
    while pending:
        fresh = steps.get(pending.pop(), set()) - found
        found |= fresh
        pending += fresh
    return found
