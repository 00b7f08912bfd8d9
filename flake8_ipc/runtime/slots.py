"""Who waits for what, now: a small shared table for each process, which the monitor reads from outside.

A slot belongs to one thread. Its version is even while the thread waits and odd while it moves, or the slot is being written
(a sequence lock), and grows with every wait, so that a reader can tell that nothing moved between two looks. Behind the slots
stands which thread holds which lock. The table outlives its process: a lock whose owner has died is still held.

Every message passes here twice, so a slot is written word by word, each in one store (CPython Objects/memoryobject.c,
``pack_single``), and only those words that have changed.
"""

from __future__ import annotations

import enum
import mmap
import os
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# version, native thread id, what is waited for and how, place number of the last event of this thread that may wait, and
# what Python itself calls the thread
SLOT = struct.Struct("=QQQqQ")
_THREAD, _WHAT, _PLACE, _IDENT = range(1, 5)
_WORD = 8
# A wait in one word: its kind in the lowest bits, and what is waited for above them.
BITS = 4
SIZE = 64
_SLOTS = 256
# number of a lock, and which slot is of the thread that holds it, from 1 (0: nobody)
HELD = struct.Struct("=QQ")
HELD_AT = SIZE * _SLOTS
_HOLDS = 1024
LOST_AT = HELD_AT + HELD.size * _HOLDS
# Behind them a mark: that not everything could be written down.
_WHOLE = LOST_AT + 8
NO_FILE, NO_ROOM = 1, 2
# The mode of a record whose process had no room for a table to mark.
LOST = 0o400


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


def waits(kind: int, resource: int) -> int:
    """A wait as it lies in a slot."""
    return (resource << BITS | kind) % (1 << 64)


class Slots:
    """The table of this process, which is made once there is something to show: many a child never waits for anybody.

    Until then its threads are without a slot, and so count as able to act. ``told``: what is written there is seen.
    """

    words: memoryview

    def __init__(self, path: str) -> None:
        self._path = path
        self._here: Here | None = None
        self.told = False
        self._lock = threading.RLock()
        self._used = 0
        self._free: list[int] = []
        self._holds = 0
        self._lists: dict[tuple[int, ...], int] = {}

    def open(self) -> Here:
        """Each thread's own slot; makes the table when it is first asked for."""
        with self._lock:
            if self._here is None:
                self.words, self.told = _mapped(self._path)
                self._here = Here(self)
            return self._here

    def next(self) -> int:
        """A slot for a new thread: one whose thread has ended, or else one that was never used; -1 where there is none."""
        with self._lock:
            if self._free:
                return self._free.pop()
            at = self._used * SIZE // _WORD
            self._used += 1
            return at if at < HELD_AT // _WORD else -1

    def give_back(self, at: int) -> None:
        """The thread of this slot has ended."""
        self._free.append(at)

    @property
    def mine(self) -> Slot:
        """This thread's own slot."""
        return self.open().slot

    @contextmanager
    def waiting(self, wait: int, resource: int) -> Iterator[None]:
        """Publishes a wait while it lasts."""
        mine = self.mine
        before = mine.begin(waits(wait, resource))
        try:
            yield
        finally:
            mine.end(before)

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
        """The word that tells who of this process holds a lock: a thread's ``owner``, 0: nobody; -1 where there is no room."""
        self.open()
        with self._lock:
            at = (HELD_AT + self._holds * HELD.size) // _WORD
            if at >= LOST_AT // _WORD:
                return -1
            self._holds += 1
        self.words[at] = number
        return at + 1

    def lose(self, room: bool) -> bool:
        """Marks that not everything this process did could be written down, for want of room or of its file.

        Whether the mark will be seen.
        """
        self.open()
        self.words[LOST_AT // _WORD] = NO_ROOM if room else NO_FILE
        return self.told


def _mapped(path: str) -> tuple[memoryview, bool]:
    """Room for a table, and whether others see it."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return memoryview(mmap.mmap(-1, _WHOLE)).cast("Q"), False
    try:
        # Allocated at once: writing to a page that a full disk has no room for would end the program (mmap(2), SIGBUS).
        os.posix_fallocate(file, 0, _WHOLE)
        return memoryview(mmap.mmap(file, _WHOLE)).cast("Q"), True
    except OSError:
        return memoryview(mmap.mmap(-1, _WHOLE)).cast("Q"), False
    finally:
        os.close(file)


class Slot:
    """A thread's own slot, which is free again when the thread ends.

    ``owner`` is what the thread is called where it is told who holds a lock. ``place`` is that of what it does now, ``what``
    what it waits for, as ``waits`` has it: 0 where it moves. ``asking``: it calls a manager's server now.
    ``sends`` is the wait for the end that what is pickled next goes to, ``sent`` the event that this is: 0 where there is
    none. ``within``: the next message is passed by a queue, which has told it already. ``words`` from ``at`` on are the slot
    itself, with its ``version``, and ``shown`` is what they show to be waited for: for what every message goes through, where
    a call of ``begin`` or ``end`` would take too long.
    """

    __slots__ = (
        *("_give_back", "at", "shown", "version", "words"),
        *("asking", "owner", "place", "sends", "sent", "what", "within"),
    )

    def __init__(self, slots: Slots) -> None:
        at = slots.next()
        self._give_back = slots.give_back if at >= 0 else _nothing
        # Where there is no room, it is written where nobody looks.
        self.at, self.words = (at, slots.words) if at >= 0 else (0, memoryview(bytearray(SIZE)).cast("Q"))
        self.version = 1
        self.shown = 0
        self.owner = at * _WORD // SIZE + 1 if at >= 0 else 0
        self.place = -1
        self.what = self.sends = self.sent = 0
        self.asking = self.within = False
        own = 1, threading.get_native_id(), 0, -1, threading.get_ident()
        SLOT.pack_into(self.words.cast("B"), self.at * _WORD, *own)

    @property
    def kind(self) -> int:
        """How this thread is shown to wait."""
        return self.what % (1 << BITS)

    def stands(self, place: int) -> None:
        """Notes the place of what this thread does now."""
        if self.place != place:
            self.place = place
            self.words[self.at + _PLACE] = place

    def begin(self, what: int) -> int:
        """This thread begins to wait, with no time limit; gives what it waited for before: a signal's handler may wait too."""
        before = self.what
        words, at = self.words, self.at
        if before:
            words[at] = self.version = self.version | 1
        # Noted before it is written: a handler that comes between restores what is noted.
        self.what = what
        if what != self.shown:
            self.shown = -1
            words[at + _WHAT] = what
            self.shown = what
        words[at] = self.version = (self.version | 1) + 1
        return before

    def end(self, before: int = 0) -> None:
        """This thread goes on; or back to what it waited for before."""
        self.what = 0
        self.words[self.at] = self.version = self.version | 1
        if before:
            self.begin(before)

    def __del__(self) -> None:
        self._give_back(self.at)


def _nothing(at: int) -> None:
    """Nothing is given back where nothing was taken."""


class Here(threading.local):
    """Each thread's own slot, which is made when the thread first asks for it (CPython Modules/_threadmodule.c, ``local``)."""

    def __init__(self, slots: Slots) -> None:
        self.slot = Slot(slots)


class Unmade:
    """In the stead of a table's slots until the first of them is asked for, which has the table made."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[], Here]) -> None:
        self._make = make

    @property
    def slot(self) -> Slot:
        """This thread's own slot."""
        return self._make().slot


# Lists kept for one process: past that, a wait for several things is not told.
_LISTS = 1_000
