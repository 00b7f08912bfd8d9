"""A queue's own locks and its own pipe, on the way of every message (CPython Lib/multiprocessing/queues.py)."""

from __future__ import annotations

from types import MethodType
from typing import Any

from .. import record as records
from ..interruptions import hide
from ..slots import Wait
from .locks import CARRIED, INNER, USERS, Holding
from .pipes import end_of


def inner(lock: Any) -> None:
    """A lock of a queue's own: nobody else uses it, and only the thread that holds it ever releases it."""
    holding = getattr(lock, "_flake8_ipc_holding", None)
    if holding is not None and lock._flake8_ipc_inner == USERS:
        holding.owned, lock._flake8_ipc_inner = True, INNER
        lock.acquire, lock.release = _taken(lock._semlock.acquire, lock.acquire, holding), _left(lock._semlock.release, holding)


def untold(semaphore: Any) -> None:
    """A semaphore that nobody ever waits for, nor learns anything from."""
    semaphore.acquire, semaphore.release = semaphore._semlock.acquire, semaphore._semlock.release


# On the way of every message, each by itself: whatever is called takes as long as what is done.


def _taken(at_once: Any, watched: Any, holding: Holding) -> Any:
    def acquire(block: bool = True, timeout: Any = None) -> Any:
        if not at_once(False):
            try:
                return watched(block, timeout)
            except BaseException as error:
                hide(error)
                raise
        record = records.now
        if record is not None:
            if holding.slots is record.slots and holding.at >= 0:
                record.slots.words[holding.at] = record.here.slot.owner
            else:
                holding.tell(record, True)
        return True

    return acquire


def _left(release: Any, holding: Holding) -> Any:
    def let_go() -> None:
        record = records.now
        if record is not None and holding.slots is record.slots and holding.at >= 0:
            record.slots.words[holding.at] = 0
        release()

    return let_go


def carried(queue: Any) -> None:
    """Has a queue's pipe tell who holds its locks: either is held for as long as something is taken from it or put into it."""
    reader, writer, rlock, wlock = queue._reader, queue._writer, queue._rlock, queue._wlock
    receive, send = (getattr(getattr(type(reader), name), "__wrapped__", None) for name in ("recv_bytes", "send_bytes"))
    held = [getattr(lock, "_flake8_ipc_holding", None) for lock in (rlock, wlock)]
    if receive is None or send is None or type(writer) is not type(reader) or None in held:
        return
    queue._recv_bytes = _carries(MethodType(receive, reader), end_of(reader) | int(Wait.RECV), held[0])
    queue._send_bytes = _carries(MethodType(send, writer), end_of(writer) | int(Wait.SEND), held[1])
    if wlock._flake8_ipc_inner != CARRIED:
        rlock._flake8_ipc_inner = wlock._flake8_ipc_inner = CARRIED
        wlock.acquire, wlock.release = _waited_for(wlock._semlock.acquire, wlock.acquire), wlock._semlock.release


def _waited_for(at_once: Any, watched: Any) -> Any:
    def acquire(block: bool = True, timeout: Any = None) -> Any:
        if at_once(False):
            return True
        try:
            return watched(block, timeout)
        except BaseException as error:
            hide(error)
            raise

    return acquire


def _carries(plain: Any, what: int, holding: Any) -> Any:
    """A method of an end of a queue's own: the wait is shown while it lasts, and with it who holds the lock of that end."""

    def carry(*given: Any) -> Any:
        record = records.now
        if record is None:
            return plain(*given)
        slot, slots = record.here.slot, record.slots
        before = slot.what
        if holding.slots is slots and holding.at >= 0:
            slots.words[holding.at] = slot.owner
        else:
            holding.tell(record, True)
        if before or what != slot.shown:
            slot.begin(what)
        else:
            slot.what = what
            slot.words[slot.at] = slot.version = (slot.version | 1) + 1
        try:
            return plain(*given)
        except BaseException as error:
            hide(error)
            raise
        finally:
            slot.what = 0
            slot.words[slot.at] = slot.version = slot.version | 1
            if before:
                slot.begin(before)
            if holding.at >= 0:
                slots.words[holding.at] = 0

    return carry
