"""Who can never go on: a greatest fixed point over who could wake whom.

All who wait without a time limit are taken to be stuck; whoever could be woken by something that may still act is let
go, until nobody is (AND/OR release, as in wait-state tracking: Hilbrich et al., "Distributed wait state tracking for
runtime MPI deadlock detection", 2013). Whatever is not known may act: a gap costs a missed alarm, never a false one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..slots import Wait
from ..tables import Shown
from .world import Member, Process, World


@dataclass(frozen=True, slots=True)
class _Moment:
    """Who may still act at one step of the search, thread by thread and as whole processes."""

    world: World
    may_act: frozenset[Member]
    acting: frozenset[int]

    @property
    def anybody(self) -> bool:
        """Whether anything of the run, or begun by it, may act."""
        return bool(self.acting) or self.world.strangers


def stuck(world: World) -> dict[Member, Shown]:
    """The threads that nothing can wake any more."""
    processes = world.processes
    waiting = {(one.pid, number): slot for one in processes.values() for number, slot in one.waiting.items()}
    everybody = {(one.pid, number) for one in processes.values() for number in one.threads.keys() - one.idle}
    while waiting:
        may_act = frozenset(everybody - waiting.keys())
        moment = _Moment(world, may_act, frozenset(pid for pid, _ in may_act))
        released = [member for member, slot in waiting.items() if _may_go_on(member, slot, moment)]
        if not released:
            break
        for member in released:
            del waiting[member]
    return waiting


def _may_go_on(member: Member, slot: Shown, moment: _Moment) -> bool:
    """Whether what it waits for may come, or somebody may end it or send it a signal."""
    process = moment.world.processes[member[0]]
    if not moment.acting.isdisjoint(moment.world.above(process.pid)):
        return True
    if (process.signalled or process.server or moment.world.killers) and moment.anybody:
        return True
    if process.signalled and slot.wait is Wait.LOCK and member[1] == process.pid:
        # Whoever sends a signal from outside may have its handler give what the main thread waits for, or raise.
        return True
    return _WAKERS[slot.wait](process, slot, moment)


def _exits(process: Process, slot: Shown, moment: _Moment) -> bool:
    return _may_end(slot.resource, moment)


def _may_end(pid: int, moment: _Moment) -> bool:
    return pid not in moment.world.processes or pid in moment.acting


def _thread_ends(process: Process, slot: Shown, moment: _Moment) -> bool:
    return slot.resource not in process.threads or (process.pid, slot.resource) in moment.may_act


def _works(process: Process, slot: Shown, moment: _Moment) -> bool:
    return process.pid in moment.acting


def _released(process: Process, slot: Shown, moment: _Moment) -> bool:
    """By anybody who has the semaphore at hand; a child that has still to come up may be given it."""
    world = moment.world
    return world.strangers or world.coming or any(world.has(pid, slot.resource) for pid in moment.acting)


def _owner_releases(process: Process, slot: Shown, moment: _Moment) -> bool:
    owners = moment.world.owners.get(slot.resource)
    return not owners.isdisjoint(moment.may_act) if owners else _released(process, slot, moment)


def _answers(process: Process, slot: Shown, moment: _Moment) -> bool:
    """The server, which only waits for its clients as long as no thread of it runs."""
    return moment.anybody or not any(one.server for one in moment.world.processes.values())


def _received(process: Process, slot: Shown, moment: _Moment) -> bool:
    if process.server and slot.resource in moment.world.held.sockets:
        # From a client, and none of these may act, or they would not have come here.
        return False
    return _moves(slot.resource, moment, moment.world.held.writers)


def _sent(process: Process, slot: Shown, moment: _Moment) -> bool:
    return _moves(slot.resource, moment, moment.world.held.readers)


def _any_comes(process: Process, slot: Shown, moment: _Moment) -> bool:
    awaited = process.lists.get(slot.resource, ())
    writers = moment.world.held.writers
    return not awaited or any(_may_end(-one, moment) if one < 0 else _moves(one, moment, writers) for one in awaited)


def _moves(inode: int, moment: _Moment, holders: dict[int, set[int]]) -> bool:
    """Whether anybody may use, or close, the other end."""
    world = moment.world
    if world.hidden or (inode in world.held.sockets and inode not in world.peers):
        return True
    wakers = holders.get(world.peers.get(inode, inode), set())
    return not wakers or any(one in moment.acting or one not in world.processes for one in wakers)


_WAKERS: dict[Wait, Callable[[Process, Shown, _Moment], bool]] = {
    Wait.RECV: _received,
    Wait.SEND: _sent,
    Wait.EXIT: _exits,
    Wait.THREAD: _thread_ends,
    Wait.WORK: _works,
    Wait.LOCK: _released,
    Wait.OWNED: _owner_releases,
    Wait.ANY: _any_comes,
    Wait.REPLY: _answers,
}
