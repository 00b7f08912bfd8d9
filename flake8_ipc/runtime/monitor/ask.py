"""Asks a process for its stacks, where it is sure to answer and nobody else is hit."""

from __future__ import annotations

import os
import time

from ..dumps import Frame, parse
from ..stacks import SIGNAL
from . import kernel

# Seconds that a process is given to answer.
_PATIENCE = 0.5
_STEP = 0.02


def stacks(pid: int, began: str, path: str, descriptor: int | None) -> dict[int, tuple[Frame, ...]]:
    """The stacks of a process's threads; none where it does not answer.

    A program may have closed every descriptor, or become another program: then nobody would write, or the wrong thing end.
    """
    try:
        before = os.path.getsize(path)
        ours = descriptor is not None and os.path.samefile(f"/proc/{pid}/fd/{descriptor}", path)
        if not ours or SIGNAL not in kernel.caught(pid) or kernel.began(pid) != began:
            return {}
        os.kill(pid, SIGNAL)
        return parse(_answer(path, before))
    except OSError:
        return {}


def _answer(path: str, before: int) -> str:
    """What is written within our patience: until nothing is added any more."""
    size, until = before, time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        time.sleep(_STEP)
        now = os.path.getsize(path)
        if now == size > before:
            break
        size = now
    with open(path, encoding="utf-8", errors="replace") as file:
        file.seek(before)
        return file.read()
