"""Who waits for what, now: a small shared table for each process, which the monitor reads from outside.

A slot belongs to one thread. Its version is odd while the slot is being written (a sequence lock), and changes with every
wait, so that a reader can tell that nothing moved between two looks. Behind the slots stands which thread holds which lock.
The table outlives its process: a lock whose owner has died is still held.
"""

from __future__ import annotations

import enum
import mmap
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# version, native thread id, kind, what is waited for, place number of the last event of this thread that may wait, and what
# Python itself calls the thread
_SLOT = struct.Struct("<QIIQqQ")
_VERSION = struct.Struct("<Q")
_PLACE = struct.Struct("<q")
# What is waited for, as it lies in a slot.
_WAIT = struct.Struct("<IQ")
_WAIT_AT = 12
_PLACE_AT = _SLOT.size - 2 * _PLACE.size
_SIZE = 64
_SLOTS = 256
# number of a lock, and which slot is of the thread that holds it, from 1 (0: nobody)
_HELD = struct.Struct("<QQ")
_OWNER = struct.Struct("<Q")
_HELD_AT = _SIZE * _SLOTS
_HOLDS = 1024
_LOST_AT = _HELD_AT + _HELD.size * _HOLDS
# Behind them a mark: that not everything could be written down.
_WHOLE = _LOST_AT + 8
NO_FILE, NO_ROOM = 1, 2


class Wait(enum.IntEnum):
    """What a thread waits for, and what its resource number then means."""

    NOTHING = 0
    RECV = 1  # inode of the end that is read
    SEND = 2  # inode of the end that is written
    EXIT = 3  # process id
    LOCK = 4  # number of a lock or semaphore that anybody may release
    THREAD = 5  # native id of a thread of the same process
    WORK = 6  # other threads of the same process
    OWNED = 7  # number of a lock that only its owner ever releases
    ANY = 8  # number of a list: an end, by its inode, is to be readable, or a process, by its negative id, to end
    REPLY = 9  # inode of the end on which a manager's server is to answer
    SERVE = 10  # nothing of its own: a manager's server between requests, which acts for its clients alone


@dataclass(frozen=True, slots=True)
class Slot:
    """One thread as the table shows it."""

    version: int
    thread: int
    wait: Wait
    resource: int
    place: int
    ident: int


@dataclass(frozen=True, slots=True)
class Table:
    """The table of one process: its slots by native thread id, and by the number of a lock the threads that hold it."""

    slots: dict[int, Slot] = field(default_factory=dict)
    owners: dict[int, set[int]] = field(default_factory=dict)


