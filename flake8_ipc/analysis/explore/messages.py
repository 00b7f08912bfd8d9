"""What is done to queues and pipes, as CPython does it.

Sources: CPython Lib/multiprocessing/queues.py (a put only hands its item to the feeder; _finalize_join waits for the
feeder at exit; a JoinableQueue counts what was put and not acknowledged), connection.py (recv raises EOFError when no copy
of the other end is left).
"""

from __future__ import annotations

from ...model import Event, Kind, PipeEnd, Shared, Verb
from .machine import Deed, caught
from .state import Ground, State, TooBig


def put(ground: Ground, state: State, index: int, step: Deed) -> list[State] | None:
    """Waits for room where there is little, then hands a message to the feeder, which alone waits for whoever takes it."""
    queue = step.event.target
    items = ground.queue(state, queue)
    room = ground.room_in(queue)
    if room and len(items) >= room:
        return None
    if len(items) >= ground.numbers.longest:
        raise TooBig
    token = (ground.payload(step.event.payload), ground.home(state, index))
    state = ground.hold(state, queue, (*items, token))
    if queue in ground.tasks:
        if ground.unfinished(state, queue) >= 2 * ground.numbers.longest:
            raise TooBig
        state = ground.fill(state, ground.tasks[queue], ground.unfinished(state, queue) + 1)
    if not ground.patient and queue.kind is Kind.SIMPLE_QUEUE and queue not in ground.hasty:
        return [ground.go(state, index, state.threads[index].pc, sending=True)]
    return [ground.go(state, index, step.next)]


def get(ground: Ground, state: State, index: int, step: Deed) -> list[State] | None:
    """Takes the oldest message, if there is one."""
    items = ground.queue(state, step.event.target)
    if not items:
        return None
    (payload, sender), rest = items[0], items[1:]
    state = ground.hold(state, step.event.target, rest)
    if sender == ground.home(state, index) and step.event.target in ground.contested:
        state = state._replace(own=state.own | {step.event})
    return [ground.go(_remember(ground, state, index, step.event, payload), index, step.next)]


def _remember(ground: Ground, state: State, index: int, event: Event, payload: object) -> State:
    thread = state.threads[index]
    last = tuple(pair for pair in thread.last if pair[0] is not event)
    return ground.with_copy(state, index, thread._replace(last=(*last, (event, payload))))


def task_done(ground: Ground, state: State, index: int, step: Deed) -> list[State]:
    """Acknowledges an item; once too often it raises, if it cannot be that more was put than the text shows."""
    queue = step.event.target
    left = ground.unfinished(state, queue)
    on = ground.go(state, index, step.next)
    if left == 0:
        return [on, ground.go(state, index, caught(step.handlers, "ValueError"))]
    return [ground.fill(on, ground.tasks[queue], left - 1)]


def join(ground: Ground, state: State, index: int, step: Deed) -> list[State] | None:
    """Waits until every item that was put has been acknowledged."""
    return [ground.go(state, index, step.next)] if ground.unfinished(state, step.event.target) == 0 else None


def send(ground: Ground, state: State, index: int, step: Deed) -> list[State] | None:
    """Writes a message into the pipe."""
    end = step.event.target
    peer = end.peer if isinstance(end, PipeEnd) else None
    if peer is None:
        return [ground.go(state, index, step.next)]
    buffer, holders = ground.pipe(state, peer)
    if len(buffer) >= ground.numbers.longest:
        raise TooBig
    token = (ground.payload(step.event.payload), ground.home(state, index))
    state = ground.hold(state, peer, ((*buffer, token), holders))
    if ground.patient or peer in ground.hasty:
        return [ground.go(state, index, step.next)]
    return [ground.go(state, index, state.threads[index].pc, sending=True)]


def recv(ground: Ground, state: State, index: int, step: Deed) -> list[State] | None:
    """Takes the oldest message; the end of the pipe comes when nobody is left to send."""
    end = step.event.target
    buffer, holders = ground.pipe(state, end)
    if buffer:
        (payload, _), rest = buffer[0], buffer[1:]
        state = ground.hold(state, end, (rest, holders))
        return [ground.go(_remember(ground, state, index, step.event, payload), index, step.next)]
    peer = end.peer if isinstance(end, PipeEnd) else None
    if peer is None or not ground.pipe(state, peer)[1]:
        return [ground.go(state, index, caught(step.handlers, "EOFError"))]
    return None


def close(ground: Ground, state: State, index: int, end: Shared) -> State:
    """Lets a process's copy of an end go."""
    if not isinstance(end, PipeEnd) or end not in ground.number:
        return state
    buffer, holders = ground.pipe(state, end)
    return ground.hold(state, end, (buffer, holders - {ground.home(state, index)}))


def taken(ground: Ground, state: State, index: int, step: Deed) -> bool:
    """Whether what this copy sent last has been received, or nobody is left to receive it."""
    me = ground.home(state, index)
    target = step.event.target
    if isinstance(target, PipeEnd):
        assert target.peer is not None
        buffer, holders = ground.pipe(state, target.peer)
        return not holders or all(sender != me for _, sender in buffer)
    return all(sender != me for _, sender in ground.queue(state, target))


def flushed(ground: Ground, state: State, index: int) -> bool:
    """Whether everything this copy put has left its feeder."""
    if ground.patient or ground.roles[state.threads[index].role].thread:
        return True
    if state.threads[index].role == 0:
        return True
    for shared in ground.objects:
        if shared.kind in (Kind.QUEUE, Kind.JOINABLE_QUEUE) and not shared.managed and shared not in ground.hasty:
            if any(sender == index for _, sender in ground.queue(state, shared)):
                return False
    return True


DEEDS = {Verb.PUT: put, Verb.GET: get, Verb.TASK_DONE: task_done, Verb.SEND: send, Verb.RECV: recv}
