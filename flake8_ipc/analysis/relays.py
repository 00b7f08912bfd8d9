"""Turns that processes give one another by signals: each waits for its own, and sets the next one's when it is done.

Two events by which a ball goes to and fro, or a ring of semaphores, are a token (Le Lann, "Distributed Systems: Towards a
Formal Approach", 1977): as long as there is one, whoever has it is alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ..model import Blocking, Event, Kind, Lock, Program, Role, Shared, Verb
from .graph import Graph, by_event, intersection

_Signals: TypeAlias = frozenset[Shared]
_COUNTED = frozenset({Kind.SEMAPHORE, Kind.BOUNDED_SEMAPHORE})


class Relays:
    """Which signals a role has surely waited for since it last set one, and how they lead to one another."""

    def __init__(self, program: Program, graph: Callable[[Role], Graph]) -> None:
        self._program = program
        self._graph = graph
        self._turns: dict[Role, dict[Event, _Signals]] = {}
        self._steps: dict[Shared, set[Shared]] | None = None
        self._thrown_in: set[Shared] = set()

    def apart(self, one: Role, first: Event, other: Role, second: Event) -> bool:
        """Whether both events happen in turns of one ring, which but one token goes round."""
        if one is other or not self._all_steps():
            return False
        return any(
            mine is not yours and self._one_ring(mine, yours)
            for mine in self._turn(one, first)
            for yours in self._turn(other, second)
        )

    def _one_ring(self, mine: Shared, yours: Shared) -> bool:
        on, back = self._reached(mine), self._reached(yours)
        if yours not in on or mine not in back:
            return False
        tokens = self._thrown_in & on
        full = [signal for signal in on if isinstance(signal, Lock) and signal.count]
        return len(tokens) + len(full) <= 1 and not any(signal.open for signal in on)

    def _reached(self, signal: Shared) -> set[Shared]:
        """The signals that are set, sooner or later, by those who were woken by this one."""
        steps, found, pending = self._all_steps(), set[Shared](), [signal]
        while pending:
            fresh = steps.get(pending.pop(), set()) - found
            found |= fresh
            pending += fresh
        return found

    def _all_steps(self) -> dict[Shared, set[Shared]]:
        if self._steps is None:
            self._steps = {}
            for role, event in self._program.events(Verb.SET, Verb.RELEASE):
                for signal in self._turn(role, event) if _passes(event) else ():
                    self._steps.setdefault(signal, set()).add(event.target)
                if _passes(event) and not self._turn(role, event):
                    self._thrown_in.add(event.target)
        return self._steps

    def _turn(self, role: Role, event: Event) -> _Signals:
        """The signals that this role has waited for on every path to an event, and not passed on yet."""
        if role not in self._turns:
            cleared = {one.target for one in role.events(Verb.CLEAR)}

            def step(turn: _Signals, one: Event) -> _Signals:
                if _passes(one):
                    return frozenset()
                taken = _waits(one) and (one.target.kind in _COUNTED or one.target in cleared)
                return turn | {one.target} if taken else turn

            nothing: _Signals = frozenset()
            before = by_event(self._graph(role).forward(nothing, step, intersection))
            self._turns[role] = {one: frozenset.intersection(*states) for one, states in before.items()}
        return self._turns[role].get(event, frozenset())


def _waits(event: Event) -> bool:
    """Whether an event comes back only once it is this role's turn, or a test of it has shown that it is."""
    if event.verb is Verb.LEARN:
        return event.exact and event.target.kind is Kind.EVENT
    if not event.exact or event.blocking is not Blocking.FOREVER or event.target.many:
        return False
    return event.verb is (Verb.WAIT if event.target.kind is Kind.EVENT else Verb.ACQUIRE) and _signals(event.target)


def _passes(event: Event) -> bool:
    """Whether an event gives the turn to somebody."""
    return event.verb is (Verb.SET if event.target.kind is Kind.EVENT else Verb.RELEASE) and _signals(event.target)


def _signals(shared: Shared) -> bool:
    """Whether something is a signal that wakes one turn: an event, or a semaphore of one place at most."""
    if shared.kind is Kind.EVENT:
        return True
    return shared.kind in _COUNTED and isinstance(shared, Lock) and shared.count in (0, 1)
