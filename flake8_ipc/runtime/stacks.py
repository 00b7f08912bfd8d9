"""Stacks on demand: a real-time signal has a process write where each of its threads stands.

By faulthandler's own handler, in C (CPython Modules/faulthandler.c, ``register``): it needs no thread and no lock of the
interpreter, and works where the main thread waits in the kernel.
"""

from __future__ import annotations

import faulthandler
import fcntl
import os
import signal

from .record import Record

SIGNAL = signal.SIGRTMIN + 5 if hasattr(signal, "SIGRTMIN") else 0
# Out of the way of the program's own descriptors.
_HIGH = 200


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
