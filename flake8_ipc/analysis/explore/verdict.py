"""What the rules ask of the interleavings: who is stuck, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ...finding import Step
from ...model import Event, PipeEnd, Role, Shared, Verb
from ..locks import root
from .causes import waits_in
from .game import Space, Stuck, Waiting


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
