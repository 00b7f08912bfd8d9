"""What a program is in at one moment: where each copy of a role is, and what each object holds.

A state is never changed; what a step does to it makes another one. The ground is what all states of one program have in
common, and how they are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from ...model import Constant, Event, Kind, PipeEnd, Queue, Role, Shared, Test, Verb
from .machine import Deed, Fork, Machine
from .numbers import Numbers

# What one copy alone can hold; semaphores only count.
MUTEXES = frozenset({Kind.LOCK, Kind.RLOCK, Kind.CONDITION})
# A message's content, where somebody tells it from others, and the copy that sent it.
Token: TypeAlias = tuple[object, int]
# Copies with the depth of the lock that each of them gave back while it waits for a condition.
Sleepers: TypeAlias = frozenset[tuple[int, int]]
# A stop sign of a few bytes, of which any number fits into a pipe.
_SMALL = Constant(None)
# A message that is known, and that no test looks for.
_OTHER = Constant(...)
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


def at(thread: Thread, pc: int, *, sending: bool = False) -> Thread:
    """The copy at another step."""
    role, _, turns, last, status, _, parent = thread
    return _new(Thread, (role, pc, turns, last, status, sending, parent))


class Ground:
    """Roles compiled, objects numbered; ``patient`` False: a message must be taken before its sender is done."""

    def __init__(self, roles: list[Role], objects: list[Shared], machines: list[Machine], *, patient: bool) -> None:
        self.roles = roles
        self.machines = machines
        self.number = {shared: index for index, shared in enumerate(objects)}
        self.objects = objects
        conditions = [shared for shared in objects if shared.kind is Kind.CONDITION]
        self.sleepers = {shared: len(objects) + index for index, shared in enumerate(conditions)}
        joined = {event.target for event in self.deeds(Verb.JOIN)}
        tasks = [shared for shared in objects if shared in joined]
        self.tasks = {shared: len(objects) + len(conditions) + index for index, shared in enumerate(tasks)}
        self.role_of = {role.process: index for index, role in enumerate(roles) if role.process is not None}
        self.patient = patient
        self.fork_only = False
        self.daemons = any(role.daemon is not False for role in roles[1:])
        self.numbers = Numbers()
        tests = [
            step.test for machine in machines for step in machine.steps if isinstance(step, Fork) and step.test is not None
        ]
        self._told_apart = {_typed(test.constant) for test in tests}
        self._truths = any(test.truth for test in tests)
        self.doubtful = frozenset(self._doubtful(tests))
        self.alone: frozenset[Event] = frozenset()
        self.hasty: frozenset[Shared] = frozenset()
        self.contested = frozenset(_contested(roles))
        self.room: dict[Shared, int] = {}
        self.lots: frozenset[int] = frozenset()
        self.turns = 0
        self.single: frozenset[int] = frozenset()
        self.counted: frozenset[Shared] = frozenset()

    def deeds(self, *verbs: Verb) -> Iterator[Event]:
        """What the roles may do of these verbs."""
        for machine in self.machines:
            for step in machine.steps:
                if isinstance(step, Deed) and step.event.verb in verbs:
                    yield step.event

    @staticmethod
    def with_copy(state: State, index: int, thread: Thread) -> State:
        """The state with another copy at this number."""
        threads, held, picked, joined, own = state
        return _new(State, ((*threads[:index], thread, *threads[index + 1 :]), held, picked, joined, own))

    def go(self, state: State, index: int, pc: int, *, sending: bool = False) -> State:
        """The state with a copy at another step."""
        return self.with_copy(state, index, at(state.threads[index], pc, sending=sending))

    def hold(self, state: State, shared: Shared, value: object) -> State:
        """The state with something else in an object."""
        return self.fill(state, self.number[shared], value)

    @staticmethod
    def fill(state: State, number: int, value: object) -> State:
        """The state with something else at this number of what is held."""
        threads, held, picked, joined, own = state
        return _new(State, (threads, (*held[:number], value, *held[number + 1 :]), picked, joined, own))

    def queue(self, state: State, shared: Shared) -> tuple[Token, ...]:
        """What waits to be taken from a queue."""
        found = state.held[self.number[shared]]
        assert isinstance(found, tuple)
        return found

    def holds_any(self, state: State, carrier: Shared) -> bool:
        """Whether something waits to be taken from a queue, or received at an end of a pipe."""
        return bool(self.pipe(state, carrier)[0] if isinstance(carrier, PipeEnd) else self.queue(state, carrier))

    def unfinished(self, state: State, queue: Shared) -> int:
        """How many items of a queue that somebody joins have been put and not acknowledged."""
        found = state.held[self.tasks[queue]]
        assert isinstance(found, int)
        return found

    def pipe(self, state: State, end: Shared) -> tuple[tuple[Token, ...], frozenset[int]]:
        """What waits to be received at an end, and which copies hold it open."""
        found = state.held[self.number[end]]
        assert isinstance(found, tuple) and len(found) == 2
        return found

    def holders(self, state: State, end: Shared) -> frozenset[int]:
        """Which copies hold an end of a pipe open."""
        return self.pipe(state, end)[1]

    def home(self, state: State, index: int) -> int:
        """The copy whose process this one runs in."""
        while self.roles[state.threads[index].role].thread and state.threads[index].parent >= 0:
            index = state.threads[index].parent
        return index

    def remember(self, state: State, index: int, event: Event, payload: object) -> State:
        """The state with a copy that knows what it took, or was told, by an event."""
        thread = state.threads[index]
        last = tuple(pair for pair in thread.last if pair[0] is not event)
        return self.with_copy(state, index, thread._replace(last=(*last, (event, payload))))

    def payload(self, event: Event, thread: Thread | None = None) -> object:
        """A message's content, if somebody tells it from others, or by its size; of one passed on, what was taken."""
        payload = event.payload
        if payload is None:
            return next((taken for get, taken in thread.last if get is event.passed), None) if thread is not None else None
        if payload.value is None and not self.patient:
            return _SMALL
        if _typed(payload) not in self._told_apart and (payload.value or not self._truths):
            return _OTHER if self.doubtful else None
        return payload

    def _doubtful(self, tests: list[Test]) -> Iterator[Test]:
        """Tests for a stop sign that nobody puts anywhere, as far as is known: some unknown message may be it.

        A None is put as such.
        """
        sent = [(event.target, event.payload) for event in self.deeds(Verb.PUT, Verb.SEND) if event.payload is not None]
        for test in tests:
            if test.event.verb is Verb.QUERY or (test.constant.value is None and not test.truth):
                continue
            # Where another one of its type is put there, that is the stop sign, spelt otherwise.
            kind, there = type(test.constant.value), [one for to, one in sent if to.outlet is test.event.target]
            like = any(type(one.value) is kind for one in there)
            if not like and not any(passes(test, one) is test.equal for _, one in sent):
                yield test

    def waits_for_taking(self, messages: tuple[Token, ...], sender: int) -> bool:
        """Whether some message of this sender does not fit into the pipe: all do up to one that is more than a None."""
        large = next((place for place, (payload, _) in enumerate(messages) if payload != _SMALL), len(messages))
        return any(one == sender for _, one in messages[large:])

    def room_in(self, queue: Shared) -> int | None:
        """How many messages a queue holds (0: any number, None: it cannot be told)."""
        return self.room.get(queue, queue.maxsize if isinstance(queue, Queue) else 0)


def passes(test: Test, message: Constant) -> bool:
    """Whether a message that is known takes the first branch of a test."""
    same = not message.value if test.truth else _typed(message) == _typed(test.constant)
    return same is test.equal


def _typed(constant: Constant) -> tuple[type, object]:
    return type(constant.value), constant.value


def _contested(roles: Sequence[Role]) -> Iterator[Shared]:
    """The queues that several copies get from: there one may take a message that another one waits for."""
    takers: dict[Shared, set[Role]] = {}
    for role in roles:
        for event in role.events(Verb.GET):
            takers.setdefault(event.target, set()).add(role)
    for shared, users in takers.items():
        if len(users) > 1 or any(role.many for role in users):
            yield shared
