"""What the kernel tells of a process: its threads, their switches, who holds which end of a pipe.

Source: proc(5), the files stat, status, task, fd and fdinfo of a process.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

_PIPE = re.compile(r"(pipe|socket):\[(\d+)\]$")
# SIGALRM, SIGVTALRM, SIGPROF, SIGIO: who catches one of these may be woken by time itself.
_ALARMS = (14, 26, 27, 29)
# What nobody sends to have something done: SIGINT, which Python always catches; faults; what the C library keeps for itself.
_COMMON = frozenset({2, 4, 6, 7, 8, 11, 32, 33})
_HELPERS = (b"multiprocessing.resource_tracker import main", b"multiprocessing.forkserver import main")
# The addresses and the inode of a semaphore in the file maps: one that was just made has another name there than its own.
_SEMAPHORE = re.compile(rb"^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ (\d+) +/dev/shm/sem\.", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread asleep or not; ``switches`` are its context switches so far."""

    state: str
    switches: tuple[str, ...]


def alive() -> bool:
    """Whether this system has the files that all of this is read from."""
    return os.path.isdir("/proc/self/task")


def began(pid: int) -> str | None:
    """When a process began, in ticks since boot: tells it from a later one of the same id. None where it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else fields[19]


def threads(pid: int) -> dict[int, Thread]:
    """The threads of a process; empty where it is gone."""
    found: dict[int, Thread] = {}
    try:
        names = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return found
    for name in names:
        try:
            with open(f"/proc/{pid}/task/{name}/status", encoding="utf-8", errors="replace") as file:
                lines = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        except OSError:
            continue
        switches = tuple(lines.get(key, "") for key in ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"))
        found[int(name)] = Thread(lines.get("State", "?")[:1], switches)
    return found


def caught(pid: int) -> frozenset[int]:
    """The signals that a process has handlers for."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            mask = next((int(line.split()[1], 16) for line in file if line.startswith("SigCgt:")), 0)
    except OSError:
        return frozenset()
    return frozenset(number for number in range(1, mask.bit_length() + 1) if mask >> (number - 1) & 1)


def awaits_alarm(signals: frozenset[int]) -> bool:
    """Whether one of them is one that a timer may send."""
    return not signals.isdisjoint(_ALARMS)


def awaits_signal(signals: frozenset[int], own: int) -> bool:
    """Whether one of them is one that another process may send so that something is done; ``own`` is what we send."""
    return bool(signals - _COMMON - {own})


def parents() -> dict[int, int]:
    """Every process's parent; those that have ended are left out."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
        except (OSError, ValueError):
            continue
        if state not in ("Z", "X"):
            found[int(name)] = int(parent)
    return found


def helps(pid: int) -> bool:
    """Whether a process is multiprocessing's own resource tracker or fork server: neither ever does anything by itself."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            line = file.read()
    except OSError:
        return False
    return any(one in line for one in _HELPERS)


def semaphores(pid: int) -> tuple[tuple[int, int, int], ...] | None:
    """The semaphores that a process has at hand: from where to where each lies, and its inode; None where none can be seen."""
    try:
        with open(f"/proc/{pid}/maps", "rb") as file:
            found = _SEMAPHORE.findall(file.read())
    except OSError:
        return None
    return tuple((int(begin, 16), int(end, 16), int(inode)) for begin, end, inode in found)


@dataclass(slots=True)
class Holders:
    """Which processes hold which end: by inode, those that can read from it and those that can write to it.

    ``sockets`` are the inodes that are one end of a two-way pipe; the other end has another. ``unseen`` are processes
    that do not let us look.
    """

    readers: dict[int, set[int]] = field(default_factory=dict)
    writers: dict[int, set[int]] = field(default_factory=dict)
    sockets: set[int] = field(default_factory=set)
    unseen: set[int] = field(default_factory=set)


def holders() -> Holders:
    """Of every pipe and socket that any process of this user holds."""
    found = Holders()
    for name in os.listdir("/proc"):
        if name.isdigit():
            _add(int(name), found)
    return found


def _add(pid: int, found: Holders) -> None:
    try:
        descriptors = os.listdir(f"/proc/{pid}/fd")
    except PermissionError:
        found.unseen.add(pid)
        return
    except OSError:
        return
    for descriptor in descriptors:
        try:
            match = _PIPE.match(os.readlink(f"/proc/{pid}/fd/{descriptor}"))
            if match is None:
                continue
            with open(f"/proc/{pid}/fdinfo/{descriptor}", encoding="ascii") as file:
                flags = next(int(line.split()[1], 8) for line in file if line.startswith("flags:"))
        except (OSError, StopIteration):
            continue
        inode, access = int(match[2]), flags & os.O_ACCMODE
        if match[1] == "socket":
            found.sockets.add(inode)
        if access != os.O_WRONLY:
            found.readers.setdefault(inode, set()).add(pid)
        if access != os.O_RDONLY:
            found.writers.setdefault(inode, set()).add(pid)
