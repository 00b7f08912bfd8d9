"""Accesses to shared memory and proxies that meet without a lock in common.

Locksets narrow what start, join and messages leave concurrent (Savage et al., "Eraser", 1997; O'Callahan and Choi,
"Hybrid Dynamic Data Race Detection", 2003).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..model import LOCKS, PROXIES, Cell, Constant, Event, Key, Kind, Memory, Role, Shared, Verb
from .exclusions import may_exclude
from .locks import root

if TYPE_CHECKING:
    from .study import Study


_COUNTED = frozenset({Kind.SEMAPHORE, Kind.BOUNDED_SEMAPHORE})


@dataclass(frozen=True, slots=True)
class Access:
    """One read or write of a cell or proxy by a role, with the locks surely held."""

    role: Role
    event: Event
    locks: frozenset[Shared]

    @property
    def writes(self) -> bool:
        """Whether it is a write; a method of a proxy that changes something is one."""
        return self.event.verb in (Verb.WRITE, Verb.CALL)


@dataclass(frozen=True, slots=True)
class Race:
    """A write and another role's access that neither order nor a common lock keeps apart."""

    write: Access
    other: Access


def accesses(study: Study) -> dict[Shared, list[Access]]:
    """Every access to each cell, block or proxy of which all users are known."""
    found: dict[Shared, list[Access]] = {}
    for role, event in study.program.events(Verb.READ, Verb.WRITE, Verb.CALL):
        if event.verb is Verb.CALL and event.key is Key.NOTHING:
            continue
        shared = _itself(event.target)
        if _all_known(shared):
            found.setdefault(shared, []).append(Access(role, event, study.locks.names(role, event)))
    return found


def _itself(shared: Shared) -> Shared:
    """What is shared: of a mapping, the block."""
    return shared.origin if isinstance(shared, Memory) else shared


def _all_known(shared: Shared) -> bool:
    if shared.open or (isinstance(shared, Memory) and shared.lent):
        return False
    return isinstance(shared, Cell) or shared.kind in PROXIES


def races(study: Study) -> dict[Shared, list[Race]]:
    """Every write with each concurrent access to the same element, by what they access (``Study.races``)."""
    return {shared: list(_pairs(study, mine)) for shared, mine in accesses(study).items()}


def _pairs(study: Study, mine: list[Access]) -> Iterator[Race]:
    """Every write with each concurrent access to the same element, locked or not."""
    for write in mine:
        # The server does a single call whole, under whatever lock.
        if not write.writes or (write.event.target.managed and not write.event.reads):
            continue
        for other in mine:
            same_role = write.role is other.role
            if _apart(write.event, other.event):
                continue
            if same_role and _itself(write.event.target).many and write.role.many:
                continue
            if study.order.concurrent(write.role, write.event, other.role, other.event):
                yield Race(write, other)


def _apart(write: Event, access: Event) -> bool:
    """Whether two accesses surely are of different elements."""
    one, other = write.key, access.key
    if isinstance(one, Constant) and isinstance(other, Constant):
        return not one.meets(other)
    if (one is Key.NEW) is not (other is Key.NEW):
        # What is added moves nothing that was there before.
        return Key.WHOLE not in (one, other)
    if write.target.kind is Kind.DICT:
        return _named_apart(write, access) or _named_apart(access, write) or (one is Key.OWN and other is Key.OWN)
    return one is Key.OWN and other is Key.OWN


def _named_apart(one: Event, other: Event) -> bool:
    """Whether a key of a dict that the text spells out is none of those that are worked out, as far as one can tell."""
    if other.verb is Verb.CALL:
        # One that adds under keys of its own making, beside a process's own.
        return other.key is Key.ANY and one.key is Key.OWN
    if not isinstance(one.key, Constant):
        return False
    return other.key is Key.ANY or (other.key is Key.OWN and isinstance(one.key.value, str))


def lost_updates(study: Study) -> Iterator[Race]:
    """Read-modify-writes that another role's write can fall into: of cells with a lock of their own, and of proxies."""
    for shared, found in study.races.items():
        lock = shared.lock if isinstance(shared, Cell) else None
        if lock is None and not shared.managed:
            continue
        implicit = frozenset({root(lock)}) if lock is not None else frozenset()
        for race in found:
            if not race.write.event.reads or not (race.other.writes or _held_back(race)):
                continue
            whole = study.locks.atomic(race.write.role, race.write.event)
            if whole.isdisjoint(race.other.locks | implicit) and not may_exclude(study, race):
                yield race


def _held_back(race: Race) -> bool:
    """Whether the other, in a run, came to the very test that the write stands under, and found that it had been done:
    a little earlier, it would have found what this one found, and written too. Under a lock, it may have looked once more."""
    seen = race.other.event.clock is not None and not race.write.locks and not race.other.locks
    return seen and any(race.other.event.again(read) for read in race.write.event.reads)


def unsynchronised(study: Study) -> Iterator[Race]:
    """Writes to cells without a lock of their own that meet another access with no lock in common."""
    for shared, found in study.races.items():
        if isinstance(shared, Cell) and shared.lock is None and not shared.managed:
            for race in found:
                if race.write.locks.isdisjoint(race.other.locks) and not may_exclude(study, race):
                    yield race


def _in_updates(found: list[Race]) -> list[Race]:
    """The races between updates of a proxy, in two requests each; who only looks sees one value or the other."""
    read = {one for race in found for one in race.write.event.reads}
    return [race for race in found if race.other.writes or race.other.event in read]


def _by_hand(study: Study) -> frozenset[Shared]:
    """The semaphores whose places are taken or given back by hand: they may count, or stand for a group, and guard nothing."""
    taking = study.program.events(Verb.ACQUIRE, Verb.RELEASE)
    return frozenset(
        event.target for _, event in taking if event.target.kind in _COUNTED and not event.name.startswith("with ")
    )


def _guards(access: Access) -> frozenset[Shared]:
    """The locks held that are made to be locks; a token is something else."""
    return frozenset(lock for lock in access.locks if lock.kind in LOCKS)


def different_locks(study: Study) -> Iterator[tuple[Access, Shared]]:
    """Accesses under some lock, but not under the one that most accesses to the object hold; with that lock."""
    counted = _by_hand(study)
    for shared, found in study.races.items():
        met = _in_updates(found) if shared.managed else found
        meeting = {access.event: access for race in met for access in (race.write, race.other)}
        kept = {access.event: _guards(access) - counted for access in meeting.values()}
        if not meeting or not all(kept.values()):
            continue
        if all(not race.write.locks.isdisjoint(race.other.locks) for race in met):
            continue
        ranked = sorted(meeting.values(), key=lambda access: access.event.place.spot)
        counts = Counter(lock for access in ranked for lock in kept[access.event])
        usual = max(counts, key=lambda lock: counts[lock])
        for access in ranked:
            if usual not in access.locks:
                yield access, usual
