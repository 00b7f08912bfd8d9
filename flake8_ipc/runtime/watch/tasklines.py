"""Tasks on their way within a process: pools of processes and of threads hand them over by a ``queue.SimpleQueue``.

It waits in C (CPython Lib/multiprocessing/pool.py, Lib/concurrent/futures/thread.py), so such a module is given another one.
"""

from __future__ import annotations

import queue
from typing import Any

from ..record import current
from ..slots import Wait


class Tasks(queue.SimpleQueue):  # type: ignore[type-arg]
    """A pool's tasks on their way to the thread that hands them out."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """As ever, but the wait is published."""
        record = current()
        if record is None or not block or timeout is not None:
            return super().get(block, timeout)
        with record.slots.waiting(Wait.WORK, 0):
            return super().get()


class Queues:
    """The module ``queue`` as a pool sees it."""

    SimpleQueue = Tasks

    def __getattr__(self, name: str) -> Any:
        return getattr(queue, name)
