"""Stacks on demand: a real-time signal has a process write where each of its threads stands.

By faulthandler's own handler, in C (CPython Modules/faulthandler.c, ``register``): it needs no thread and no lock of the
interpreter, and works where the main thread waits in the kernel.
"""

from __future__ import annotations

import faulthandler
import fcntl
import os
import re
import signal
from typing import NamedTuple

from .record import Record

SIGNAL = signal.SIGRTMIN + 5 if hasattr(signal, "SIGRTMIN") else 0
# Out of the way of the program's own descriptors.
_HIGH = 200
_THREAD = re.compile(r"^(?:Current thread|Thread) 0x([0-9a-f]+)[^\n]*\(most recent call first\):$", re.MULTILINE)
_FRAME = re.compile(r'^  File "(.*)", line (\d+|\?\?\?) in (.*)$', re.MULTILINE)
_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep


def prepare(record: Record) -> None:
    """Has this process answer the signal; tells the descriptor that it will write to, so that it can be seen to be ours."""
    if not SIGNAL or signal.getsignal(SIGNAL) not in (signal.SIG_DFL, None):
        return
    low = os.open(record.session.stacks(record.name), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    file = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    os.close(low)
    faulthandler.register(SIGNAL, file=file, all_threads=True, chain=False)
    record.write("stacks", file)
    record.files.append(file)


class Frame(NamedTuple):
    """One call of a stack."""

    path: str
    line: int
    function: str

    @property
    def ours(self) -> bool:
        """Whether it is none of the program's."""
        return self.path.startswith(_OURS)


def parse(text: str) -> dict[int, tuple[Frame, ...]]:
    """The stacks of one dump by what Python calls each thread, innermost call first."""
    found = {}
    heads = list(_THREAD.finditer(text))
    for head, following in zip(heads, [*heads[1:], None]):
        body = text[head.end() : following.start() if following is not None else len(text)]
        frames = [Frame(path, int(line) if line.isdigit() else 0, name) for path, line, name in _FRAME.findall(body)]
        found[int(head[1], 16)] = tuple(frames)
    return found
