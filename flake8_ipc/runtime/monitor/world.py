"""One look at a run: its processes as the kernel and as their own tables show them, and what may act on them."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from ..slots import Wait
from ..tables import Shown
from . import kernel
from .kernel import Holders, Thread

# A thread: process id and native thread id.
Member = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Process:
    """One process of the run: its threads and slots, whose child it is, and by what it may be woken from outside.

    ``server``: a manager's, which acts for its clients alone. ``lists`` are what its threads wait for together: inodes of
    ends, negative ids of processes.
    """

    pid: int
    began: str
    threads: Mapping[int, Thread]
    slots: Mapping[int, Shown]
    alarmed: bool = False
    signalled: bool = False
    parent: int | None = None
    server: bool = False
    lists: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    @property
    def waiting(self) -> dict[int, Shown]:
        """The threads that wait with no time limit, as far as all that could be told is told."""
        if self.alarmed:
            return {}
        return {
            number: slot
            for number, slot in self.slots.items()
            if slot.wait not in (Wait.NOTHING, Wait.SERVE) and number in self.threads and self.threads[number].state == "S"
        }

    @property
    def idle(self) -> set[int]:
        """The threads that do nothing by themselves."""
        return {number for number, slot in self.slots.items() if slot.wait is Wait.SERVE and number in self.threads}


@dataclass(frozen=True)
class World:
    """All of them. ``owners`` tells by the number of a lock which threads hold it, those that have died included; ``peers``
    are the inodes of the two ends of each two-way pipe; ``semaphores`` those of the semaphores that are waited for, by number.
    ``coming``: some process has begun, and has still to be given what it is to work with. ``killers``: any may end any other.
    """

    processes: Mapping[int, Process]
    owners: Mapping[int, Set[Member]] = field(default_factory=dict)
    peers: Mapping[int, int] = field(default_factory=dict)
    semaphores: Mapping[int, int] = field(default_factory=dict)
    coming: bool = False
    killers: bool = False

    @functools.cached_property
    def held(self) -> Holders:
        """Who holds which end of which pipe."""
        return kernel.holders()

    @functools.cached_property
    def strangers(self) -> bool:
        """Whether any descendant of theirs is not one of them (yet): a child that has still to come up, another program."""
        parents = self._parents
        for pid in parents:
            if pid in self.processes or not self._descends(pid, parents):
                continue
            if not (parents[pid] in self.processes and kernel.helps(pid)):
                return True
        return False

    @functools.cached_property
    def hidden(self) -> bool:
        """Whether any descendant of theirs does not show which ends it holds."""
        return any(self._descends(pid, self._parents) for pid in self.held.unseen)

    @functools.cached_property
    def _parents(self) -> dict[int, int]:
        return kernel.parents()

    def _descends(self, pid: int, parents: Mapping[int, int]) -> bool:
        seen = {pid}
        while (pid := parents.get(pid, 0)) and pid not in seen:
            if pid in self.processes:
                return True
            seen.add(pid)
        return False

    @functools.cached_property
    def _at_hand(self) -> dict[int, frozenset[int] | None]:
        found = {pid: kernel.semaphores(pid) for pid in self.processes}
        return {pid: frozenset(one[2] for one in all_) if all_ is not None else None for pid, all_ in found.items()}

    def has(self, pid: int, number: int) -> bool:
        """Whether a process has a semaphore at hand; where that cannot be seen, it has."""
        inode, found = self.semaphores.get(number), self._at_hand.get(pid)
        return inode is None or found is None or inode in found

    def above(self, pid: int) -> set[int]:
        """A process and those that it descends from: any of these may end it."""
        found: set[int] = set()
        at: int | None = pid
        while at is not None and at in self.processes and at not in found:
            found.add(at)
            at = self.processes[at].parent
        return found
