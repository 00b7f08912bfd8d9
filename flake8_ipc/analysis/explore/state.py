"""What each step does to the shared objects, as CPython does it.

Sources: CPython Lib/multiprocessing/queues.py (a put only hands its item to the feeder; _finalize_join waits for the
feeder at exit), connection.py (recv raises EOFError when no copy of the other end is left), synchronize.py,
util.py (_exit_function joins children that are no daemons), process.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from ...model import Barrier, Blocking, Constant, Event, Kind, Lock, PipeEnd, Process, Queue, Role, Shared, Verb
from .machine import Deed, Enter, Fork, Head, Machine, Spin, caught

# How many turns are played out exactly; a higher number is a number that the friend picks.
EXACT = 4
# Longer queues than this are not explored.
_LONGEST = 9
Token: TypeAlias = tuple[object, int]
RUNNING, FLUSHING, DONE = 0, 1, 2


class TooBig(Exception):
    """The program has more states than are explored."""


class Thread(NamedTuple):
    """One running copy of a role."""

    role: int
    pc: int
    turns: tuple[int, ...]
    last: tuple[tuple[Event, object], ...]
    status: int
    sending: bool
    parent: int


class State(NamedTuple):
    """All copies, what each object holds, the numbers picked so far, and who took a message of its own."""

    threads: tuple[Thread, ...]
    held: tuple[object, ...]
    picked: tuple[tuple[int, int], ...]
    joined: tuple[tuple[int, int], ...]
    own: frozenset[Event]


class Table:
    """Roles compiled, objects numbered; ``patient`` False: a message must be taken before its sender is done."""

    def __init__(self, roles: list[Role], objects: list[Shared], machines: list[Machine], *, patient: bool) -> None:
        self.roles = roles
        self.machines = machines
        self.number = {shared: index for index, shared in enumerate(objects)}
        self.objects = objects
        self.role_of = {role.process: index for index, role in enumerate(roles) if role.process is not None}
        self.patient = patient
        self.fork_only = False
        self.daemons = any(role.daemon is not False for role in roles[1:])
        self.one_number = False
        self.told_apart = {
            (type(step.test.constant.value), step.test.constant.value)
            for machine in machines
            for step in machine.steps
            if isinstance(step, Fork) and step.test is not None
        }
        self.alone: frozenset[Event] = frozenset()
        self.acts = {
            step: _DEEDS[step.event.verb]
            for machine in machines
            for step in machine.steps
            if isinstance(step, Deed) and step.event.verb in _DEEDS
        }
        self.hasty: frozenset[Shared] = frozenset()
        self.room: dict[Shared, int] = {}
        self.lots: frozenset[int] = frozenset()
        self.turns = 0
        self.single: frozenset[int] = frozenset()

    def start(self) -> State:
        """The state in which only the root runs."""
        held = tuple(_at_first(shared) for shared in self.objects)
        machine = self.machines[0]
        return State((Thread(0, machine.start, (0,) * machine.slots, (), RUNNING, False, -1),), held, (), (), frozenset())

    # -- steps

    def moves(self, state: State, index: int) -> list[State] | None:
        """The outcomes of a copy's next step, of which the friend picks one; None where it cannot step."""
        thread = state.threads[index]
        if thread.status == DONE:
            return None
        if thread.status == FLUSHING:
            return [self._finish(state, index)] if self._flushed(state, index) else None
        step = self.machines[thread.role].steps[thread.pc]
        if isinstance(step, Deed):
            if thread.sending:
                return [self._go(state, index, step.next, sending=False)] if self._taken(state, index, step) else None
            return self._deed(state, index, step)
        if isinstance(step, Fork):
            return self._fork(state, index, step)
        if isinstance(step, Enter):
            return self._enter(state, index, step)
        if isinstance(step, Head):
            return self._head(state, index, step)
        if isinstance(step, Spin):
            return [state]
        if self._flushed(state, index):
            return [self._finish(state, index)]
        return [self._set(state, index, thread._replace(status=FLUSHING))]

    @staticmethod
    def _set(state: State, index: int, thread: Thread) -> State:
        threads = list(state.threads)
        threads[index] = thread
        return State(tuple(threads), state.held, state.picked, state.joined, state.own)

    def _go(self, state: State, index: int, pc: int, *, sending: bool = False) -> State:
        old = state.threads[index]
        return self._set(state, index, Thread(old.role, pc, old.turns, old.last, old.status, sending, old.parent))

    def _hold(self, state: State, shared: Shared, value: object) -> State:
        held = list(state.held)
        held[self.number[shared]] = value
        return State(state.threads, tuple(held), state.picked, state.joined, state.own)

    def _fork(self, state: State, index: int, step: Fork) -> list[State]:
        if step.test is not None:
            for event, payload in state.threads[index].last:
                if event is step.test.event:
                    same = payload == ("const", step.test.constant.value)
                    return [self._go(state, index, step.targets[0 if same is step.test.equal else 1])]
        return [self._go(state, index, target) for target in dict.fromkeys(step.targets)]

    def _enter(self, state: State, index: int, step: Enter) -> list[State]:
        exact = step.count.exact
        if exact in self.lots and (self.one_number or not step.consumes):
            return [self._turn(state, index, step, self.turns)]
        key = id(step.count) if exact is None or id(step.count) in self.single else exact
        if exact is not None and exact <= EXACT and id(step.count) not in self.single:
            return [self._turn(state, index, step, exact)]
        if id(step.count) in self.single:
            return [self._turn(state, index, step, 1)]
        for known, number in state.picked:
            if known == key:
                return [self._turn(state, index, step, number)]
        if step.consumes and not (exact is not None and self.one_number):
            return [self._go(self._turn(state, index, step, -1), index, step.body)]
        picks = []
        for number in (1, 2):
            picked = state._replace(picked=(*state.picked, (key, number)))
            picks.append(self._turn(picked, index, step, number))
        return picks

    def _turn(self, state: State, index: int, step: Enter, number: int) -> State:
        thread = state.threads[index]
        turns = (*thread.turns[: step.slot], number, *thread.turns[step.slot + 1 :])
        return self._set(state, index, thread._replace(pc=step.head, turns=turns))

    def _head(self, state: State, index: int, step: Head) -> list[State]:
        thread = state.threads[index]
        left = thread.turns[step.slot]
        if left < 0:
            return [self._go(state, index, step.body), self._go(state, index, step.next)]
        if left == 0:
            return [self._go(state, index, step.next)]
        turns = (*thread.turns[: step.slot], left - 1, *thread.turns[step.slot + 1 :])
        return [self._set(state, index, thread._replace(pc=step.body, turns=turns))]

    # -- deeds

    def _deed(self, state: State, index: int, step: Deed) -> list[State] | None:
        act = self.acts.get(step)
        if act is not None:
            return self._act(state, index, step, act)
        event = step.event
        verb = event.verb
        if verb is Verb.START:
            return [self._spawn(state, index, step)]
        if verb is Verb.JOIN:
            return self._join(state, index, step)
        if verb in (Verb.TERMINATE, Verb.KILL):
            return [self._go(self._end_copies(state, event.target), index, step.next)]
        return [self._go(self._close(state, index, event.target), index, step.next)]

    def _act(self, state: State, index: int, step: Deed, act: _Act) -> list[State] | None:
        event = step.event
        done = act(self, state, index, step)
        if event.exact and (event.blocking is Blocking.FOREVER or event.verb not in _WAITS):
            return done
        failed = caught(step.handlers, event.raises) if event.raises is not None else step.next
        return [*(done or []), self._go(state, index, failed)]

    def _spawn(self, state: State, index: int, step: Deed) -> State:
        role = self.role_of.get(step.event.target)
        state = self._go(state, index, step.next)
        if role is None:
            return state
        if len(state.threads) > 8:
            raise TooBig
        machine = self.machines[role]
        copy = Thread(role, machine.start, (0,) * machine.slots, (), RUNNING, False, index)
        new = len(state.threads)
        state = state._replace(threads=(*state.threads, copy))
        if not self.roles[role].thread:
            for shared in self.objects:
                if isinstance(shared, PipeEnd) and self._gets(state, index, role, shared):
                    buffer, holders = self._pipe(state, shared)
                    state = self._hold(state, shared, (buffer, holders | {new}))
        return state

    def _gets(self, state: State, index: int, role: int, end: PipeEnd) -> bool:
        """Whether a new process has a copy of an end: it is given one, or is forked from a process that has it."""
        if end in self.roles[role].given:
            return True
        process = self.roles[role].process
        forked = self.fork_only or (process is not None and process.context == "fork")
        return forked and self._home(state, index) in self._pipe(state, end)[1]

    def _join(self, state: State, index: int, step: Deed) -> list[State] | None:
        on = self._go(state, index, step.next)
        role = self.role_of.get(step.event.target)
        if step.event.blocking is not Blocking.FOREVER or not step.event.exact or role is None:
            return [on]
        copies = [number for number, thread in enumerate(state.threads) if thread.role == role]
        joined = dict(state.joined).get(role, 0)
        if joined >= len(copies):
            return [on]
        if state.threads[copies[joined]].status != DONE:
            return None
        return [on._replace(joined=tuple(sorted({**dict(state.joined), role: joined + 1}.items())))]

    def _end_copies(self, state: State, process: Shared) -> State:
        role = self.role_of.get(process)
        for number, thread in enumerate(state.threads):
            if thread.role == role and thread.status != DONE:
                state = self._finish(state, number)
        return state

    def _finish(self, state: State, index: int) -> State:
        thread = state.threads[index]
        state = self._set(state, index, thread._replace(status=DONE, pc=0, last=(), turns=(), sending=False))
        if not self.roles[thread.role].thread:
            for shared in self.objects:
                if isinstance(shared, PipeEnd):
                    state = self._close(state, index, shared)
        if thread.role == 0:
            # Daemons die with the main program (CPython util._exit_function).
            for number, other in enumerate(state.threads):
                if other.status != DONE and self.roles[other.role].daemon is not False:
                    state = self._finish(state, number)
        return state

    # -- queues and pipes

    def _queue(self, state: State, shared: Shared) -> tuple[Token, ...]:
        found = state.held[self.number[shared]]
        assert isinstance(found, tuple)
        return found

    def _pipe(self, state: State, end: Shared) -> tuple[tuple[Token, ...], frozenset[int]]:
        """What waits to be received at an end, and which copies hold it open."""
        found = state.held[self.number[end]]
        assert isinstance(found, tuple) and len(found) == 2
        return found

    def _home(self, state: State, index: int) -> int:
        while self.roles[state.threads[index].role].thread and state.threads[index].parent >= 0:
            index = state.threads[index].parent
        return index

    def _payload(self, payload: Constant | None) -> object:
        """A message's content, if somebody tells it from others."""
        if payload is None or (type(payload.value), payload.value) not in self.told_apart:
            return None
        return ("const", payload.value)

    def _put(self, state: State, index: int, step: Deed) -> list[State] | None:
        queue = step.event.target
        items = self._queue(state, queue)
        room = self.room.get(queue, queue.maxsize if isinstance(queue, Queue) else 0)
        if room and len(items) >= room:
            return None
        if len(items) >= _LONGEST:
            raise TooBig
        token = (self._payload(step.event.payload), self._home(state, index))
        state = self._hold(state, queue, (*items, token))
        if not self.patient and queue.kind is Kind.SIMPLE_QUEUE and queue not in self.hasty:
            return [self._go(state, index, state.threads[index].pc, sending=True)]
        return [self._go(state, index, step.next)]

    def _get(self, state: State, index: int, step: Deed) -> list[State] | None:
        items = self._queue(state, step.event.target)
        if not items:
            return None
        (payload, sender), rest = items[0], items[1:]
        state = self._hold(state, step.event.target, rest)
        if sender == self._home(state, index):
            state = state._replace(own=state.own | {step.event})
        return [self._go(self._remember(state, index, step.event, payload), index, step.next)]

    def _remember(self, state: State, index: int, event: Event, payload: object) -> State:
        thread = state.threads[index]
        last = tuple(pair for pair in thread.last if pair[0] is not event)
        return self._set(state, index, thread._replace(last=(*last, (event, payload))))

    def _send(self, state: State, index: int, step: Deed) -> list[State] | None:
        end = step.event.target
        peer = end.peer if isinstance(end, PipeEnd) else None
        if peer is None:
            return [self._go(state, index, step.next)]
        buffer, holders = self._pipe(state, peer)
        if len(buffer) >= _LONGEST:
            raise TooBig
        token = (self._payload(step.event.payload), self._home(state, index))
        state = self._hold(state, peer, ((*buffer, token), holders))
        if self.patient or peer in self.hasty:
            return [self._go(state, index, step.next)]
        return [self._go(state, index, state.threads[index].pc, sending=True)]

    def _recv(self, state: State, index: int, step: Deed) -> list[State] | None:
        end = step.event.target
        buffer, holders = self._pipe(state, end)
        if buffer:
            (payload, _), rest = buffer[0], buffer[1:]
            state = self._hold(state, end, (rest, holders))
            return [self._go(self._remember(state, index, step.event, payload), index, step.next)]
        peer = end.peer if isinstance(end, PipeEnd) else None
        if peer is None or not self._pipe(state, peer)[1]:
            return [self._go(state, index, caught(step.handlers, "EOFError"))]
        return None

    def _close(self, state: State, index: int, end: Shared) -> State:
        if not isinstance(end, PipeEnd) or end not in self.number:
            return state
        buffer, holders = self._pipe(state, end)
        return self._hold(state, end, (buffer, holders - {self._home(state, index)}))

    def _taken(self, state: State, index: int, step: Deed) -> bool:
        """Whether what this copy sent last has been received, or nobody is left to receive it."""
        me = self._home(state, index)
        target = step.event.target
        if isinstance(target, PipeEnd):
            assert target.peer is not None
            buffer, holders = self._pipe(state, target.peer)
            return not holders or all(sender != me for _, sender in buffer)
        return all(sender != me for _, sender in self._queue(state, target))

    def _flushed(self, state: State, index: int) -> bool:
        """Whether everything this copy put has left its feeder."""
        if self.patient or self.roles[state.threads[index].role].thread:
            return True
        if state.threads[index].role == 0:
            return True
        for shared in self.objects:
            if shared.kind in (Kind.QUEUE, Kind.JOINABLE_QUEUE) and not shared.managed and shared not in self.hasty:
                if any(sender == index for _, sender in self._queue(state, shared)):
                    return False
        return True

    # -- locks and signals

    def _acquire(self, state: State, index: int, step: Deed) -> list[State] | None:
        lock = step.event.target
        on = self._go(state, index, step.next)
        held = state.held[self.number[lock]]
        if held is None:
            return [on]
        if lock.kind in (Kind.SEMAPHORE, Kind.BOUNDED_SEMAPHORE):
            assert isinstance(held, int)
            return [self._hold(on, lock, held - 1)] if held > 0 else None
        assert isinstance(held, tuple)
        owner, count = held
        if lock.kind in (Kind.RLOCK, Kind.CONDITION) and owner == index:
            return [self._hold(on, lock, (index, min(count + 1, 5)))]
        return [self._hold(on, lock, (index, 1))] if owner < 0 else None

    def _release(self, state: State, index: int, step: Deed) -> list[State]:
        lock = step.event.target
        on = self._go(state, index, step.next)
        held = state.held[self.number[lock]]
        if held is None:
            return [on]
        if isinstance(held, int):
            return [self._hold(on, lock, min(held + 1, 9))]
        assert isinstance(held, tuple)
        owner, count = held
        return [self._hold(on, lock, (owner, count - 1) if count > 1 else (-1, 0))]

    def _wait(self, state: State, index: int, step: Deed) -> list[State] | None:
        shared = step.event.target
        on = self._go(state, index, step.next)
        held = state.held[self.number[shared]]
        if shared.kind is Kind.EVENT:
            return [on] if held else None
        if not isinstance(shared, Barrier) or shared.parties is None or shared.parties > 6:
            return [on]
        assert isinstance(held, tuple)
        waiting, going = held
        if index in going:
            return [self._hold(on, shared, (waiting, going - {index}))]
        if index in waiting or going:
            return None
        waiting |= {index}
        full = len(waiting) >= shared.parties
        return [self._hold(state, shared, (frozenset(), waiting) if full else (waiting, going))]

    def _signal(self, state: State, index: int, step: Deed) -> list[State]:
        on = self._go(state, index, step.next)
        if step.event.target.kind is Kind.EVENT:
            return [self._hold(on, step.event.target, step.event.verb is Verb.SET)]
        return [on]


_Act: TypeAlias = Callable[[Table, State, int, Deed], list[State] | None]
_WAITS = frozenset({Verb.PUT, Verb.GET, Verb.RECV, Verb.ACQUIRE, Verb.WAIT})
_DEEDS: dict[Verb, _Act] = {
    Verb.PUT: Table._put,
    Verb.GET: Table._get,
    Verb.SEND: Table._send,
    Verb.RECV: Table._recv,
    Verb.ACQUIRE: Table._acquire,
    Verb.RELEASE: Table._release,
    Verb.WAIT: Table._wait,
    Verb.SET: Table._signal,
    Verb.CLEAR: Table._signal,
}


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


__all__ = ["DONE", "FLUSHING", "Process", "State", "Table", "Thread", "TooBig"]
