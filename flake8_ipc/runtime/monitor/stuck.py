"""Who can never go on: a greatest fixed point over who could wake whom.

All who wait without a time limit are taken to be stuck; whoever could be woken by something that may still act is let
go, until nobody is (AND/OR release, as in wait-state tracking: Hilbrich et al., "Distributed wait state tracking for
runtime MPI deadlock detection", 2013). Whatever is not known may act: a gap costs a missed alarm, never a false one.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from ..slots import Slot, Wait
from .kernel import Holders, Thread


@dataclass(frozen=True, slots=True)
class Process:
    """One process of the run at one look: its threads as the kernel and as its own table shows them."""

    pid: int
    began: str
    threads: Mapping[int, Thread]
    slots: Mapping[int, Slot]
    alarmed: bool

    @property
    def waiting(self) -> dict[int, Slot]:
        """The threads that wait with no time limit, as far as all that could be told is told."""
        if self.alarmed:
            return {}
        return {
            number: slot
            for number, slot in self.slots.items()
            if slot.wait is not Wait.NOTHING and number in self.threads and self.threads[number].state == "S"
        }


# A thread: process id and native thread id.
Member = tuple[int, int]


def stuck(processes: Mapping[int, Process], held: Holders, peers: Mapping[int, int]) -> dict[Member, Slot]:
    """The threads that nothing can wake any more; ``peers`` are the inodes of the two ends of each two-way pipe."""
    waiting = {(one.pid, number): slot for one in processes.values() for number, slot in one.waiting.items()}
    everybody = {(one.pid, number) for one in processes.values() for number in one.threads}
    while True:
        may_act = everybody - waiting.keys()
        acting = {pid for pid, _ in may_act}
        released = [
            member
            for member, slot in waiting.items()
            if _may_wake(member, slot, processes, held, peers, may_act, acting)
        ]
        if not released:
            return waiting
        for member in released:
            del waiting[member]


def _may_wake(
    member: Member,
    slot: Slot,
    processes: Mapping[int, Process],
    held: Holders,
    peers: Mapping[int, int],
    may_act: Set[Member],
    acting: Set[int],
) -> bool:
    pid = member[0]
    if slot.wait is Wait.EXIT:
        target = processes.get(slot.resource)
        return target is None or (target.pid, target.pid) in may_act
    if slot.wait is Wait.THREAD:
        return slot.resource not in processes[pid].threads or (pid, slot.resource) in may_act
    if slot.wait is Wait.WORK:
        return pid in acting
    if slot.wait is Wait.LOCK:
        return bool(acting)
    if slot.resource in held.sockets and slot.resource not in peers:
        return True
    other = peers.get(slot.resource, slot.resource)
    wakers = (held.writers if slot.wait is Wait.RECV else held.readers).get(other, set())
    return not wakers or any(one in acting or one not in processes for one in wakers)
