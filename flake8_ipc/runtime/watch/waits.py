"""The waits themselves, at the lowest level: where a thread blocks in the kernel with no time limit.

Every queue, pipe, pool and manager goes through a Connection, every join through ``Popen.wait``; locks have a room of
their own.
"""

from __future__ import annotations

import os
from typing import Any

from ..patch import replace
from ..record import current
from ..slots import Wait


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
    from multiprocessing import connection, popen_fork, queues

    replace(connection.Connection, "_recv_bytes", _around(Wait.RECV, _inode))
    replace(connection.Connection, "_send_bytes", _around(Wait.SEND, _inode))
    replace(popen_fork.Popen, "wait", _exits)
    replace(queues.Queue, "_reset", _feeder_idles)
    queues.Queue._finalize_join = _feeder_joined(queues.Queue._finalize_join)  # type: ignore[attr-defined]
