"""Processes that the run has started and that are none of its own: children of ``subprocess``, and theirs.

Nothing of theirs is watched, but of one that has a single thread, and that thread asleep in reading from or writing to a
pipe, the kernel tells all there is to tell: who could wake it. Any other is left out, and may act.

Source: proc(5), the files syscall, children and comm of a task.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator, Mapping

from ..slots import Wait
from ..tables import Shown
from . import kernel
from .world import Process

# The numbers of read and write (Linux arch/*/entry/syscalls; arch/arm64 uses the generic table).
_CALLS = {"x86_64": (0, 1), "aarch64": (63, 64)}.get(platform.machine(), (-1, -1))
_PIPE = re.compile(r"pipe:\[(\d+)\]$")


def foreign(known: Mapping[int, Process]) -> Iterator[Process]:
    """The descendants of these that are not among them, and that wait in a pipe."""
    pending = [(child, pid) for pid in known for child in _children(pid) if child not in known]
    seen: set[int] = set()
    while pending:
        pid, parent = pending.pop()
        if pid in seen:
            continue
        seen.add(pid)
        pending += [(child, pid) for child in _children(pid) if child not in known]
        found = _process(pid, parent)
        if found is not None:
            yield found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                found += map(int, file.read().split())
    except (OSError, ValueError):
        pass
    return found


def _process(pid: int, parent: int) -> Process | None:
    began, threads = kernel.began(pid), kernel.threads(pid)
    if began is None or list(threads) != [pid]:
        return None
    slot = _slot(pid)
    if slot is None:
        return None
    signals = kernel.caught(pid)
    alarmed, signalled = kernel.awaits_alarm(signals), kernel.awaits_signal(signals, 0)
    return Process(pid, began, threads, {pid: slot}, alarmed=alarmed, signalled=signalled, parent=parent)


def _slot(pid: int) -> Shown | None:
    """What its only thread waits for, as the slot that a watched one would publish."""
    try:
        with open(f"/proc/{pid}/syscall", encoding="ascii") as file:
            call, *arguments = file.read().split()
        pipe = _PIPE.match(os.readlink(f"/proc/{pid}/fd/{int(arguments[0], 16)}"))
    except (OSError, ValueError, IndexError):
        return None
    if pipe is None or not call.isdigit() or int(call) not in _CALLS:
        return None
    wait = Wait.RECV if int(call) == _CALLS[0] else Wait.SEND
    return Shown(0, pid, wait, int(pipe[1]), -1, 0)
