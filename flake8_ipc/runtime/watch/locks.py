"""Locks, semaphores, conditions, events and barriers (CPython Lib/multiprocessing/synchronize.py)."""

from __future__ import annotations

import os
import zlib
from typing import Any

from ..identity import MARK, lock
from ..patch import done, in_event_loop, replace, safely, waiting
from ..places import by_coroutine, caller
from ..record import Record, current
from ..slots import Wait

_KINDS = {
    "Lock": "LOCK",
    "RLock": "RLOCK",
    "Semaphore": "SEMAPHORE",
    "BoundedSemaphore": "BOUNDED_SEMAPHORE",
    "Condition": "CONDITION",
    "Event": "EVENT",
    "Barrier": "BARRIER",
}
_SIGNALS = frozenset({"SEMAPHORE", "BOUNDED_SEMAPHORE"})


def _number(semlock: Any) -> int:
    """The number that all processes know a semaphore by: of its name, or, where only forks share it, of where it was made."""
    name = getattr(semlock, "name", None) or f"{os.getpid()}:{semlock.handle}"
    return zlib.crc32(str(name).encode())


def _methods(original: Any) -> Any:
    def _make_methods(self: Any) -> None:
        original(self)
        number = _number(self._semlock)
        name = f"lock:{number}"
        setattr(self, MARK, name)
        signals = type(self).__name__ in ("Semaphore", "BoundedSemaphore")
        # The closures must not hold the object: its semaphore is unlinked when it is collected.
        self.acquire = _acquire(self._semlock.acquire, number, name, signals)
        self.release = _release(self._semlock.release, name, signals)

    return _make_methods


def _acquire(acquire: Any, number: int, name: str, signals: bool) -> Any:
    def watched(block: bool = True, timeout: Any = None) -> Any:
        record = current()
        if record is None:
            return acquire(block, timeout)
        event = _tell(record, "ACQUIRE", name, waiting(block, timeout))
        if not block or timeout is not None:
            taken = acquire(block, timeout)
        elif not (taken := acquire(False)):
            with record.slots.waiting(Wait.LOCK, number):
                taken = acquire(block, timeout)
        if not taken and event:
            record.write("failed", event, "False")
        if taken and signals:
            record.take_in(name)
        return taken

    return watched


def _release(release: Any, name: str, signals: bool) -> Any:
    def watched() -> Any:
        record = current()
        if record is not None:
            _tell(record, "RELEASE", name, {})
            if signals:
                record.pass_on(name)
        return release()

    return watched


@safely
def _tell(record: Record, verb: str, name: str, facts: dict[str, Any]) -> int:
    who = caller(4)
    if who is None:
        return 0
    if verb == "ACQUIRE" and in_event_loop() and by_coroutine(who):
        facts = {**facts, "async": True}
    return record.event(verb, name, who, **facts)


def _rebuilt(original: Any) -> Any:
    """A semaphore opened by its name, which may be gone (Lib/multiprocessing/synchronize.py, ``SemLock.__setstate__``)."""

    def __setstate__(self: Any, state: Any) -> None:
        try:
            original(self, state)
        except FileNotFoundError:
            record = current()
            if record is not None:
                record.write("raised", {"type": "FileNotFoundError"})
            raise

    return __setstate__


def _entered(original: Any) -> Any:
    def __enter__(self: Any) -> Any:
        return self.acquire()

    return __enter__


def _exited(original: Any) -> Any:
    def __exit__(self: Any, *args: Any) -> Any:
        return self.release()

    return __exit__


def _made(original: Any) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        safely(_tell_made)(self, args)

    return __init__


def _tell_made(thing: Any, args: tuple[Any, ...]) -> None:
    record, who = current(), caller(4)
    kind = next((_KINDS[cls.__name__] for cls in type(thing).__mro__ if cls.__name__ in _KINDS), None)
    name = lock(thing)
    if record is None or who is None or kind is None or name is None:
        return
    facts: dict[str, Any] = {}
    if "SEMAPHORE" in kind:
        facts["count"] = args[0] if args else 1
    elif kind == "CONDITION":
        facts["lock"] = lock(thing._lock)
    elif kind == "BARRIER":
        facts["parties"] = thing.parties
    record.thing(name, kind, who, **facts)


def _wait_facts(thing: Any, timeout: Any = None) -> dict[str, Any]:
    return waiting(True, timeout)


def _wait_for_facts(thing: Any, predicate: Any = None, timeout: Any = None) -> dict[str, Any]:
    return waiting(True, timeout)


def _learnt(record: Record, thing: Any, result: Any, event: int) -> None:
    name = lock(thing)
    if result is False and event:
        record.write("failed", event, "False")
    elif name is not None:
        record.take_in(name)


def _telling(original: Any) -> Any:
    """A call after which others may go on: what this process knows is passed on first."""

    def tells(self: Any, *args: Any, **kwargs: Any) -> Any:
        record, name = current(), lock(self)
        if record is not None and name is not None:
            record.pass_on(name)
        return original(self, *args, **kwargs)

    return tells


def install() -> None:
    """Watches every class of the module."""
    from multiprocessing import synchronize

    replace(synchronize.SemLock, "_make_methods", _methods)
    replace(synchronize.SemLock, "__setstate__", _rebuilt)
    replace(synchronize.SemLock, "__enter__", _entered)
    replace(synchronize.SemLock, "__exit__", _exited)
    for name in _KINDS:
        replace(getattr(synchronize, name), "__init__", _made)
    condition, event, barrier = synchronize.Condition, synchronize.Event, synchronize.Barrier
    for cls, name, verb in ((condition, "notify", "NOTIFY"), (condition, "notify_all", "NOTIFY"), (event, "set", "SET")):
        replace(cls, name, _telling)
    done(condition, "__enter__", "ACQUIRE", lock)
    done(condition, "__exit__", "RELEASE", lock)
    done(condition, "wait", "WAIT", lock, _wait_facts, _learnt)
    done(condition, "wait_for", "WAIT", lock, _wait_for_facts, _learnt)
    done(event, "wait", "WAIT", lock, _wait_facts, _learnt)
    done(event, "clear", "CLEAR", lock)
    done(event, "is_set", "QUERY", lock, None, _learnt)
    replace(barrier, "wait", _telling)
    done(barrier, "wait", "WAIT", lock, _wait_facts, _learnt)
    for name in ("notify", "notify_all"):
        done(condition, name, "NOTIFY", lock)
    done(event, "set", "SET", lock)
