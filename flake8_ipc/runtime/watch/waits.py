"""The waits themselves, at the lowest level: where a thread blocks in the kernel with no time limit.

Every queue, pipe, pool and manager goes through a Connection and a SemLock, and every join through ``Popen.wait``.
"""

from __future__ import annotations

import os
import zlib
from typing import Any

from ..patch import replace
from ..record import current
from ..slots import Wait


def _lock_number(semlock: Any) -> int:
    """The number that all processes know a lock by: of its name, or, where only forks share it, of where it was made."""
    name = getattr(semlock, "name", None) or f"{os.getpid()}:{semlock.handle}"
    return zlib.crc32(str(name).encode())


def _around(kind: Wait, resource: Any) -> Any:
    def make(original: Any) -> Any:
        def waits(self: Any, *args: Any, **kwargs: Any) -> Any:
            record = current()
            if record is None:
                return original(self, *args, **kwargs)
            try:
                record.slots.begin(kind, resource(self))
            except Exception:
                return original(self, *args, **kwargs)
            try:
                return original(self, *args, **kwargs)
            finally:
                record.slots.end()

        return waits

    return make


def _inode(connection: Any) -> int:
    found = connection.__dict__.get("_inode")
    if found is None:
        found = connection._inode = os.fstat(connection._handle).st_ino
    return int(found)


def _exits(original: Any) -> Any:
    def wait(self: Any, timeout: Any = None) -> Any:
        record = current()
        if record is None or timeout is not None or self.returncode is not None:
            return original(self, timeout)
        with record.slots.waiting(Wait.EXIT, self.pid):
            return original(self, timeout)

    return wait


def _methods(original: Any) -> Any:
    def _make_methods(self: Any) -> None:
        original(self)
        # The closure must not hold the object: its semaphore is unlinked when it is collected.
        acquire, number = self._semlock.acquire, _lock_number(self._semlock)

        def watched(block: bool = True, timeout: Any = None) -> Any:
            record = current()
            if record is None or not block or timeout is not None:
                return acquire(block, timeout)
            if acquire(False):
                return True
            with record.slots.waiting(Wait.LOCK, number):
                return acquire(block, timeout)

        self.acquire = watched

    return _make_methods


def _entered(original: Any) -> Any:
    def __enter__(self: Any) -> Any:
        return self.acquire()

    return __enter__


def _feeder_joined(original: Any) -> Any:
    def _finalize_join(twr: Any) -> Any:
        record, thread = current(), twr()
        if record is None or thread is None or thread.native_id is None:
            return original(twr)
        with record.slots.waiting(Wait.THREAD, thread.native_id):
            return original(twr)

    return staticmethod(_finalize_join)


def _feeder_idles(original: Any) -> Any:
    def _reset(self: Any, after_fork: bool = False) -> None:
        original(self, after_fork)
        condition = self._notempty
        if "wait" in condition.__dict__:
            return
        idle = condition.wait

        def wait(timeout: Any = None) -> Any:
            record = current()
            if record is None or timeout is not None:
                return idle(timeout)
            with record.slots.waiting(Wait.WORK, 0):
                return idle(timeout)

        condition.wait = wait

    return _reset


def install() -> None:
    """Has every wait published."""
    from multiprocessing import connection, popen_fork, queues, synchronize

    replace(connection.Connection, "_recv_bytes", _around(Wait.RECV, _inode))
    replace(connection.Connection, "_send_bytes", _around(Wait.SEND, _inode))
    replace(popen_fork.Popen, "wait", _exits)
    replace(synchronize.SemLock, "_make_methods", _methods)
    replace(synchronize.SemLock, "__enter__", _entered)
    replace(queues.Queue, "_reset", _feeder_idles)
    queues.Queue._finalize_join = _feeder_joined(queues.Queue._finalize_join)  # type: ignore[attr-defined]
