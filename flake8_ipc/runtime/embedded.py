"""A process that watches itself: what ``watch()``, ``install()`` and the plugin for pytest are made of."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

from . import doors
from .monitor import kernel
from .monitor.watchman import Blocked, Watchman
from .record import begin, current
from .session import Session
from .slots import Wait
from .tables import table

if TYPE_CHECKING:
    from ..reporting.configuration import Configuration
    from ..reporting.work import Remark

_PACKAGES = str(pathlib.Path(__file__).resolve().parents[2])
# How long processes that were left behind may take to end, and how often they are looked at.
PATIENCE = 2.0
_POLL = 0.02


class StuckForGood(BaseException):
    """Raised in the main thread where it was proved to wait for good; nothing that handles errors is to swallow it."""


class Watch:
    """One stretch of this process's life, with all the processes that it starts meanwhile.

    ``aside`` are threads of this process, by their native ids, that have no part in what it does. ``findings`` is what
    came of it, and ``standstill`` who waits for whom where some of it was stuck for good.
    """

    def __init__(self, main: str, wanted: Configuration | None = None, aside: Sequence[int] = ()) -> None:
        self.findings: list[Remark] = []
        self.standstill = ""
        self.stuck = False
        self._main, self._wanted = main, wanted
        self._host = os.getpid()
        self._aside = list(aside)
        self._session: Session | None = None

    def begin(self) -> None:
        """Watches from now on; a watch that goes on already is suspended. Where no file can be made, nothing is watched."""
        global _active
        self._above, self._outer = _active, current()
        begin(None)
        with suppress(OSError):
            folder = tempfile.mkdtemp(dir=_companion())
            session = Session(folder, _PACKAGES, self._main)
            session.save()
            number = _wake_by() if threading.current_thread() is threading.main_thread() else 0
            pathlib.Path(folder, "host").write_text(json.dumps([self._host, number]), encoding="utf-8")
            self._session = session
            doors.enter(folder)
        self._record = current()
        if self._record is not None:
            self._record.write("aside", self._aside)
            self._record.write("calm", [_signal])
        _active = self

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Meanwhile nothing is told."""
        mine = current()
        begin(self._outer)
        try:
            yield
        finally:
            begin(mine)

    def freeze(self) -> None:
        """Nothing more is told: what is stuck is judged as it stands."""
        self.stuck = True
        if current() is self._record:
            begin(None)

    def end(self, patience: float = PATIENCE) -> list[Remark]:
        """Ends the watch and judges it; processes that still live are given a while to end."""
        global _active
        if os.getpid() != self._host or self._session is None:
            return []
        session, self._session = self._session, None
        watchman = Watchman(session)
        if not self.stuck:
            self._wait(watchman, session, patience)
            if self._record is not None:
                self._record.close()
        begin(self._outer)
        _active = self._above
        stuck = _stuck(session)
        try:
            from . import judge, standstill

            self.findings = judge.judged(session, stuck, self._wanted)
            self.standstill = standstill.told(session, stuck) if stuck else ""
        finally:
            self._end(watchman, stuck)
            if self._record is not None:
                self._record.release()
            shutil.rmtree(session.folder, ignore_errors=True)
        return self.findings

    def _wait(self, watchman: Watchman, session: Session, patience: float) -> None:
        """Gives the processes that are left a while to end; those that wait may be proved to wait for good."""
        begun = time.monotonic()
        with self._idle():
            while self._others(watchman) and not _stuck(session):
                lasted = time.monotonic() - begun
                if lasted > patience * (2 if self._await_anything(watchman, session) else 1):
                    return
                time.sleep(_POLL)

    @contextmanager
    def _idle(self) -> Iterator[None]:
        """Meanwhile this thread does nothing to anybody; but the end of the program would end its daemons."""
        children = getattr(sys.modules.get("multiprocessing.process"), "_children", ())
        if self._record is None or any(child.daemon for child in list(children)):
            yield
        else:
            with self._record.slots.waiting(Wait.SERVE, 0):
                yield

    def _await_anything(self, watchman: Watchman, session: Session) -> bool:
        """Whether all that are left wait for something, so that our monitor may still be about to speak."""
        tables = [table(session.slots(watchman.record(pid) or "")) for pid in self._others(watchman)]
        return all(any(slot.wait is not Wait.NOTHING for slot in one.slots.values()) for one in tables)

    def _others(self, watchman: Watchman) -> list[int]:
        return [pid for pid in watchman.living() if pid != self._host]

    def _end(self, watchman: Watchman, stuck: list[Blocked]) -> None:
        """Ends those that wait for good: they would keep this process from ending, too."""
        names = {one.record for one in stuck}
        for pid in self._others(watchman):
            if watchman.record(pid) in names:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


_active: Watch | None = None


def _stuck(session: Session) -> list[Blocked]:
    try:
        text = pathlib.Path(session.folder, "stuck").read_text(encoding="utf-8")
    except OSError:
        return []
    return [Blocked.of(one) for one in json.loads(text)]


_root: str | None = None


def _companion() -> str | None:
    """The folder that our monitor looks after, which is started with the first watch; None where there can be none."""
    global _root
    if _root is None or not os.path.isdir(_root):
        _root = tempfile.mkdtemp(prefix="flake8-ipc-")
        if kernel.alive():
            here = pathlib.Path(__file__).with_name("monitor") / "companion.py"
            subprocess.run(
                [sys.executable, "-S", str(here), _root, str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
    return _root


_signal = 0


def _wake_by() -> int:
    """The signal by which the monitor wakes this process where it is stuck: one that nobody here uses; 0: none."""
    global _signal
    if not _signal and hasattr(signal, "SIGRTMIN"):
        free = (one for one in range(signal.SIGRTMIN + 9, signal.SIGRTMAX) if signal.getsignal(one) is signal.SIG_DFL)
        _signal = next(free, 0)
        if _signal:
            signal.signal(_signal, _woken)
    return _signal


def _woken(number: int, frame: FrameType | None) -> None:
    # What pytest shows ends where the test waits.
    __tracebackhide__ = True
    watch = _active
    if watch is not None and watch._session is not None and os.getpid() == watch._host and _stuck(watch._session):
        watch.freeze()
        raise StuckForGood("this waits for good: nothing is left that could wake it")
