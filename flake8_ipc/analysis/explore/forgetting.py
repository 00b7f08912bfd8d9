"""What of a state nobody will look at again, so that states which differ in nothing else are one.

Backward liveness over each role's steps (Aho, Lam, Sethi, Ullman, "Compilers", 2006, 9.2.5), the variables being the
turns left of each loop, the messages that some test tells apart, and the numbers of turns that were picked.
"""

from __future__ import annotations

from typing import Any

from ...model import Blocking, Event, PipeEnd, Queue, Shared, Verb
from .machine import Deed, Enter, Fork, Head, Step
from .state import State, Thread
from .table import Table

_TAKES = (Verb.GET, Verb.RECV, Verb.QUERY)
_NOBODY: frozenset[int] = frozenset()
# Stands for whatever is left where only that something is left matters.
_LEFT = ((None, -1),)


class Forgetting:
    """Makes states small: what is dead is put back to where it began."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._bits: dict[object, int] = {}
        self._live = self._liveness()
        self._clean: dict[Thread, Thread] = {}
        own = self._own_messages()
        carriers = [shared for shared in table.objects if isinstance(shared, (Queue, PipeEnd)) and shared not in own]
        # The pipes and queues of which nobody asks who sent what they hold.
        self.unsigned = frozenset(one for one in carriers if table.patient or one in table.hasty)
        # Each with the bits that tell whether anybody will look at what is in it, and for the end of it; and what stands
        # for something that nobody will look at.
        self._carriers = [
            (
                table.number[one],
                isinstance(one, PipeEnd),
                self._bit(one),
                self._bit(_end_of(one)),
                _LEFT if one in table.counted else (),
            )
            for one in carriers
            if one in self.unsigned
        ]
        self._tasks = [(number, self._bit(("tasks", one))) for one, number in table.tasks.items()]

    def small(self, state: State, before: State | None) -> State:
        """The state without what is dead; ``before`` is one that has been made small, which this one came from."""
        threads, held, picked = self._threads(state, before), state.held, state.picked
        if picked or before is None or held is not before.held:
            live = 0
            for thread in threads:
                live |= self._live[thread.role][thread.pc]
            held = self._held(held, live)
            if picked:
                picked = tuple(sorted(pair for pair in picked if live & self._bits.get(("count", pair[0]), 0)))
        if threads is state.threads and held is state.held and picked is state.picked:
            return state
        return State(threads, held, picked, state.joined, state.own)

    def _threads(self, state: State, before: State | None) -> tuple[Thread, ...]:
        old = before.threads if before is not None else ()
        new: list[Thread] | None = None
        for index, thread in enumerate(state.threads):
            if (thread.turns or thread.last) and not (index < len(old) and old[index] is thread):
                clean = self._clean.get(thread) or self._cleaned(thread)
                if clean is not thread:
                    new = new or list(state.threads)
                    new[index] = clean
        return state.threads if new is None else tuple(new)

    def _cleaned(self, thread: Thread) -> Thread:
        live, role = self._live[thread.role][thread.pc], thread.role
        turns = tuple(left if live & self._bits[role, slot] else 0 for slot, left in enumerate(thread.turns))
        last = sorted(
            (pair for pair in thread.last if live & self._bits.get((role, pair[0]), 0)),
            key=lambda pair: self._bits[role, pair[0]],
        )
        found = thread._replace(turns=turns, last=tuple(last))
        self._clean[thread] = self._clean[found] = found
        return found

    # -- who sent what

    def _own_messages(self) -> set[Shared]:
        """The queues from which a process may take what it put there itself."""
        users: dict[tuple[Shared, Verb], set[object]] = {}
        for role in self.table.roles:
            for event in role.events(Verb.PUT, Verb.GET):
                users.setdefault((event.target, event.verb), set()).add(role.home)
        return {
            shared
            for shared in self.table.objects
            if not users.get((shared, Verb.PUT), set()).isdisjoint(users.get((shared, Verb.GET), set()))
        }

    def _held(self, held: tuple[object, ...], live: int) -> tuple[object, ...]:
        """What the objects hold, without what nobody will look at, or ask the sender of."""
        new = list(held)
        for number, pipe, inside, end, left in self._carriers:
            found: Any = held[number]
            messages = found[0] if pipe else found
            if messages:
                messages = tuple((payload, -1) for payload, _ in messages) if live & inside else left
            new[number] = (messages, found[1] if live & end else _NOBODY) if pipe else messages
        for number, tasks in self._tasks:
            if not live & tasks:
                new[number] = 0
        return tuple(new)

    # -- liveness

    def _bit(self, variable: object) -> int:
        return self._bits.setdefault(variable, 1 << len(self._bits))

    def _liveness(self) -> list[list[int]]:
        """For each role and step the variables, as bits, that may be looked at from there on."""
        live = [[0] * len(machine.steps) for machine in self.table.machines]
        for role, machine in enumerate(self.table.machines):
            for slot in range(machine.slots):
                self._bit((role, slot))
        changed = True
        while changed:
            changed = False
            for role, machine in enumerate(self.table.machines):
                for pc, step in enumerate(machine.steps):
                    found = self._before(role, step, live)
                    if found != live[role][pc]:
                        live[role][pc], changed = found, True
        return live

    def _before(self, role: int, step: Step, live: list[list[int]]) -> int:
        mine = live[role]
        if isinstance(step, Deed):
            return self._before_deed(role, step, live)
        if isinstance(step, Fork):
            found = self._bit((role, step.test.event)) if step.test is not None else 0
            for target in step.targets:
                found |= mine[target]
            return found
        if isinstance(step, Enter):
            return ((mine[step.head] | mine[step.body]) & ~self._bit((role, step.slot))) | self._count(step)
        if isinstance(step, Head):
            return mine[step.body] | mine[step.next] | self._bit((role, step.slot))
        return 0

    def _before_deed(self, role: int, step: Deed, live: list[list[int]]) -> int:
        event = step.event
        found = live[role][step.next] | self._looks(event)
        if event.verb in _TAKES and event.exact and event.blocking is Blocking.FOREVER:
            found &= ~self._bits.get((role, event), 0)
        for _, target in step.handlers:
            found |= live[role][target]
        if event.passed is not None:
            found |= self._bit((role, event.passed))
        started = self.table.role_of.get(event.target) if event.verb is Verb.START else None
        if started is not None:
            # What a child looks at in itself is nobody else's.
            found |= live[started][self.table.machines[started].start] & self._common()
        return found

    def _looks(self, event: Event) -> int:
        """What a step looks at in the objects."""
        target = event.target
        if event.verb is Verb.RECV:
            peer = target.peer if isinstance(target, PipeEnd) else None
            return self._bit(target) | self._bit(_end_of(peer))
        if event.verb is Verb.SEND:
            return self._bit(_end_of(target.peer if isinstance(target, PipeEnd) else None))
        if event.verb in (Verb.JOIN, Verb.TASK_DONE):
            return self._bit(("tasks", target)) if target in self.table.tasks else 0
        bounded = event.verb is Verb.PUT and self.table.room_in(target) != 0
        return self._bit(target) if event.verb is Verb.GET or bounded else 0

    def _count(self, step: Enter) -> int:
        exact = step.count.exact
        if (exact is not None and exact <= self.table.numbers.exact) or id(step.count) in self.table.single:
            return 0
        return self._bit(("count", id(step.count) if exact is None else exact))

    def _common(self) -> int:
        """The variables that do not belong to one role."""
        found = 0
        for variable, bit in self._bits.items():
            if not isinstance(variable, tuple) or not isinstance(variable[0], int):
                found |= bit
        return found


def _end_of(end: Shared | None) -> object:
    """Who holds an end of a pipe: what a receiver at the other one looks for."""
    return ("end", end)
