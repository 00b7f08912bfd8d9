"""Locks, semaphores, conditions, events and barriers (CPython Lib/multiprocessing/synchronize.py)."""

from __future__ import annotations

import os
import threading
import zlib
from functools import partial
from typing import Any

from .. import record as records
from ..identity import MARK, lock
from ..interruptions import by_handler, hide
from ..patch import done, in_event_loop, replace, safely, waiting
from ..places import by_coroutine, caller
from ..record import Record, current
from ..slots import Wait
from .waits import LIMITED

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
# Whose a lock is: the program's; a queue's own, which tells who holds it; one's for which its pipe tells that (``carrying``).
USERS, INNER, CARRIED = range(3)

_names = threading.local()


def _named(original: Any) -> Any:
    """The name of a new semaphore, which the object itself forgets where only forks share it."""

    def _make_name() -> Any:
        _names.last = name = original()
        return name

    return staticmethod(_make_name)


def _number(semlock: Any) -> int:
    """The number that all processes, and the kernel, know a semaphore by: of its name."""
    made, _names.last = getattr(_names, "last", None), None
    name = getattr(semlock, "name", None) or made or f"{os.getpid()}:{semlock.handle}"
    return zlib.crc32(str(name).encode())


class Holding:
    """Whether, and where, it is told who of this process holds a lock: one that only its owner ever releases."""

    __slots__ = ("at", "count", "number", "owned", "slots")

    def __init__(self, semlock: Any, number: int, owned: bool) -> None:
        self.owned = owned
        self.number = number
        self.count = semlock._count
        self.slots: Any = None
        self.at = -1

    def tell(self, record: Record, taken: bool) -> None:
        """Tells that this thread has just taken it, or is about to let it go; on the way of every access to a ``Value``."""
        try:
            slots = record.slots
            if self.slots is not slots:
                # A forked child has a table of its own.
                self.slots, self.at = slots, slots.entry(self.number)
            if self.at >= 0 and self.count() == 1:
                slots.words[self.at] = record.here.slot.owner if taken else 0
        except Exception as error:
            if by_handler(error):
                raise


def _methods(original: Any) -> Any:
    def _make_methods(self: Any) -> None:
        original(self)
        number = _number(self._semlock)
        name = f"lock:{number}"
        setattr(self, MARK, name)
        record = current()
        if record is not None:
            record.write("semaphore", number, self._semlock.handle)
        signals = type(self).__name__ in ("Semaphore", "BoundedSemaphore")
        # Neither this nor the methods may hold the object itself: its semaphore is unlinked when it is collected. A
        # partial is refused by pickle for what it holds, as the method itself is; a closure would be for being one.
        holding = self._flake8_ipc_holding = Holding(self._semlock, number, type(self).__name__ == "RLock")
        self.acquire = _instead(_acquire, self._semlock.acquire, holding, name, signals)
        self.release = _instead(_release, self._semlock.release, holding, name, signals)

    return _make_methods


def _instead(method: Any, original: Any, *known: Any) -> Any:
    """A method that is called as another is, and goes by its name."""
    made = partial(method, original, *known)
    made.__name__, made.__qualname__ = original.__name__, original.__qualname__  # type: ignore[attr-defined]
    return made


def _acquire(
    acquire: Any,
    holding: Holding,
    name: str,
    signals: bool,
    /,
    block: bool = True,
    timeout: Any = None,
    *more: Any,
    **named: Any,
) -> Any:
    record = current()
    asked = record is not None and not more and not named
    event = _tell(record, "ACQUIRE", name, waiting(block, timeout)) if asked else 0
    try:
        if record is None or not asked:
            return acquire(block, timeout, *more, **named)
        if not block:
            taken = acquire(block, timeout)
        elif timeout is not None:
            with record.slots.waiting(*LIMITED):
                taken = acquire(block, timeout)
        elif not (taken := acquire(False)):
            with record.slots.waiting(Wait.OWNED if holding.owned else Wait.LOCK, holding.number):
                taken = acquire(block, timeout)
    except BaseException as error:
        hide(error)
        raise
    record.returned(event)
    if not taken and event:
        record.write("failed", event, "False")
    elif event:
        records.new_section(record)
    if taken and holding.owned:
        holding.tell(record, True)
    if taken and signals:
        _take_in(record, name)
    return taken


def _release(release: Any, holding: Holding, name: str, signals: bool, /, *more: Any, **named: Any) -> Any:
    record = current()
    if record is not None and not more and not named:
        _tell(record, "RELEASE", name, {})
        if signals:
            _leave(record, name)
        if holding.owned:
            holding.tell(record, False)
    try:
        return release(*more, **named)
    except BaseException as error:
        hide(error)
        raise


