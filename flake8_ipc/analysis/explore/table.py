"""The steps of one program's copies, and the states they lead to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ...model import Barrier, Blocking, Constant, Event, Kind, Lock, PipeEnd, Queue, Role, Shared, Verb
from . import messages, signals
from .life import end_copies, finish, join, spawn
from .machine import Deed, Enter, Fork, Head, Machine, Spin, Step, caught, turns_idly
from .messages import close, flushed, taken
from .state import DONE, FLUSHING, RUNNING, Ground, Sleepers, State, Thread, at, passes

_Act: TypeAlias = Callable[[Ground, State, int, Deed], list[State] | None]
_DEEDS: dict[Verb, _Act] = {**messages.DEEDS, **signals.DEEDS}
_WAITS = frozenset({Verb.PUT, Verb.GET, Verb.RECV, Verb.ACQUIRE, Verb.WAIT})


class Table(Ground):
    """Who can step where, and what comes of it."""

    def __init__(self, roles: list[Role], objects: list[Shared], machines: list[Machine], *, patient: bool) -> None:
        super().__init__(roles, objects, machines, patient=patient)
        self._acts = {
            step: act
            for machine in machines
            for step in machine.steps
            if isinstance(step, Deed) and (act := _act_of(step.event)) is not None
        }
        self._outcomes: dict[Thread, tuple[Thread, ...]] = {}
        self._pushed: dict[Fork, list[int]] = {}

    def push(self, carriers: frozenset[Shared]) -> bool:
        """Filters in loops that may put something on these queues do let something through; whether there are any."""
        for machine in self.machines if carriers else ():
            for pc, step in enumerate(machine.steps):
                if isinstance(step, Fork) and step.test is None and len(step.targets) > 1:
                    idle = {to for to in step.targets if turns_idly(machine, pc, to, carriers)}
                    if idle and not idle.issuperset(step.targets):
                        self._pushed[step] = [to for to in step.targets if to not in idle]
        return bool(self._pushed)

    def start(self) -> State:
        """The state in which only the root runs."""
        nobody: Sleepers = frozenset()
        held = (*map(_at_first, self.objects), *((nobody, nobody) for _ in self.sleepers), *(0 for _ in self.tasks))
        machine = self.machines[0]
        return State((Thread(0, machine.start, (0,) * machine.slots, (), RUNNING, False, -1),), held, (), (), frozenset())

    def moves(self, state: State, index: int) -> list[State] | None:
        """The outcomes of a copy's next step, of which the friend picks one; None where it cannot step."""
        thread = state.threads[index]
        if thread.status == DONE:
            return None
        if thread.status == FLUSHING:
            return [finish(self, state, index)] if flushed(self, state, index) else None
        step = self.machines[thread.role].steps[thread.pc]
        if isinstance(step, Deed):
            if thread.sending:
                return [self.go(state, index, step.next, sending=False)] if taken(self, state, index, step) else None
            return self._deed(state, index, step)
        if isinstance(step, (Fork, Head)):
            return [self.with_copy(state, index, on) for on in self.inward(thread)]
        if isinstance(step, Enter):
            return self._enter(state, index, step)
        if isinstance(step, Spin):
            return [state]
        if flushed(self, state, index):
            return [finish(self, state, index)]
        return [self.with_copy(state, index, thread._replace(status=FLUSHING))]

    def inward(self, thread: Thread) -> tuple[Thread, ...]:
        """The outcomes of a step that looks at nothing but its own copy: a fork, or the head of a loop."""
        found = self._outcomes.get(thread)
        if found is None:
            step = self.machines[thread.role].steps[thread.pc]
            found = self._fork(thread, step) if isinstance(step, Fork) else _head(thread, step)
            self._outcomes[thread] = found
        return found

    def _fork(self, thread: Thread, step: Fork) -> tuple[Thread, ...]:
        if step.test is not None:
            for event, payload in thread.last:
                if event is step.test.event and not (payload is None and step.test in self.doubtful):
                    first = passes(step.test, payload) if isinstance(payload, Constant) else not step.test.equal
                    return (at(thread, step.targets[0 if first else 1]),)
        return tuple(at(thread, target) for target in dict.fromkeys(self._pushed.get(step, step.targets)))

    def _enter(self, state: State, index: int, step: Enter) -> list[State]:
        exact = step.count.exact
        if exact in self.lots and (self.numbers.one or not step.consumes):
            return [self._turn(state, index, step, self.turns)]
        key = id(step.count) if exact is None or id(step.count) in self.single else exact
        if exact is not None and exact <= self.numbers.exact and id(step.count) not in self.single:
            return [self._turn(state, index, step, exact)]
        if id(step.count) in self.single:
            return [self._turn(state, index, step, 1)]
        for known, number in state.picked:
            if known == key:
                return [self._turn(state, index, step, number)]
        if step.consumes and not (exact is not None and self.numbers.one):
            return [self.go(self._turn(state, index, step, -1), index, step.body)]
        picks = []
        for number in self.numbers.picks:
            picked = state._replace(picked=(*state.picked, (key, number)))
            picks.append(self._turn(picked, index, step, number))
        return picks

    def _turn(self, state: State, index: int, step: Enter, number: int) -> State:
        thread = state.threads[index]
        turns = (*thread.turns[: step.slot], number, *thread.turns[step.slot + 1 :])
        return self.with_copy(state, index, thread._replace(pc=step.head, turns=turns))

    def _deed(self, state: State, index: int, step: Deed) -> list[State] | None:
        act = self._acts.get(step)
        if act is not None:
            return self._act(state, index, step, act)
        event = step.event
        verb = event.verb
        if verb is Verb.START:
            return [spawn(self, state, index, step)]
        if verb is Verb.JOIN:
            return join(self, state, index, step)
        if verb in (Verb.TERMINATE, Verb.KILL):
            return [self.go(end_copies(self, state, event.target), index, step.next)]
        return [self.go(close(self, state, index, event.target), index, step.next)]

    def _act(self, state: State, index: int, step: Deed, act: _Act) -> list[State] | None:
        event = step.event
        done = act(self, state, index, step)
        if event.exact and (event.blocking is Blocking.FOREVER or event.verb not in _WAITS):
            return done
        failed = caught(step.handlers, event.raises) if event.raises is not None else step.next
        return [*(done or []), self.go(state, index, failed)]


def _act_of(event: Event) -> _Act | None:
    if event.verb is Verb.JOIN:
        return messages.join if isinstance(event.target, Queue) else None
    return _DEEDS.get(event.verb)


def _head(thread: Thread, step: Step) -> tuple[Thread, ...]:
    assert isinstance(step, Head)
    left = thread.turns[step.slot]
    if left < 0:
        return at(thread, step.body), at(thread, step.next)
    if left == 0:
        return (at(thread, step.next),)
    turns = (*thread.turns[: step.slot], left - 1, *thread.turns[step.slot + 1 :])
    return (at(thread._replace(turns=turns), step.body),)


def _at_first(shared: Shared) -> object:
    if isinstance(shared, PipeEnd):
        return ((), frozenset({0}))
    if isinstance(shared, Queue):
        return ()
    if shared.kind in (Kind.SEMAPHORE, Kind.BOUNDED_SEMAPHORE):
        return shared.count if isinstance(shared, Lock) else None
    if isinstance(shared, Lock):
        return (-1, 0)
    if shared.kind is Kind.EVENT:
        return False
    if isinstance(shared, Barrier):
        return (frozenset(), frozenset())
    return None
