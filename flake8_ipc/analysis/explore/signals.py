"""What is done to locks, conditions, semaphores, events and barriers, as CPython does it.

Source: CPython Lib/multiprocessing/synchronize.py (an RLock and a condition have an owner, a Lock has none; a condition's
wait gives its lock back, and takes it again once it is notified).
"""

from __future__ import annotations

from ...model import Barrier, Blocking, Kind, Shared, Verb
from ..locks import root
from .machine import Deed, caught
from .state import Ground, Sleepers, State


def acquire(ground: Ground, state: State, index: int, step: Deed) -> list[State] | None:
    """Takes a lock that nobody holds, or one more of a semaphore."""
    lock = root(step.event.target)
    on = ground.go(state, index, step.next)
    held = state.held[ground.number[lock]]
    if held is None:
        return [on]
    if isinstance(held, int):
        return [ground.hold(on, lock, held - 1)] if held > 0 else None
    assert isinstance(held, tuple)
    owner, count = held
    if lock.kind is not Kind.LOCK and owner == index:
        return [ground.hold(on, lock, (index, min(count + 1, 5)))]
    return [ground.hold(on, lock, (index, 1))] if owner < 0 else None


def release(ground: Ground, state: State, index: int, step: Deed) -> list[State]:
    """Gives a lock back; an RLock only to its owner."""
    lock = root(step.event.target)
    on = ground.go(state, index, step.next)
    held = state.held[ground.number[lock]]
    if held is None:
        return [on]
    if isinstance(held, int):
        return [ground.hold(on, lock, max(held, min(held + 1, 9)))]
    assert isinstance(held, tuple)
    owner, count = held
    if lock.kind is Kind.LOCK:
        # Anybody may release a Lock that is held.
        return [ground.hold(on, lock, (-1, 0)) if owner >= 0 else _fail(ground, state, index, step, "ValueError")]
    if owner != index:
        return [_fail(ground, state, index, step, "AssertionError")]
    return [ground.hold(on, lock, (owner, count - 1) if count > 1 else (-1, 0))]


def _fail(ground: Ground, state: State, index: int, step: Deed, name: str) -> State:
    # A manager's server has threading's locks, which raise RuntimeError.
    name = "RuntimeError" if step.event.target.managed else name
    return ground.go(state, index, caught(step.handlers, name))


def _wait_for_condition(ground: Ground, state: State, index: int, step: Deed) -> list[State] | None:
    """Gives the lock back, sleeps until it is notified, takes the lock again (CPython Condition.wait)."""
    condition = step.event.target
    if step.event.blocking is not Blocking.FOREVER:
        return [ground.go(state, index, step.next)]
    lock = root(condition)
    asleep, woken = _asleep(ground, state, condition)
    owner, count = _owner(ground, state, lock)
    mine = next((one for one in asleep | woken if one[0] == index), None)
    if mine is None:
        if owner != index:
            return [_fail(ground, state, index, step, "AssertionError")]
        state = ground.hold(state, lock, (-1, 0))
        return [_sleep(ground, state, condition, asleep | {(index, count)}, woken)]
    if mine in asleep or owner >= 0:
        return None
    state = _sleep(ground, ground.hold(state, lock, mine), condition, asleep, woken - {mine})
    return [ground.go(state, index, step.next)]


def notify(ground: Ground, state: State, index: int, step: Deed) -> list[State]:
    """Wakes one of those who wait for a condition, or all of them."""
    condition = step.event.target
    if _owner(ground, state, root(condition))[0] != index:
        return [_fail(ground, state, index, step, "AssertionError")]
    on = ground.go(state, index, step.next)
    asleep, woken = _asleep(ground, state, condition)
    if not asleep:
        return [on]
    if step.event.name.endswith("notify_all"):
        return [_sleep(ground, on, condition, frozenset(), woken | asleep)]
    return [_sleep(ground, on, condition, asleep - {one}, woken | {one}) for one in sorted(asleep)]


def _owner(ground: Ground, state: State, lock: Shared) -> tuple[int, int]:
    """The copy that holds a lock (-1: nobody), and how often it took it."""
    held = state.held[ground.number[lock]]
    assert isinstance(held, tuple)
    return held


def _asleep(ground: Ground, state: State, condition: Shared) -> tuple[Sleepers, Sleepers]:
    """Who waits for a condition to be notified, and who has been and wants the lock back."""
    held = state.held[ground.sleepers[condition]]
    assert isinstance(held, tuple)
    return held


def _sleep(ground: Ground, state: State, condition: Shared, asleep: Sleepers, woken: Sleepers) -> State:
    return ground.fill(state, ground.sleepers[condition], (asleep, woken))


def woken(ground: Ground, state: State, condition: Shared, index: int) -> bool:
    """Whether a copy that waits for a condition has been notified and only waits for its lock."""
    return any(one == index for one, _ in _asleep(ground, state, condition)[1])


def wait(ground: Ground, state: State, index: int, step: Deed) -> list[State] | None:
    """Waits for a condition, an event, or until all are at a barrier."""
    shared = step.event.target
    if shared.kind is Kind.CONDITION:
        return _wait_for_condition(ground, state, index, step)
    on = ground.go(state, index, step.next)
    held = state.held[ground.number[shared]]
    if shared.kind is Kind.EVENT:
        return [on] if held else None
    if not isinstance(shared, Barrier) or shared.parties is None or shared.parties > 6:
        return [on]
    assert isinstance(held, tuple)
    waiting, going = held
    if index in going:
        return [ground.hold(on, shared, (waiting, going - {index}))]
    if index in waiting or going:
        return None
    waiting |= {index}
    full = len(waiting) >= shared.parties
    return [ground.hold(state, shared, (frozenset(), waiting) if full else (waiting, going))]


def signal(ground: Ground, state: State, index: int, step: Deed) -> list[State]:
    """Sets or clears an event."""
    on = ground.go(state, index, step.next)
    if step.event.target.kind is Kind.EVENT:
        return [ground.hold(on, step.event.target, step.event.verb is Verb.SET)]
    return [on]


DEEDS = {
    Verb.ACQUIRE: acquire,
    Verb.RELEASE: release,
    Verb.WAIT: wait,
    Verb.SET: signal,
    Verb.CLEAR: signal,
    Verb.NOTIFY: notify,
}