@safely
def _take_in(record: Record, name: str) -> None:
    record.take_in(name)


@safely
def _leave(record: Record, name: str) -> None:
    record.pass_on(name)


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
        except BaseException as error:
            record = current()
            if record is not None and isinstance(error, FileNotFoundError):
                record.write("raised", {"type": "FileNotFoundError"})
            hide(error)
            raise

    return __setstate__


def _entered(original: Any) -> Any:
    def __enter__(self: Any) -> Any:
        inner = self._flake8_ipc_inner
        if not inner or not self._semlock.acquire(False):
            return self.acquire()
        if inner == CARRIED:
            return True
        record, holding = records.now, self._flake8_ipc_holding
        if record is not None:
            if holding.slots is record.slots and holding.at >= 0:
                record.slots.words[holding.at] = record.here.slot.owner
            else:
                holding.tell(record, True)
        return True

    return __enter__


def _exited(original: Any) -> Any:
    def __exit__(self: Any, *args: Any) -> Any:
        inner = self._flake8_ipc_inner
        if not inner:
            return self.release()
        if inner == CARRIED:
            return self._semlock.release()
        record, holding = records.now, self._flake8_ipc_holding
        if record is not None and holding.slots is record.slots and holding.at >= 0:
            record.slots.words[holding.at] = 0
        return self._semlock.release()

    return __exit__


def _made(original: Any) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            original(self, *args, **kwargs)
        except BaseException as error:
            hide(error)
            raise
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
        safely(_pass_on)(self)
        try:
            return original(self, *args, **kwargs)
        except BaseException as error:
            hide(error)
            raise

    return tells


def _pass_on(thing: Any) -> None:
    record, name = current(), lock(thing)
    if record is not None and name is not None:
        record.pass_on(name)


def _comes(original: Any) -> Any:
    """Who has come to a barrier: nobody can before all have left it the last time (Lib/threading.py, ``Barrier._enter``)."""

    def _enter(self: Any) -> None:
        try:
            original(self)
        except BaseException as error:
            hide(error)
            raise
        safely(_pass_on)(self)

    return _enter


def _goes(original: Any) -> Any:
    """Who is about to leave one takes in what those told who came, and nothing that they will tell when they come again."""

    def _exit(self: Any) -> None:
        safely(_met)(self)
        try:
            original(self)
        except BaseException as error:
            hide(error)
            raise

    return _exit


def _met(barrier: Any) -> None:
    record, name = current(), lock(barrier)
    if record is not None and name is not None and barrier._state == _DRAINING:
        record.take_in(name)


# The state of a barrier that all have come to, and that not all have left.
_DRAINING = 1


def install(synchronize: Any) -> None:
    """Watches every class of the module."""
    if "_make_name" in vars(synchronize.SemLock):
        synchronize.SemLock._make_name = _named(synchronize.SemLock._make_name)
    synchronize.SemLock._flake8_ipc_inner = USERS
    replace(synchronize.SemLock, "_make_methods", _methods)
    replace(synchronize.SemLock, "__setstate__", _rebuilt)
    replace(synchronize.SemLock, "__enter__", _entered)
    replace(synchronize.SemLock, "__exit__", _exited)
    for name in _KINDS:
        replace(getattr(synchronize, name), "__init__", _made)
    condition, event, barrier = synchronize.Condition, synchronize.Event, synchronize.Barrier
    for cls, name, verb in ((condition, "notify", "NOTIFY"), (condition, "notify_all", "NOTIFY"), (event, "set", "SET")):
        replace(cls, name, _telling)
    # Whoever finds that there is nothing to wait for any more has come after those who notified.
    done(condition, "__enter__", "ACQUIRE", lock, None, _learnt)
    done(condition, "__exit__", "RELEASE", lock)
    done(condition, "wait", "WAIT", lock, _wait_facts, _learnt)
    done(condition, "wait_for", "WAIT", lock, _wait_for_facts, _learnt)
    done(event, "wait", "WAIT", lock, _wait_facts, _learnt)
    done(event, "clear", "CLEAR", lock)
    done(event, "is_set", "QUERY", lock, None, _learnt)
    replace(barrier, "_enter", _comes)
    replace(barrier, "_exit", _goes)
    done(barrier, "wait", "WAIT", lock, _wait_facts)
    for name in ("notify", "notify_all"):
        done(condition, name, "NOTIFY", lock)
    done(event, "set", "SET", lock)
