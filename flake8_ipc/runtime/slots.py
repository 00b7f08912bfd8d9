"""Who waits for what, now: a small shared table for each process, which the monitor reads from outside.

A slot belongs to one thread. Its version is odd while the slot is being written (a sequence lock), and changes with every
wait, so that a reader can tell that nothing moved between two looks.
"""

from __future__ import annotations

import enum
import mmap
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# version, native thread id, kind, what is waited for, place number of the last event of this thread that may wait
_SLOT = struct.Struct("<QIIQq")
_VERSION = struct.Struct("<Q")
_PLACE = struct.Struct("<q")
_PLACE_AT = _SLOT.size - _PLACE.size
_SIZE = 64
_SLOTS = 256


class Wait(enum.IntEnum):
    """What a thread waits for, and what its resource number then means."""

    NOTHING = 0
    RECV = 1  # inode of the end that is read
    SEND = 2  # inode of the end that is written
    EXIT = 3  # process id
    LOCK = 4  # number of a lock or semaphore
    THREAD = 5  # native id of a thread of the same process
    WORK = 6  # other threads of the same process


@dataclass(frozen=True, slots=True)
class Slot:
    """One thread as the table shows it."""

    version: int
    thread: int
    wait: Wait
    resource: int
    place: int


class Slots:
    """The table of this process."""

    def __init__(self, path: str) -> None:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(file, _SIZE * _SLOTS)
            self._table = mmap.mmap(file, _SIZE * _SLOTS)
        finally:
            os.close(file)
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._used = 0
        self._free: list[int] = []

    def _at(self) -> int:
        at: int | None = getattr(self._mine, "at", None)
        if at is None:
            with self._lock:
                at = self._used * _SIZE
                self._used += 1
            self._mine.at = at if at < _SIZE * _SLOTS else -1
            at = self._mine.at
            if at >= 0:
                _SLOT.pack_into(self._table, at, 0, threading.get_native_id(), Wait.NOTHING, 0, -1)
        return at

    def place(self, number: int) -> None:
        """Notes the place of what this thread does now."""
        at = self._at()
        if at >= 0:
            _PLACE.pack_into(self._table, at + _PLACE_AT, number)

    def begin(self, wait: int, resource: int) -> None:
        """This thread begins to wait, with no time limit."""
        at = self._at()
        if at < 0:
            return
        table = self._table
        version, thread, _, _, place = _SLOT.unpack_from(table, at)
        _VERSION.pack_into(table, at, version + 1)
        _SLOT.pack_into(table, at, version + 1, thread, wait, resource, place)
        _VERSION.pack_into(table, at, version + 2)

    def end(self) -> None:
        """This thread goes on."""
        self.begin(Wait.NOTHING, 0)

    @contextmanager
    def waiting(self, wait: int, resource: int) -> Iterator[None]:
        """Both, around a wait."""
        self.begin(wait, resource)
        try:
            yield
        finally:
            self.end()


def read(path: str) -> dict[int, Slot]:
    """The slots of a process by native thread id; one that is being written is left out."""
    found: dict[int, Slot] = {}
    with open(path, "rb") as file:
        table = file.read()
    for at in range(0, len(table) - _SIZE + 1, _SIZE):
        version, thread, wait, resource, place = _SLOT.unpack_from(table, at)
        if thread and version % 2 == 0:
            found[thread] = Slot(version, thread, Wait(wait), resource, place)
    return found
