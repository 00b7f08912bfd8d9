"""The steps that the scheduler has in a state, those that concern nobody else taken at once.

Such steps change nothing that another copy's step could come before, and take nothing from it: choices of a copy's own,
and what can only let others go on (a put beside which nobody puts anything else, a lock that its owner gives back, a
close, a start). The stuck states are the same where these come first (partial order reduction: Godefroid,
"Partial-Order Methods for the Verification of Concurrent Systems", 1996).
"""

from __future__ import annotations

from typing import TypeAlias

from ...model import Event, Role, Verb
from ..locks import root
from .forgetting import Forgetting
from .independence import alike, owned
from .machine import Deed, Enter, Fork, Head, Step
from .state import DONE, State, Thread
from .table import Table

# What was done on the way from one state to another.
Deeds: TypeAlias = tuple[tuple[Role, Event], ...]
Outcomes: TypeAlias = list[tuple[State, Deeds]]

# A run of steps that concern nobody else is cut here, should it go on for ever.
_LONGEST_RUN = 200
# Whom a step concerns: others too; nobody else; nobody else, and it looks at nothing but its own copy.
_OTHERS, _NOBODY, _ITSELF = 0, 1, 2


class Play:
    """The steps of one program's copies."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._ending = [_NOBODY if role or not table.daemons else _OTHERS for role in range(len(table.roles))]
        self._forgetting = Forgetting(table)
        self._owned = owned(table)
        self._alike = alike(table, self._forgetting.unsigned)
        self._concerns = [
            [self._ending[role], *(self._whom(step) for step in machine.steps[1:])]
            for role, machine in enumerate(table.machines)
        ]
        self._settled: dict[State, tuple[State, Deeds]] = {}
        self._runs: dict[Thread, tuple[Thread, int]] = {}
        self._branches: dict[Thread, tuple[Thread, ...]] = {}

    def _whom(self, step: Step) -> int:
        if isinstance(step, Deed):
            verb, target = step.event.verb, step.event.target
            given_back = verb is Verb.RELEASE and root(target) in self._owned
            sent = verb in (Verb.PUT, Verb.SEND) and target in self._alike
            return _NOBODY if given_back or sent or step.event in self.table.alone else _OTHERS
        if isinstance(step, (Fork, Head)):
            return _ITSELF
        return _NOBODY if isinstance(step, Enter) else _OTHERS

    def concerns(self, thread: Thread) -> int:
        """Whom the next step of a copy concerns."""
        if thread.status:
            return self._ending[thread.role] if thread.status != DONE else _OTHERS
        return self._concerns[thread.role][thread.pc] if not thread.sending else _OTHERS

    def choices(self, state: State, *, everybody: bool = False) -> list[tuple[int, Outcomes]]:
        """Who may step, with all outcomes; a step that concerns nobody else is taken at once, alone."""
        found: list[list[State] | None] = [None] * len(state.threads)
        for index, thread in enumerate(state.threads):
            whom = self.concerns(thread)
            if whom:
                outcomes = found[index] = (
                    [self.table.with_copy(state, index, on) for on in self._branches.get(thread) or self._branch(thread)]
                    if whom == _ITSELF
                    else self.table.moves(state, index)
                )
                if outcomes is not None and not everybody:
                    return [(index, self._after(state, index, outcomes))]
        groups = []
        for index, thread in enumerate(state.threads):
            outcomes = found[index]
            if thread.status != DONE and not self.concerns(thread):
                outcomes = self.table.moves(state, index)
            if outcomes is not None:
                groups.append((index, self._after(state, index, outcomes)))
        return groups

    def _after(self, state: State, index: int, outcomes: list[State]) -> Outcomes:
        done = self._deed(state, index)
        found = []
        for outcome in outcomes:
            known = self._settled.get(outcome)
            if known is None:
                known = self._settled[outcome] = self.settled(outcome, (), state)
            found.append((known[0], done + known[1]))
        return found

    def _deed(self, state: State, index: int) -> Deeds:
        thread = state.threads[index]
        step = self.table.machines[thread.role].steps[thread.pc]
        return ((self.table.roles[thread.role], step.event),) if isinstance(step, Deed) and not thread.status else ()

    def settled(self, state: State, deeds: Deeds, before: State | None = None) -> tuple[State, Deeds]:
        """The state after all steps that concern nobody else and have but one outcome.

        ``before``: the settled state that one step led here from.
        """
        moves, threads = self.table.moves, state.threads
        left = _LONGEST_RUN
        # Whose steps are still to be looked at; and who cannot step until somebody does something that others see: as bits.
        everybody = (1 << len(threads)) - 1
        ready = _ready(before, state) if before is not None else everybody
        blocked = everybody & ~ready
        index, mine = 0, 1
        while ready and left > 0:
            # Whoever had the last step goes on first: it is the likeliest to be able to.
            if not ready & mine:
                mine = ready & -ready
                index = mine.bit_length() - 1
            thread = threads[index]
            whom = self.concerns(thread)
            if whom == _ITSELF:
                on, steps = self._runs.get(thread) or self._run(thread)
                if steps:
                    state, left = self.table.with_copy(state, index, on), left - steps
                    threads = state.threads
                    continue
            elif whom:
                outcomes = moves(state, index)
                if outcomes is not None and len(outcomes) == 1:
                    deeds += self._deed(state, index)
                    known, state, left = len(threads), outcomes[0], left - 1
                    threads = state.threads
                    ready |= blocked
                    if len(threads) > known:
                        ready |= ((1 << len(threads)) - 1) & ~((1 << known) - 1)
                    blocked = 0
                    continue
                blocked |= mine
            ready &= ~mine
        return self._forgetting.small(state, before), deeds

    def _run(self, thread: Thread) -> tuple[Thread, int]:
        """A copy after all next steps that look at nothing but itself and have but one outcome; their number."""
        on, steps = thread, 0
        while steps < _LONGEST_RUN and self.concerns(on) == _ITSELF:
            outcomes = self.table.inward(on)
            if len(outcomes) != 1:
                break
            on, steps = outcomes[0], steps + 1
        found = self._runs[thread] = on, steps
        return found

    def _branch(self, thread: Thread) -> tuple[Thread, ...]:
        """A copy after all choices of its own that follow on one another; it may stay for good where they go round."""
        found: dict[Thread, None] = {}
        seen = {thread}
        pending = [thread]
        while pending:
            for on in reversed(self.table.inward(pending.pop())):
                on, _ = self._runs.get(on) or self._run(on)
                if self.concerns(on) != _ITSELF or on in seen:
                    found[on] = None
                else:
                    seen.add(on)
                    pending.append(on)
        outcomes = self._branches[thread] = tuple(found)
        return outcomes


def _ready(before: State, after: State) -> int:
    """The copies that may be able to step, as bits, where all could not before that did not step since."""
    old, new = before.threads, after.threads
    if (
        len(old) == len(new)
        and after.held is before.held
        and after.picked is before.picked
        and after.joined is before.joined
    ):
        changed = 0
        for index, thread in enumerate(new):
            if thread is not old[index]:
                if thread.status != old[index].status:
                    break
                changed |= 1 << index
        else:
            return changed
    return (1 << len(new)) - 1
