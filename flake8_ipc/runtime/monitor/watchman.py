"""Looks at the processes of a run again and again, and is sure before it speaks."""

from __future__ import annotations

import json
import pathlib
import time
from dataclasses import dataclass

from ..session import Session
from ..slots import Slot, Wait, read
from . import kernel
from .foreign import foreign
from .stuck import Member, Process, stuck

# Seconds between looks, and between the two of a confirmation.
PAUSE = 0.25
_APART = 0.3
# Looks that must show the same before the kernel is asked to confirm it.
_SAME = 4


@dataclass(frozen=True, slots=True)
class Blocked:
    """A thread that waits for good: the record of its process, the place of what it does, what it waits for, and how."""

    record: str
    thread: int
    place: int
    wait: Wait
    resource: int


class Watchman:
    """Watches one run."""

    def __init__(self, session: Session) -> None:
        self._folder = pathlib.Path(session.folder)
        self._session = session
        self._began: dict[int, str] = {}
        self._records: dict[int, str] = {}
        self._peers: dict[int, int] = {}
        self._read: dict[str, int] = {}
        self._seen: dict[Member, int] = {}
        self._same = 0

    def look(self) -> list[Blocked]:
        """One look; tells who is stuck once that is certain, else nobody."""
        processes = self._processes()
        if not processes or not any(one.waiting for one in processes.values()):
            self._same = 0
            return []
        found = stuck(processes, kernel.holders(), self._peers)
        versions = {member: slot.version for member, slot in found.items()}
        self._same = self._same + 1 if found and versions == self._seen else 0
        self._seen = versions
        if self._same < _SAME or not self._confirmed(processes, found):
            return []
        return [
            Blocked(self._records[pid], thread, slot.place, slot.wait, slot.resource)
            for (pid, thread), slot in found.items()
            if pid in self._records
        ]

    def _confirmed(self, first: dict[int, Process], found: dict[Member, Slot]) -> bool:
        """Whether nobody in the set ran between two looks: then all were asleep at once, and stay so."""
        time.sleep(_APART)
        second = self._processes()
        again = stuck(second, kernel.holders(), self._peers)
        return all(
            member in again
            and again[member].version == slot.version
            and second[member[0]].threads[member[1]] == first[member[0]].threads[member[1]]
            for member, slot in found.items()
        )

    def living(self) -> dict[int, str]:
        """The processes of the run that are alive: when each began, by its id."""
        self._news()
        return {pid: began for pid, began in self._began.items() if kernel.began(pid) == began}

    def _processes(self) -> dict[int, Process]:
        found: dict[int, Process] = {}
        for pid, began in self.living().items():
            try:
                slots = read(self._session.slots(self._records[pid]))
            except OSError:
                slots = {}
            found[pid] = Process(pid, began, kernel.threads(pid), slots, kernel.awaits_alarm(pid))
        if any(one.waiting for one in found.values()):
            found.update({one.pid: one for one in foreign(found)})
        return found

    def _news(self) -> None:
        """Reads what the records have that was not read yet: new processes, and which ends belong together."""
        for file in self._folder.glob("*.record"):
            begun = self._read.get(file.name, 0)
            with open(file, "rb") as lines:
                lines.seek(begun)
                news = lines.read()
            whole = news.rpartition(b"\n")[0]
            self._read[file.name] = begun + len(whole) + bool(whole)
            for line in whole.splitlines():
                if line.startswith((b'["process"', b'["object"')):
                    self._note(file.name.removesuffix(".record"), json.loads(line))

    def _note(self, record: str, line: list[object]) -> None:
        match line:
            case ["process", int(pid), _]:
                began = kernel.began(pid)
                if began is not None:
                    self._began[pid], self._records[pid] = began, record
            case ["object", str(name), "PIPE_END", _, {"peer": str(peer)}] if peer.partition(":")[0] == "end":
                self._peers[int(name.split(":")[1])] = int(peer.split(":")[1])
