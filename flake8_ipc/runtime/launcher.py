"""Starts the program, waits for it, and has its records judged."""

from __future__ import annotations

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import contextmanager
from collections.abc import Iterator

from .session import Session

_PACKAGES = str(pathlib.Path(__file__).resolve().parents[2])


@contextmanager
def session(main: str, start_method: str | None = None) -> Iterator[Session]:
    """A session with a folder of its own, which goes when it ends."""
    folder = tempfile.mkdtemp(prefix="flake8-ipc-")
    try:
        mine = Session(folder, _PACKAGES, main, start_method)
        mine.save()
        yield mine
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def launch(mine: Session, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """Starts the program under the watch, with our own standard streams."""
    here = pathlib.Path(__file__).with_name("program.py")
    return subprocess.Popen([sys.executable, *_flags(), str(here), mine.folder, *arguments])


def _flags() -> list[str]:
    return subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined,no-any-return]


def wait(process: subprocess.Popen[bytes]) -> int:
    """The program's exit status; what the terminal sends goes to both of us, and it is the program's to answer."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def leave(status: int) -> int:
    """The exit status as a shell would have it; dies by the same signal where the program did."""
    if status >= 0:
        return status
    signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
    return 128 - status
