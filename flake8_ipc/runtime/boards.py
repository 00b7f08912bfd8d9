"""Boards: files in which objects without messages of their own (events, semaphores, conditions) pass clocks on.

Locked with ``lockf``, whose locks are a process's own: one by ``flock`` would be inherited by whatever is forked meanwhile,
and held by it for good (fcntl(2), flock(2)). Threads of one process keep each other out by a lock of ours.

A board's time of change is its mark: by it, whoever comes again sees whether there is anything new to read.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time

from .clock import Clock
from .session import Session

# Boards that a process remembers what it knows of.
_MOST = 10_000


class Boards:
    """The boards of a run, as one process reads and writes them.

    ``_left`` is the version of the clock that was left on each, ``_taken`` the mark of what was taken in.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.RLock()
        self._left: dict[str, int] = {}
        self._taken: dict[str, int] = {}

    def take(self, name: str, clock: Clock) -> None:
        """Has a clock take in what others left there, where there is anything new."""
        path = self._session.board(name)
        try:
            mark = os.stat(path).st_mtime_ns
            if mark != self._taken.get(name):
                clock.acquire(self._read(path))
                if mark % 2:
                    _note(self._taken, name, mark)
        except (OSError, ValueError):
            pass

    def _read(self, path: str) -> dict[str, int]:
        with self._lock:
            board = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                # Half of it would order less than was ordered, which is a false alarm.
                fcntl.lockf(board, fcntl.LOCK_SH)
                return _counts(board)
            finally:
                os.close(board)

    def leave(self, name: str, clock: Clock) -> None:
        """Leaves a clock there, along with what others have left, unless it is as it was when it was left there last."""
        clock.pass_on()
        version = clock.version
        if self._left.get(name) == version:
            return
        try:
            self._add(self._session.board(name), clock.release())
            _note(self._left, name, version)
        except (OSError, ValueError):
            pass

    def _add(self, path: str, told: dict[str, int]) -> None:
        with self._lock:
            board = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.lockf(board, fcntl.LOCK_EX)
                for other, count in _counts(board).items():
                    told[other] = max(told.get(other, 0), count)
                # Counts only grow, and so does the text: whoever is ended here leaves it whole.
                os.pwrite(board, json.dumps(told).encode(), 0)
                # An odd number of nanoseconds: even ones tell that the file system rounds.
                mark = time.monotonic_ns() | 1
                os.utime(board, ns=(mark, mark))
            finally:
                os.close(board)


def _note(known: dict[str, int], name: str, value: int) -> None:
    if len(known) >= _MOST:
        known.clear()
    known[name] = value


def _counts(board: int) -> dict[str, int]:
    text = os.pread(board, os.fstat(board).st_size, 0)
    found: dict[str, int] = json.loads(text) if text else {}
    return found
