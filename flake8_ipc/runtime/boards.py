"""Boards: files in which objects without messages of their own (events, semaphores, conditions) pass clocks on.

Locked with ``lockf``, whose locks are a process's own: one by ``flock`` would be inherited by whatever is forked meanwhile,
and held by it for good (fcntl(2), flock(2)). Threads of one process keep each other out by a lock of ours.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading

from .session import Session


class Boards:
    """The boards of a run, as one process reads and writes them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.RLock()

    def read(self, name: str) -> dict[str, int]:
        """What others left there; nothing where nobody has."""
        try:
            with self._lock:
                board = os.open(self._session.board(name), os.O_RDONLY | os.O_CLOEXEC)
                try:
                    # Half of it would order less than was ordered, which is a false alarm.
                    fcntl.lockf(board, fcntl.LOCK_SH)
                    return _counts(board)
                finally:
                    os.close(board)
        except (OSError, ValueError):
            return {}

    def add(self, name: str, told: dict[str, int]) -> None:
        """Leaves a clock there, along with what others have left."""
        try:
            with self._lock:
                board = os.open(self._session.board(name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    fcntl.lockf(board, fcntl.LOCK_EX)
                    for other, count in _counts(board).items():
                        told[other] = max(told.get(other, 0), count)
                    # Counts only grow, and so does the text: whoever is ended here leaves it whole.
                    os.pwrite(board, json.dumps(told).encode(), 0)
                finally:
                    os.close(board)
        except (OSError, ValueError):
            pass


def _counts(board: int) -> dict[str, int]:
    text = os.pread(board, os.fstat(board).st_size, 0)
    found: dict[str, int] = json.loads(text) if text else {}
    return found
