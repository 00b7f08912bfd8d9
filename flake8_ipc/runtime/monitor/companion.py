"""The monitor of a process that watches itself: ``python companion.py FOLDER PID``.

Started by the process (see ``runtime/embedded``), it leaves its family at once, so that the program meets no child it did
not make; looks after every session whose folder lies in FOLDER; and goes, with FOLDER, when the process does.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import sys
import time
from contextlib import suppress


def main(root: str, pid: int) -> None:
    """Watches until the process is gone."""
    from flake8_ipc.runtime.monitor import kernel
    from flake8_ipc.runtime.monitor.watchman import PAUSE

    began = kernel.began(pid)
    sitters: dict[str, Sitter] = {}
    while began is not None and kernel.began(pid) == began and os.path.isdir(root):
        time.sleep(max((one.pause for one in sitters.values()), default=PAUSE))
        with suppress(OSError, ValueError):
            folders = {entry.path for entry in os.scandir(root)}
            for folder in sitters.keys() - folders:
                del sitters[folder]
            for folder in folders:
                if folder not in sitters and os.path.exists(f"{folder}/host"):
                    sitters[folder] = Sitter(folder)
                if folder in sitters:
                    sitters[folder].look()
    shutil.rmtree(root, ignore_errors=True)


class Sitter:
    """Looks after one session."""

    def __init__(self, folder: str) -> None:
        from flake8_ipc.runtime.monitor.watchman import Watchman
        from flake8_ipc.runtime.session import Session

        self._folder = pathlib.Path(folder)
        self._watchman = Watchman(Session.load(f"{folder}/session.json"))
        self._host, self._signal = json.loads((self._folder / "host").read_text())
        self._told: list[list[object]] = []

    @property
    def pause(self) -> float:
        """Seconds until the next look."""
        return self._watchman.pause

    def look(self) -> None:
        """One look; who is stuck is written down, and the process that holds the session is woken, if it is among them."""
        stuck = self._watchman.look()
        news = [one for one in stuck if one.told not in self._told]
        if not news:
            return
        self._told += [one.told for one in news]
        draft = self._folder / "stuck.new"
        draft.write_text(json.dumps(self._told), encoding="utf-8")
        draft.rename(self._folder / "stuck")
        if self._signal and any(one.thread == self._host for one in stuck):
            living = self._watchman.living()
            os.kill(self._host, self._signal)
            self._end([pid for pid in living if pid != self._host])

    @staticmethod
    def _end(pids: list[int]) -> None:
        """All are stopped first: the end of one would let another go on."""
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)


if __name__ == "__main__":
    if os.fork():
        os._exit(0)
    os.setsid()
    # Beside this file lie modules that must not be importable by their bare names.
    sys.path[0] = os.path.abspath(f"{__file__}/../../../..")
    main(sys.argv[1], int(sys.argv[2]))