class Slots:
    """The table of this process."""

    def __init__(self, path: str) -> None:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # Allocated at once: writing to a page that a full disk has no room for would end the program (mmap(2), SIGBUS).
            os.posix_fallocate(file, 0, _WHOLE)
            self._table = mmap.mmap(file, _WHOLE)
        except OSError:
            self._table = mmap.mmap(-1, _WHOLE)
        finally:
            os.close(file)
        self._path = path
        self._mine = threading.local()
        self._lock = threading.RLock()
        self._used = 0
        self._free: list[int] = []
        self._holds = 0
        self._lists: dict[tuple[int, ...], int] = {}

    def _slot(self) -> _Mine:
        """This thread's own slot."""
        try:
            mine: _Mine = self._mine.slot
        except AttributeError:
            mine = self._mine.slot = _Mine(self._next(), self._free)
            if mine.at >= 0:
                own = threading.get_native_id(), Wait.NOTHING, 0, -1, threading.get_ident()
                _SLOT.pack_into(self._table, mine.at, 0, *own)
        return mine

    def _next(self) -> int:
        """A slot for a new thread: one whose thread has ended, or else one that was never used; -1 where there is none."""
        with self._lock:
            if self._free:
                return self._free.pop()
            at = self._used * _SIZE
            self._used += 1
            return at if at < _HELD_AT else -1

    @property
    def now(self) -> int:
        """What this thread is shown to wait for."""
        return self._slot().wait[0]

    @property
    def asking(self) -> bool:
        """Whether this thread calls a manager's server now."""
        return self._slot().asking

    @asking.setter
    def asking(self, value: bool) -> None:
        self._slot().asking = value

    def place(self, number: int) -> None:
        """Notes the place of what this thread does now."""
        mine = self._slot()
        if mine.place != number and mine.at >= 0:
            mine.place = number
            _PLACE.pack_into(self._table, mine.at + _PLACE_AT, number)

    def begin(self, wait: int, resource: int) -> tuple[int, int]:
        """This thread begins to wait, with no time limit; gives what it waited for before: a signal's handler may wait too."""
        mine = self._slot()
        before, at = mine.wait, mine.at
        mine.wait = wait, resource
        if at >= 0:
            table, version = self._table, mine.version
            _VERSION.pack_into(table, at, version + 1)
            _WAIT.pack_into(table, at + _WAIT_AT, wait, resource)
            mine.version = version + 2
            _VERSION.pack_into(table, at, version + 2)
        return before

    @contextmanager
    def waiting(self, wait: int, resource: int) -> Iterator[None]:
        """Both, around a wait."""
        before = self.begin(wait, resource)
        try:
            yield
        finally:
            self.begin(*before)

    def listed(self, inodes: tuple[int, ...]) -> int | None:
        """The number of a list of inodes, which is written down when it is first waited for; None where that cannot be."""
        with self._lock:
            number = self._lists.get(inodes)
            if number is None and len(self._lists) < _LISTS:
                number = len(self._lists)
                with open(f"{self._path}.{number}", "w", encoding="ascii") as file:
                    file.write(" ".join(map(str, inodes)))
                self._lists[inodes] = number
            return number

    def entry(self, number: int) -> int:
        """Where it is told who of this process holds a lock; -1 where there is no room."""
        with self._lock:
            at = _HELD_AT + self._holds * _HELD.size
            if at >= _LOST_AT:
                return -1
            self._holds += 1
        _HELD.pack_into(self._table, at, number, 0)
        return at

    def lose(self, room: bool) -> None:
        """Marks that not everything this process did could be written down, for want of room or of its file."""
        self._table[_LOST_AT] = NO_ROOM if room else NO_FILE

    def hold(self, at: int, taken: bool) -> None:
        """This thread has taken the lock of this entry, or is about to let it go: told before it is free for others."""
        owner = self._slot().at // _SIZE + 1 if taken else 0
        _OWNER.pack_into(self._table, at + _OWNER.size, owner)


class _Mine:
    """A thread's own slot, which is free again when the thread ends."""

    __slots__ = ("asking", "at", "free", "place", "version", "wait")

    def __init__(self, at: int, free: list[int]) -> None:
        self.at = at
        self.free = free
        self.version = 0
        self.place = -1
        self.wait: tuple[int, int] = (Wait.NOTHING, 0)
        self.asking = False

    def __del__(self) -> None:
        if self.at >= 0:
            self.free.append(self.at)


# Lists kept for one process: past that, a wait for several things is not told.
_LISTS = 1_000


def read(path: str) -> dict[int, Slot]:
    """The slots of a process by native thread id; one that is being written is left out."""
    return table(path).slots


def table(path: str) -> Table:
    """All that a process's table shows."""
    found = Table()
    with open(path, "rb") as file:
        data = file.read()
    threads: list[int] = []
    for at in range(0, min(len(data), _HELD_AT) - _SIZE + 1, _SIZE):
        version, thread, wait, resource, place, ident = _SLOT.unpack_from(data, at)
        if not thread:
            # They are taken in their order: none of those behind was ever used, or is only coming to be.
            break
        threads.append(thread)
        if version % 2 == 0:
            found.slots[thread] = Slot(version, thread, Wait(wait), resource, place, ident)
    for at in range(_HELD_AT, min(len(data), _LOST_AT) - _HELD.size + 1, _HELD.size):
        number, owner = _HELD.unpack_from(data, at)
        if not number:
            break
        if 0 < owner <= len(threads):
            found.owners.setdefault(number, set()).add(threads[owner - 1])
    return found


def lost(path: str) -> int:
    """Why a process could not tell all, NO_FILE or NO_ROOM; one without a table had none at all. 0 where it told all."""
    try:
        with open(path, "rb") as file:
            file.seek(_LOST_AT)
            mark = file.read(1)
            return mark[0] if mark else NO_ROOM
    except OSError:
        return NO_ROOM


def inodes(path: str, number: int) -> tuple[int, ...]:
    """A list that a process waits for."""
    try:
        with open(f"{path}.{number}", encoding="ascii") as file:
            return tuple(map(int, file.read().split()))
    except (OSError, ValueError):
        return ()
