"""Looks at the processes of a run again and again, and is sure before it speaks."""

from __future__ import annotations

import json
import pathlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..places import is_library
from ..session import Session
from ..dumps import Frame
from ..slots import Wait
from ..stacks import SIGNAL
from ..tables import Shown, Table, inodes, table
from . import kernel
from .ask import stacks
from .chain import awaited
from .foreign import foreign
from .killers import Killers
from .semaphores import Semaphores
from .stuck import stuck
from .world import Member, Process, World

# Seconds between looks, and between the two of a confirmation.
PAUSE = 0.25
_APART = 0.3
# Seconds that a wait must last before it is looked at closely, and the longest that is waited between two close looks.
_LASTING = 1.0
_RESTS = 1.0
# With many processes a look takes long: then it is taken more seldom, so that looking takes no more than this share of a
# core; but never so seldom that who is stuck is told late.
_SHARE = 0.01
_SELDOM, _SELDOM_CLOSE = 0.75, 2.0


@dataclass(frozen=True, slots=True)
class Blocked:
    """A thread that waits for good: the record of its process, the place of what it does, what it waits for, and how.

    ``stack`` is where it stands, innermost call first; empty where it did not answer. ``awaited`` is who could have let
    it go on.
    """

    record: str
    thread: int
    place: int
    wait: Wait
    resource: int
    stack: tuple[Frame, ...] = ()
    awaited: tuple[Member, ...] = ()

    @property
    def told(self) -> list[object]:
        """The same in plain values."""
        stack = [[one.path, one.line, one.function] for one in self.stack]
        return [self.record, self.thread, self.place, int(self.wait), self.resource, stack, self.awaited]

    @classmethod
    def of(cls, told: list[Any]) -> Blocked:
        """What was told in plain values."""
        record, thread, place, wait, resource, stack, awaited = told
        frames, others = tuple(Frame(*one) for one in stack), tuple((pid, thread) for pid, thread in awaited)
        return cls(record, thread, place, Wait(wait), resource, frames, others)


