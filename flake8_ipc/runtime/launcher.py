"""Starts the program, waits for it, and has its records judged."""

from __future__ import annotations

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from .monitor import kernel
from .monitor.watchman import PAUSE, Blocked, Watchman
from .session import Session

_PACKAGES = str(pathlib.Path(__file__).resolve().parents[2])


@contextmanager
def session(main: str, start_method: str | None = None, *, traced: bool = False) -> Iterator[Session]:
    """A session with a folder of its own, which goes when it ends."""
    folder = tempfile.mkdtemp(prefix="flake8-ipc-")
    try:
        mine = Session(folder, _PACKAGES, main, start_method, traced)
        mine.save()
        yield mine
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def launch(mine: Session, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """Starts the program under the watch, with our own standard streams."""
    here = pathlib.Path(__file__).with_name("program.py")
    return subprocess.Popen([sys.executable, *_flags(), str(here), mine.folder, *arguments])


def bare(arguments: Sequence[str]) -> int:
    """Runs the program without the watch; gives its exit status."""
    return subprocess.call([sys.executable, *_flags(), *arguments])


def _flags() -> list[str]:
    return subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined,no-any-return]


@dataclass(frozen=True, slots=True)
class Ending:
    """How the program came to its end: its exit status, and who was stuck for good when it was ended."""

    status: int
    stuck: tuple[Blocked, ...] = ()


def wait(process: subprocess.Popen[bytes], mine: Session, ends: Callable[[tuple[Blocked, ...]], bool]) -> Ending:
    """Waits for the program; what the terminal sends goes to both of us, and it is the program's to answer.

    Once some of it is proved to be stuck for good, ``ends`` is asked whether to end it with all its processes.
    """
    with _signals_are_for(process):
        watchman = Watchman(mine) if kernel.alive() else None
        stuck: tuple[Blocked, ...] = ()
        while True:
            try:
                return Ending(process.wait(watchman.pause if watchman is not None else PAUSE), stuck)
            except subprocess.TimeoutExpired:
                pass
            if watchman is None or stuck:
                continue
            stuck = tuple(watchman.look())
            if stuck and ends(stuck):
                _end(process, watchman)
                return Ending(STUCK, stuck)


@contextmanager
def _signals_are_for(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """What is sent to us alone is passed on: whoever ends the program so wants to hear what it did."""

    def pass_on(number: int, _: object) -> None:
        process.send_signal(number)

    before = {signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN)}
    before |= {number: signal.signal(number, pass_on) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# The exit status of a program that was ended because it was stuck.
STUCK = 70


def _end(process: subprocess.Popen[bytes], watchman: Watchman) -> None:
    """Ends the program's processes, each told by when it began, so that no other of the same id is hit."""
    living = watchman.living()
    # All are stopped first: the end of one would let another go on.
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid, began in living.items():
            if kernel.began(pid) == began:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
    process.wait()


def leave(status: int) -> int:
    """The exit status as a shell would have it; dies by the same signal where the program did."""
    if status >= 0:
        return status
    with suppress(OSError):
        signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
    return 128 - status
