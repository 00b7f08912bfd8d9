"""What a process has put on a queue and its feeder thread may not have sent yet.

A put only hands its object to a thread that pickles and sends it later (CPython Lib/multiprocessing/queues.py,
Queue.put and _feed). It is surely gone where the feeder was waited for (``join_thread``, ``JoinableQueue.join``), where
a process that takes it has ended, or has answered.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

from ..model import Blocking, Event, Kind, Loop, Program, Role, Shared, Verb
from .graph import Graph, Node, by_event, intersection, union
from .order import channel

_FED = frozenset({Kind.QUEUE, Kind.JOINABLE_QUEUE})
_SENDS = (Verb.PUT, Verb.SEND, Verb.SET, Verb.RELEASE, Verb.NOTIFY)
_RECEIVES = frozenset({Verb.GET, Verb.RECV, Verb.WAIT, Verb.ACQUIRE, Verb.LEARN})
_NOTHING: frozenset[Event] = frozenset()
_NOBODY: frozenset[Shared] = frozenset()


def is_fed(queue: Shared) -> bool:
    """Whether a thread of its own feeds a queue's pipe: a SimpleQueue and a manager's queue have none."""
    return queue.kind in _FED and not queue.managed


class Unsent:
    """The puts that may still be on their way at each point of a role."""

    def __init__(self, program: Program, graph: Callable[[Role], Graph]) -> None:
        self.program = program
        self._graph = graph
        self._nodes: dict[Role, dict[Node, frozenset[Event]]] = {}
        self._answers: dict[tuple[Role, Shared], dict[Shared, bool]] = {}
        self._loops: dict[Role, dict[Event, tuple[Loop, ...]]] = {}

    def nodes(self, role: Role) -> dict[Node, frozenset[Event]]:
        """Before each node: the puts that may not be sent yet, and the cancellings of the feeder's join."""
        if role not in self._nodes:
            fed = any(is_fed(event.target) for event in role.events(Verb.PUT))
            step = functools.partial(self._step, role)
            self._nodes[role] = self._graph(role).forward(_NOTHING, step, union) if fed else {}
        return self._nodes[role]

    def before(self, role: Role) -> dict[Event, frozenset[Event]]:
        """The same before each event, on any path."""
        return {event: _NOTHING.union(*states) for event, states in by_event(self.nodes(role)).items()}

    def _step(self, role: Role, state: frozenset[Event], event: Event) -> frozenset[Event]:
        verb, target = event.verb, event.target
        if verb in (Verb.PUT, Verb.CANCEL_JOIN_THREAD):
            # In a run, one that was put again at the same place stands for those before: the feeder keeps their order.
            return frozenset(put for put in state if not put.again(event)) | {event} if is_fed(target) else state
        if not state or not event.exact:
            return state
        if verb is Verb.JOIN_THREAD and any(put.verb is Verb.CANCEL_JOIN_THREAD and put.target is target for put in state):
            return state
        if verb is Verb.JOIN_THREAD or (verb is Verb.JOIN and is_fed(target)):
            return frozenset(put for put in state if put.target is not target)
        if not _proves(event):
            return state
        if verb is Verb.JOIN or (verb is Verb.LEARN and target.kind is Kind.PROCESS):
            taken = self._taken_by(self.program.role_of(target))
            return frozenset(put for put in state if put.target not in taken)
        if verb in _RECEIVES:
            return frozenset(put for put in state if not self._answered(role, put, event))
        return state

    def _taken_by(self, role: Role | None) -> set[Shared]:
        if role is None or role.thread:
            return set()
        return {event.target for one in self.program.roles if one.home is role for event in one.events(Verb.GET)}

    # -- answers

    def _answered(self, role: Role, put: Event, received: Event) -> bool:
        """Whether what is received was only sent after the put was taken."""
        if put.verb is not Verb.PUT or put.target is received.target:
            return False
        key = (role.home, put.target)
        if key not in self._answers:
            self._answers[key] = self._answers_to(*key)
        each = self._answers[key].get(channel(received))
        if each is None:
            return False
        # One answer for each message tells of the last one only, unless it is waited for beside every put.
        return not each or all(loop in self._around(role, received) for loop in self._around(role, put))

    def _answers_to(self, home: Role, queue: Shared) -> dict[Shared, bool]:
        """What is only sent on by processes that took something from a queue before: one for each item, or after all."""
        found: dict[Shared, bool] = {}
        silly: set[Shared] = set()
        for role in self.program.roles:
            sends = [event for event in role.events(*_SENDS, Verb.WAIT) if event.verb is not Verb.WAIT or _meets(event)]
            if role.home is home or not sends:
                continue
            got = by_event(self._graph(role).forward(_NOBODY, _note_get, intersection))
            gets = {loop for event in role.events(Verb.GET) if event.target is queue for loop in self._around(role, event)}
            for event in sends:
                target = channel(event, sending=True)
                if not all(queue in state for state in got.get(event, [_NOBODY])):
                    silly.add(target)
                each = any(loop in gets for loop in self._around(role, event))
                found[target] = found.get(target, False) or each
        return {target: each for target, each in found.items() if target not in silly}

    def _around(self, role: Role, event: Event) -> tuple[Loop, ...]:
        if role not in self._loops:
            self._loops[role] = {one.event: tuple(one.loops) for one in role.around.values()}
        return self._loops[role].get(event, ())


def _proves(event: Event) -> bool:
    """Whether past an event it was not waited in vain: where it would raise, and where a run has taken a message."""
    taken = event.clock is not None and event.failed is None and event.verb in (Verb.GET, Verb.RECV)
    return event.blocking is Blocking.FOREVER or event.raises is not None or taken


def _meets(event: Event) -> bool:
    """Whether a wait lets others go on who wait for this role."""
    return event.target.kind is Kind.BARRIER


def _note_get(got: frozenset[Shared], event: Event) -> frozenset[Shared]:
    return got | {event.target} if event.verb is Verb.GET and event.exact else got


def puts(state: Iterable[Event]) -> list[Event]:
    """The puts among what ``Unsent`` tells, in the order of the text."""
    return sorted((event for event in state if event.verb is Verb.PUT), key=lambda event: event.place.spot)