class Watchman:
    """Watches one run."""

    def __init__(self, session: Session) -> None:
        self._folder = pathlib.Path(session.folder)
        self._session = session
        self._began: dict[int, str] = {}
        self._records: dict[int, str] = {}
        self._parents: dict[str, str | None] = {}
        self._pids: dict[str, int] = {}
        self._servers: set[str] = set()
        self._descriptors: dict[str, int] = {}
        self._coming: set[str] = set()
        self._semaphores = Semaphores()
        self._killers = Killers(session.main)
        self._peers: dict[int, int] = {}
        self._read: dict[str, int] = {}
        self._asides: dict[str, set[int]] = {}
        self._harmless: dict[str, set[int]] = {}
        self._since: dict[tuple[int, int, int], float] = {}
        self._left: dict[str, Table] = {}
        self._next = 0.0
        self._rest = PAUSE
        self.pause = PAUSE

    def look(self) -> list[Blocked]:
        """One look; tells who is stuck once that is certain, else nobody. ``pause`` is when to look again."""
        begun = time.process_time()
        tables = self._tables()
        lasting = self._lasting(tables)
        self.pause = min(max(PAUSE, (time.process_time() - begun) / _SHARE), _SELDOM)
        if not lasting or time.monotonic() < self._next:
            return []
        begun = time.process_time()
        world = self._world(tables)
        found = stuck(world)
        if found and self._confirmed(world, found):
            told = self._told(world, found)
            if told:
                return told
        seldom = min((time.process_time() - begun) / _SHARE, _SELDOM_CLOSE)
        self._next, self._rest = time.monotonic() + max(self._rest, seldom), min(2 * self._rest, _RESTS)
        return []

    def _lasting(self, tables: dict[int, Table]) -> bool:
        """Whether any wait has lasted for long enough."""
        now = time.monotonic()
        waits = {
            (pid, number, slot.version)
            for pid, one in tables.items()
            for number, slot in one.slots.items()
            if slot.wait not in (Wait.NOTHING, Wait.SERVE)
        }
        if waits != self._since.keys():
            # Something moved: what is new may be the last that was missing.
            self._next, self._rest = 0.0, PAUSE
        self._since = {wait: self._since.get(wait, now) for wait in waits}
        return any(now - since >= _LASTING for since in self._since.values())

    def _confirmed(self, first: World, found: dict[Member, Shown]) -> bool:
        """Whether nobody in the set ran between two looks: then all were asleep at once, and stay so."""
        now = time.monotonic()
        mine = {member: slot for member, slot in found.items() if member[0] in self._records}
        if any(now - self._since.get((pid, number, slot.version), now) < _LASTING for (pid, number), slot in mine.items()):
            return False
        time.sleep(_APART)
        second = self._world(self._tables())
        again = stuck(second)
        return all(
            member in again
            and again[member].version == slot.version
            and second.processes[member[0]].threads[member[1]] == first.processes[member[0]].threads[member[1]]
            for member, slot in found.items()
        )

    def record(self, pid: int) -> str | None:
        """The name of a process's record."""
        return self._records.get(pid)

    def _told(self, world: World, found: dict[Member, Shown]) -> list[Blocked]:
        """Each with its stack; nobody where a stack shows that a thread is elsewhere: in a signal's handler."""
        asked = {}
        found = {member: slot for member, slot in found.items() if member[0] in self._records}
        for pid in {pid for pid, _ in found}:
            record = self._records[pid]
            path = self._session.stacks(record)
            asked[pid] = stacks(pid, world.processes[pid].began, path, self._descriptors.get(record))
        told = []
        for (pid, number), slot in found.items():
            stack = asked[pid].get(slot.ident, ())
            if (not stack and world.processes[pid].signalled) or (stack and not _waits(stack)):
                return []
            theirs = tuple(one for one in stack if not one.ours)
            others = awaited(world.processes[pid], slot, world)
            told.append(Blocked(self._records[pid], number, slot.place, slot.wait, slot.resource, theirs, others))
        # Whoever was in a handler while we looked may have come out of it before it was asked.
        after = self._tables()
        still = all(_version(after, member) == slot.version for member, slot in found.items())
        return told if still else []

    def living(self) -> dict[int, str]:
        """The processes of the run that are alive: when each began, by its id."""
        self._news()
        return {pid: began for pid, began in self._began.items() if kernel.began(pid) == began}

    def _tables(self) -> dict[int, Table]:
        """What the processes that are alive publish."""
        living = self.living()
        for record in self._pids.keys() - self._left.keys() - {self._records[pid] for pid in living}:
            self._left[record] = self._table(record)
        return {pid: self._table(self._records[pid]) for pid in living}

    def _table(self, record: str) -> Table:
        try:
            return table(self._session.slots(record))
        except (OSError, ValueError):
            return Table({}, {})

    def _world(self, tables: dict[int, Table]) -> World:
        owners: dict[int, set[Member]] = {}
        left = [(-1, one) for one in self._left.values()]
        for pid, one in [*tables.items(), *left]:
            for number, threads in one.owners.items():
                owners.setdefault(number, set()).update((pid, thread) for thread in threads)
        for pid, one in tables.items():
            for slot in one.slots.values():
                if slot.wait in (Wait.LOCK, Wait.OWNED):
                    self._semaphores.find(pid, slot.resource, self._line(self._records[pid]))
        coming = any(self._records[pid] in self._coming for pid in tables)
        processes = {pid: self._process(pid, one) for pid, one in tables.items()}
        processes.update({one.pid: one for one in foreign(processes)})
        return World(processes, owners, self._peers, dict(self._semaphores.inodes), coming, self._killers.any)

    def _line(self, record: str) -> Iterator[str]:
        """A record and those of the processes that it descends from."""
        at: str | None = record
        while at is not None:
            yield at
            at = self._parents.get(at)

    def _process(self, pid: int, one: Table) -> Process:
        record = self._records[pid]
        signals = kernel.caught(pid) - self._harmless.get(record, set())
        aside = self._asides.get(record, set())
        path = self._session.slots(record)
        return Process(
            pid,
            self._began[pid],
            {number: thread for number, thread in kernel.threads(pid).items() if number not in aside},
            one.slots,
            alarmed=kernel.awaits_alarm(signals),
            signalled=kernel.awaits_signal(signals, SIGNAL),
            parent=self._pids.get(self._parents.get(record) or ""),
            server=record in self._servers,
            lists={slot.resource: inodes(path, slot.resource) for slot in one.slots.values() if slot.wait is Wait.ANY},
        )

    def _news(self) -> None:
        """Reads what the records have that was not read yet: new processes, and which ends belong together."""
        for file in self._folder.glob("*.record"):
            begun = self._read.get(file.name, 0)
            with open(file, "rb") as lines:
                lines.seek(begun)
                news = lines.read()
            whole = news.rpartition(b"\n")[0]
            self._read[file.name] = begun + len(whole) + bool(whole)
            self._killers.note(whole)
            for line in whole.splitlines():
                if line.startswith(_NEWS):
                    self._note(file.name.removesuffix(".record"), json.loads(line))

    def _note(self, record: str, line: list[object]) -> None:
        match line:
            case ["process", int(pid), parent]:
                began = kernel.began(pid)
                self._parents[record] = parent if isinstance(parent, str) else None
                self._pids[record] = pid
                if began is not None:
                    self._began[pid], self._records[pid] = began, record
            case ["calm", list(signals)]:
                self._harmless.setdefault(record, set()).update(signals)
            case ["aside", list(threads)]:
                self._asides[record] = set(threads)
            case ["coming"]:
                self._coming.add(record)
            case ["role", _]:
                self._coming.discard(record)
            case ["semaphore", int(number), int(address)]:
                self._semaphores.note(record, number, address)
            case ["server", False]:
                self._servers.add(record)
            case ["stacks", int(descriptor)]:
                self._descriptors[record] = descriptor
            case ["object", str(name), "PIPE_END", _, {"peer": str(peer)}] if peer.partition(":")[0] == "end":
                self._peers[int(name.split(":")[1])] = int(peer.split(":")[1])


_NEWS = tuple(
    f'["{kind}"'.encode()
    for kind in "process object server stacks calm aside semaphore coming role".split()
)


def _version(tables: dict[int, Table], member: Member) -> int | None:
    """The version of a thread's slot; None where it has none any more."""
    pid, number = member
    slot = tables[pid].slots.get(number) if pid in tables else None
    return slot.version if slot is not None else None


def _waits(stack: Sequence[Frame]) -> bool:
    """Whether a thread stands in the call whose wait it has published, and not in a signal's handler that came there."""
    inner = next((at for at, frame in enumerate(stack) if frame.ours), None)
    return inner is not None and all(is_library(frame.path) for frame in stack[:inner])
