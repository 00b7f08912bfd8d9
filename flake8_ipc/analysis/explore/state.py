"""What each step does to the shared objects, as CPython does it.

Sources: CPython Lib/multiprocessing/queues.py (a put only hands its item to the feeder; _finalize_join waits for the
feeder at exit), connection.py (recv raises EOFError when no copy of the other end is left), synchronize.py,
util.py (_exit_function joins children that are no daemons), process.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from ...model import Barrier, Blocking, Constant, Event, Kind, Lock, PipeEnd, Process, Queue, Role, Shared, Verb
from ..locks import root
from .machine import Deed, Enter, Fork, Head, Machine, Spin, Step, caught

# How many turns are played out exactly; a higher number is a number that the friend picks.
EXACT = 4
# Longer queues than this are not explored.
_LONGEST = 9
# What one copy alone can hold; semaphores only count.
MUTEXES = frozenset({Kind.LOCK, Kind.RLOCK, Kind.CONDITION})
Token: TypeAlias = tuple[object, int]
# Copies with the depth of the lock that each of them gave back while it waits for a condition.
_Sleepers: TypeAlias = frozenset[tuple[int, int]]
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


_new = tuple.__new__


def _at(thread: Thread, pc: int, *, sending: bool = False) -> Thread:
    """The copy at another step."""
    role, _, turns, last, status, _, parent = thread
    return _new(Thread, (role, pc, turns, last, status, sending, parent))


def _fork(thread: Thread, step: Fork) -> tuple[Thread, ...]:
    if step.test is not None:
        for event, payload in thread.last:
            if event is step.test.event:
                same = payload == ("const", step.test.constant.value)
                return (_at(thread, step.targets[0 if same is step.test.equal else 1]),)
    return tuple(_at(thread, target) for target in dict.fromkeys(step.targets))


def _head(thread: Thread, step: Step) -> tuple[Thread, ...]:
    assert isinstance(step, Head)
    left = thread.turns[step.slot]
    if left < 0:
        return _at(thread, step.body), _at(thread, step.next)
    if left == 0:
        return (_at(thread, step.next),)
    turns = (*thread.turns[: step.slot], left - 1, *thread.turns[step.slot + 1 :])
    return (_at(thread._replace(turns=turns), step.body),)


class Table:
    """Roles compiled, objects numbered; ``patient`` False: a message must be taken before its sender is done."""

    def __init__(self, roles: list[Role], objects: list[Shared], machines: list[Machine], *, patient: bool) -> None:
        self.roles = roles
        self.machines = machines
        self.number = {shared: index for index, shared in enumerate(objects)}
        self.objects = objects
        conditions = [shared for shared in objects if shared.kind is Kind.CONDITION]
        self._sleepers = {shared: len(objects) + index for index, shared in enumerate(conditions)}
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
        self.contested = frozenset(_contested(roles))
        self.room: dict[Shared, int] = {}
        self.lots: frozenset[int] = frozenset()
        self.turns = 0
        self.single: frozenset[int] = frozenset()
        self._outcomes: dict[Thread, tuple[Thread, ...]] = {}

    def start(self) -> State:
        """The state in which only the root runs."""
        nobody: _Sleepers = frozenset()
        held = (*map(_at_first, self.objects), *((nobody, nobody) for _ in self._sleepers))
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
        if isinstance(step, (Fork, Head)):
            return [self.put(state, index, on) for on in self.inward(thread)]
        if isinstance(step, Enter):
            return self._enter(state, index, step)
        if isinstance(step, Spin):
            return [state]
        if self._flushed(state, index):
            return [self._finish(state, index)]
        return [self.put(state, index, thread._replace(status=FLUSHING))]

    def inward(self, thread: Thread) -> tuple[Thread, ...]:
        """The outcomes of a step that looks at nothing but its own copy: a fork, or the head of a loop."""
        found = self._outcomes.get(thread)
        if found is None:
            step = self.machines[thread.role].steps[thread.pc]
            found = self._outcomes[thread] = _fork(thread, step) if isinstance(step, Fork) else _head(thread, step)
        return found

    @staticmethod
    def put(state: State, index: int, thread: Thread) -> State:
        """The state with another copy at this number."""
        threads, held, picked, joined, own = state
        return _new(State, ((*threads[:index], thread, *threads[index + 1 :]), held, picked, joined, own))

    def _go(self, state: State, index: int, pc: int, *, sending: bool = False) -> State:
        return self.put(state, index, _at(state.threads[index], pc, sending=sending))

    def _hold(self, state: State, shared: Shared, value: object) -> State:
        threads, held, picked, joined, own = state
        number = self.number[shared]
        return _new(State, (threads, (*held[:number], value, *held[number + 1 :]), picked, joined, own))

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
        return self.put(state, index, thread._replace(pc=step.head, turns=turns))

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
        return forked and self.home(state, index) in self._pipe(state, end)[1]

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
        state = self.put(state, index, thread._replace(status=DONE, pc=0, last=(), turns=(), sending=False))
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

    def holders(self, state: State, end: Shared) -> frozenset[int]:
        """Which copies hold an end of a pipe open."""
        return self._pipe(state, end)[1]

    def home(self, state: State, index: int) -> int:
        """The copy whose process this one runs in."""
        while self.roles[state.threads[index].role].thread and state.threads[index].parent >= 0:
            index = state.threads[index].parent
        return index

    def payload(self, payload: Constant | None) -> object:
        """A message's content, if somebody tells it from others."""
        if payload is None or (type(payload.value), payload.value) not in self.told_apart:
            return None
        return ("const", payload.value)

    def room_in(self, queue: Shared) -> int | None:
        """How many messages a queue holds (0: any number, None: it cannot be told)."""
        return self.room.get(queue, queue.maxsize if isinstance(queue, Queue) else 0)

    def _put(self, state: State, index: int, step: Deed) -> list[State] | None:
        queue = step.event.target
        items = self._queue(state, queue)
        room = self.room_in(queue)
        if room and len(items) >= room:
            return None
        if len(items) >= _LONGEST:
            raise TooBig
        token = (self.payload(step.event.payload), self.home(state, index))
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
        if sender == self.home(state, index) and step.event.target in self.contested:
            state = state._replace(own=state.own | {step.event})
        return [self._go(self._remember(state, index, step.event, payload), index, step.next)]

    def _remember(self, state: State, index: int, event: Event, payload: object) -> State:
        thread = state.threads[index]
        last = tuple(pair for pair in thread.last if pair[0] is not event)
        return self.put(state, index, thread._replace(last=(*last, (event, payload))))

    def _send(self, state: State, index: int, step: Deed) -> list[State] | None:
        end = step.event.target
        peer = end.peer if isinstance(end, PipeEnd) else None
        if peer is None:
            return [self._go(state, index, step.next)]
        buffer, holders = self._pipe(state, peer)
        if len(buffer) >= _LONGEST:
            raise TooBig
        token = (self.payload(step.event.payload), self.home(state, index))
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
        return self._hold(state, end, (buffer, holders - {self.home(state, index)}))

    def _taken(self, state: State, index: int, step: Deed) -> bool:
        """Whether what this copy sent last has been received, or nobody is left to receive it."""
        me = self.home(state, index)
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
        lock = root(step.event.target)
        on = self._go(state, index, step.next)
        held = state.held[self.number[lock]]
        if held is None:
            return [on]
        if isinstance(held, int):
            return [self._hold(on, lock, held - 1)] if held > 0 else None
        assert isinstance(held, tuple)
        owner, count = held
        if lock.kind is not Kind.LOCK and owner == index:
            return [self._hold(on, lock, (index, min(count + 1, 5)))]
        return [self._hold(on, lock, (index, 1))] if owner < 0 else None

    def _release(self, state: State, index: int, step: Deed) -> list[State]:
        lock = root(step.event.target)
        on = self._go(state, index, step.next)
        held = state.held[self.number[lock]]
        if held is None:
            return [on]
        if isinstance(held, int):
            return [self._hold(on, lock, max(held, min(held + 1, 9)))]
        assert isinstance(held, tuple)
        owner, count = held
        if lock.kind is Kind.LOCK:
            # Anybody may release a Lock that is held.
            return [self._hold(on, lock, (-1, 0)) if owner >= 0 else self._fail(state, index, step, "ValueError")]
        if owner != index:
            return [self._fail(state, index, step, "AssertionError")]
        return [self._hold(on, lock, (owner, count - 1) if count > 1 else (-1, 0))]

    def _fail(self, state: State, index: int, step: Deed, name: str) -> State:
        # A manager's server has threading's locks, which raise RuntimeError.
        name = "RuntimeError" if step.event.target.managed else name
        return self._go(state, index, caught(step.handlers, name))

    def _wait_for_condition(self, state: State, index: int, step: Deed) -> list[State] | None:
        """Gives the lock back, sleeps until it is notified, takes the lock again (CPython Condition.wait)."""
        condition = step.event.target
        if step.event.blocking is not Blocking.FOREVER:
            return [self._go(state, index, step.next)]
        lock = root(condition)
        asleep, woken = self._asleep(state, condition)
        owner, count = self._owner(state, lock)
        mine = next((one for one in asleep | woken if one[0] == index), None)
        if mine is None:
            if owner != index:
                return [self._fail(state, index, step, "AssertionError")]
            state = self._hold(state, lock, (-1, 0))
            return [self._sleep(state, condition, asleep | {(index, count)}, woken)]
        if mine in asleep or owner >= 0:
            return None
        state = self._sleep(self._hold(state, lock, mine), condition, asleep, woken - {mine})
        return [self._go(state, index, step.next)]

    def _notify(self, state: State, index: int, step: Deed) -> list[State]:
        condition = step.event.target
        if self._owner(state, root(condition))[0] != index:
            return [self._fail(state, index, step, "AssertionError")]
        on = self._go(state, index, step.next)
        asleep, woken = self._asleep(state, condition)
        if not asleep:
            return [on]
        if step.event.name.endswith("notify_all"):
            return [self._sleep(on, condition, frozenset(), woken | asleep)]
        return [self._sleep(on, condition, asleep - {one}, woken | {one}) for one in sorted(asleep)]

    def _owner(self, state: State, lock: Shared) -> tuple[int, int]:
        """The copy that holds a lock (-1: nobody), and how often it took it."""
        held = state.held[self.number[lock]]
        assert isinstance(held, tuple)
        return held

    def _asleep(self, state: State, condition: Shared) -> tuple[_Sleepers, _Sleepers]:
        """Who waits for a condition to be notified, and who has been and wants the lock back."""
        held = state.held[self._sleepers[condition]]
        assert isinstance(held, tuple)
        return held

    def _sleep(self, state: State, condition: Shared, asleep: _Sleepers, woken: _Sleepers) -> State:
        held = list(state.held)
        held[self._sleepers[condition]] = (asleep, woken)
        return State(state.threads, tuple(held), state.picked, state.joined, state.own)

    def woken(self, state: State, condition: Shared, index: int) -> bool:
        """Whether a copy that waits for a condition has been notified and only waits for its lock."""
        return any(one == index for one, _ in self._asleep(state, condition)[1])

    def _wait(self, state: State, index: int, step: Deed) -> list[State] | None:
        shared = step.event.target
        if shared.kind is Kind.CONDITION:
            return self._wait_for_condition(state, index, step)
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
    Verb.NOTIFY: Table._notify,
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


def _contested(roles: Sequence[Role]) -> Iterator[Shared]:
    """The queues that several copies get from: there one may take a message that another one waits for."""
    takers: dict[Shared, set[Role]] = {}
    for role in roles:
        for event in role.events(Verb.GET):
            takers.setdefault(event.target, set()).add(role)
    for shared, users in takers.items():
        if len(users) > 1 or any(role.many for role in users):
            yield shared
