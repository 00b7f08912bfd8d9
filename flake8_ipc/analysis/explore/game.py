"""The search: which stuck states the scheduler can force, whatever the data do.

The scheduler picks who steps next and is the enemy; where a step has several outcomes (a branch or a number of turns
that is not known), a friend picks one. A state is lost where nobody can step and somebody waits, or where the scheduler
has a step all of whose outcomes are lost: the least fixed point over the states explored.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ...model import Event, Role
from .causes import causes, holder, served_later, waits_in
from .machine import Fork, begins_with_branches
from .play import Deeds, Play
from .state import DONE, FLUSHING, State, TooBig
from .table import Table


_Edges: TypeAlias = list[list[tuple[int, list[int]]]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A copy of a role that waits for good, in an event (None: for its own messages to be taken).

    ``holder`` is the copy that holds the lock which this one waits for, where it waits for one. ``unsent``: it waits
    until what it sends, or has put, is taken.
    """

    role: Role
    event: Event | None
    copy: int
    holder: int | None = None
    unsent: bool = False


@dataclass(frozen=True, slots=True)
class Stuck:
    """A stuck state that can be forced: who waits where, who took a message of its own, and the steps before.

    ``causes`` are those who wait for one another and for nobody else, each set of them by itself.
    """

    waiting: tuple[Waiting, ...]
    own: frozenset[Event]
    state: State | None
    steps: tuple[tuple[Role, Event], ...]
    causes: tuple[tuple[Waiting, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Space:
    """The states of a program and the steps between them."""

    table: Table
    states: list[State]
    edges: _Edges
    came: list[tuple[int, Deeds]]


# Fewer states than these are always explored.
_AT_LEAST = 100


def explore(table: Table, limit: int) -> Space | None:
    """Every state that can be reached; None where there are more than ``limit``, or surely will be."""
    try:
        return Space(table, *_explore(table, limit))
    except TooBig:
        return None


def search(
    space: Space, counts: Callable[[State], bool], *, every: bool = False, partly: bool = False
) -> tuple[Stuck, ...]:
    """The stuck states, of those that ``counts`` names, that the scheduler forces by its shortest way to play.

    One for each way the data can turn out (with ``every`` all of them, should the scheduler be able to force one);
    none where the data can avoid them all. With ``partly``, those that the root can only avoid by the branch that it
    takes before it has done anything.
    """
    return _solve(space, counts, every=every, partly=partly)


def stands_still(space: Space) -> bool:
    """Whether there is a state in which nobody can step and somebody waits, whoever led there."""
    ends = (state for state, groups in zip(space.states, space.edges) if not groups)
    return any(thread.status != DONE for state in ends for thread in state.threads)


class _Outlook:
    """Tells early that the states will be more than the limit, by how many of them are still to be looked at.

    Where they come to an end, that is at most 0.37 of them at an eighth of the limit, 0.30 at a quarter of it, and hardly
    more at half of it than at the quarter (measured on 678 explorations, of programs of every family of rules).
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._looks = [max(_AT_LEAST, limit // 8), max(2 * _AT_LEAST, limit // 4), max(4 * _AT_LEAST, limit // 2)]
        self._pending: list[int] = []

    @property
    def next(self) -> int:
        """At how many states to ask."""
        return self._looks[len(self._pending)] if len(self._pending) < len(self._looks) else self._limit

    def grows(self, states: int, pending: int) -> bool:
        """Whether there surely will be too many; asked at ``next`` states."""
        before = self._pending
        before.append(pending)
        if len(before) == 1:
            return pending * 2 > states
        return pending * 3 > states if len(before) == 2 else pending * 3 > before[1] * 4


def _explore(table: Table, limit: int) -> tuple[list[State], _Edges, list[tuple[int, Deeds]]]:
    play = Play(table)
    first, begun = play.settled(table.start(), ())
    numbers = {first: 0}
    states: list[State] = [first]
    came: list[tuple[int, Deeds]] = [(-1, begun)]
    pending = deque([0])
    edges: _Edges = []
    outlook = _Outlook(limit)
    ask = outlook.next
    while pending:
        if len(states) >= ask:
            if outlook.grows(len(states), len(pending)):
                raise TooBig
            ask = outlook.next
        here = pending.popleft()
        state = states[here]
        groups: list[tuple[int, list[int]]] = []
        choices = play.choices(state)
        if len(choices) == 1 and any(numbers.get(outcome, here + 1) <= here for outcome, _ in choices[0][1]):
            # Round a circle, somebody else must have a turn (the cycle proviso of partial order reduction).
            choices = play.choices(state, everybody=True)
        for index, outcomes in choices:
            targets = []
            for outcome, deeds in outcomes:
                number = numbers.get(outcome)
                if number is None:
                    if len(states) >= limit:
                        raise TooBig
                    number = numbers[outcome] = len(states)
                    states.append(outcome)
                    came.append((here, deeds))
                    pending.append(number)
                targets.append(number)
            groups.append((index, targets))
        edges.append(groups)
    return states, edges, came


def _solve(space: Space, counts: Callable[[State], bool], *, every: bool, partly: bool) -> tuple[Stuck, ...]:
    table, states, edges, came = space.table, space.states, space.edges, space.came
    lost = [-1] * len(states)
    pending: deque[int] = deque()
    for number, state in enumerate(states):
        waits = not edges[number] and any(thread.status != DONE for thread in state.threads)
        if waits and counts(state) and not served_later(table, state):
            lost[number] = 0
            pending.append(number)
    stuck = set(pending)
    if not stuck:
        return ()
    into: list[list[tuple[int, int]]] = [[] for _ in states]
    missing: list[list[int]] = []
    for number, groups in enumerate(edges):
        missing.append([])
        for position, (_, targets) in enumerate(groups):
            different = set(targets)
            missing[number].append(len(different))
            for target in different:
                into[target].append((number, position))
    while pending:
        target = pending.popleft()
        for number, position in into[target]:
            missing[number][position] -= 1
            if missing[number][position] == 0 and lost[number] < 0:
                lost[number] = lost[target] + 1
                pending.append(number)
    starts = [0] if lost[0] >= 0 else [number for number in _ways(space) if lost[number] >= 0] if partly else []
    if not starts:
        return ()
    ends = sorted(stuck) if every else _forced(edges, lost, stuck, starts)
    return tuple(_told(table, states, came, number) for number in ends)


def _ways(space: Space) -> list[int]:
    """Where the branches lead that the root chooses between before it has done anything.

    Each is a program of its own (as a subcommand is): no later choice can hang on the same thing as an earlier deed.
    """
    table, states = space.table, space.states
    if table.roles[0].reentered or not begins_with_branches(table.machines[0]):
        return []
    found: list[int] = []
    pending = [0]
    while pending:
        state = states[here := pending.pop()]
        at_fork = isinstance(table.machines[0].steps[state.threads[0].pc], Fork)
        if len(state.threads) == 1 and at_fork and not space.came[here][1] and len(space.edges[here]) == 1:
            targets = [number for number in space.edges[here][0][1] if number not in found]
            found += targets
            pending += targets
    return found


def _forced(edges: _Edges, lost: list[int], stuck: set[int], starts: list[int]) -> list[int]:
    """Where the scheduler's shortest play ends, for each way the friend can choose; ``lost`` are distances."""
    seen, pending, ends = set(starts), deque(starts), []
    while pending:
        here = pending.popleft()
        if here in stuck:
            ends.append(here)
            continue
        sure = [targets for _, targets in edges[here] if all(0 <= lost[target] < lost[here] for target in targets)]
        for target in min(sure, key=lambda targets: max(lost[target] for target in targets)):
            if target not in seen:
                seen.add(target)
                pending.append(target)
    return ends


def _told(table: Table, states: list[State], came: list[tuple[int, Deeds]], number: int) -> Stuck:
    state = states[number]
    waiting = []
    for copy, thread in enumerate(state.threads):
        if thread.status != DONE:
            role, unsent = table.roles[thread.role], thread.status == FLUSHING or bool(thread.sending)
            waiting.append(Waiting(role, waits_in(table, state, copy), copy, holder(table, state, copy), unsent))
    steps: Deeds = ()
    while number >= 0:
        number, deeds = came[number]
        steps = deeds + steps
    found = causes(table, state)
    groups = tuple(tuple(one for one in waiting if one.copy in group) for group in found)
    return Stuck(tuple(waiting), state.own, state, steps, groups)
