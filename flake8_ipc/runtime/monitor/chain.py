"""Who could have let a stuck thread go on: for the report, once it is certain that none of them will."""

from __future__ import annotations

from ..slots import Wait
from ..tables import Shown
from .world import Member, Process, World

# A whole process, whichever of its threads; and one that has ended.
ANY_THREAD, GONE = 0, -1


def awaited(process: Process, slot: Shown, world: World) -> tuple[Member, ...]:
    """The threads and processes that a thread waits for; a process is told by its id and ``ANY_THREAD``."""
    if slot.wait is Wait.OWNED and world.owners.get(slot.resource):
        return tuple(sorted(world.owners[slot.resource]))
    if slot.wait is Wait.THREAD:
        return ((process.pid, slot.resource),)
    return tuple((pid, ANY_THREAD) for pid in sorted(_processes(process, slot, world)))


def _processes(process: Process, slot: Shown, world: World) -> set[int]:
    if slot.wait is Wait.EXIT:
        return {slot.resource}
    if slot.wait is Wait.WORK:
        return {process.pid}
    if slot.wait is Wait.REPLY:
        return {pid for pid, one in world.processes.items() if one.server}
    if slot.wait in (Wait.LOCK, Wait.OWNED):
        return {pid for pid in world.processes if world.has(pid, slot.resource)}
    if slot.wait is Wait.ANY:
        listed = process.lists.get(slot.resource, ())
        return {pid for one in listed for pid in ({-one} if one < 0 else _holders(one, slot, world))}
    return _holders(slot.resource, slot, world)


def _holders(inode: int, slot: Shown, world: World) -> set[int]:
    """Those that hold the other end."""
    held = world.held.readers if slot.wait is Wait.SEND else world.held.writers
    return held.get(world.peers.get(inode, inode), set()) & world.processes.keys()
