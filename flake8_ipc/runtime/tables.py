"""The tables of slots as the monitor reads them, from outside of the process that writes them."""

from __future__ import annotations

import os
from typing import NamedTuple

from .slots import BITS, HELD, HELD_AT, LOST, LOST_AT, NO_ROOM, SIZE, SLOT, Wait


class Shown(NamedTuple):
    """One thread as the table shows it."""

    version: int
    thread: int
    wait: Wait
    resource: int
    place: int
    ident: int


class Table(NamedTuple):
    """The table of one process: its slots by native thread id, and by the number of a lock the threads that hold it."""

    slots: dict[int, Shown]
    owners: dict[int, set[int]]


def read(path: str) -> dict[int, Shown]:
    """The slots of a process by native thread id; one that is being written is left out."""
    return table(path).slots


def table(path: str) -> Table:
    """All that a process's table shows."""
    found = Table({}, {})
    with open(path, "rb") as file:
        data = file.read()
    threads: list[int] = []
    for at in range(0, min(len(data), HELD_AT) - SIZE + 1, SIZE):
        version, thread, what, place, ident = SLOT.unpack_from(data, at)
        if not thread:
            # Never used, nor any behind it.
            break
        threads.append(thread)
        kind = Wait(what % (1 << BITS)) if version % 2 == 0 else Wait.NOTHING
        found.slots[thread] = Shown(version, thread, kind, what >> BITS, place, ident)
    for at in range(HELD_AT, min(len(data), LOST_AT) - HELD.size + 1, HELD.size):
        number, owner = HELD.unpack_from(data, at)
        if not number and not owner:
            break
        if 0 < owner <= len(threads):
            found.owners.setdefault(number, set()).add(threads[owner - 1])
    return found


def lost(path: str, record: str) -> int:
    """Why a process could not tell all, NO_FILE or NO_ROOM; 0 where it told all, as one did that never needed a table."""
    try:
        with open(path, "rb") as file:
            file.seek(LOST_AT)
            mark = file.read(1)
            return mark[0] if mark else NO_ROOM
    except FileNotFoundError:
        return NO_ROOM if os.stat(record).st_mode & 0o777 == LOST else 0
    except OSError:
        return NO_ROOM


def inodes(path: str, number: int) -> tuple[int, ...]:
    """A list that a process waits for."""
    try:
        with open(f"{path}.{number}", encoding="ascii") as file:
            return tuple(map(int, file.read().split()))
    except (OSError, ValueError):
        return ()
