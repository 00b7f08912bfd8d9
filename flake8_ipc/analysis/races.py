"""Accesses to shared memory that meet without a lock in common.

Locksets narrow what start, join and messages leave concurrent (Savage et al., "Eraser", 1997; O'Callahan and Choi,
"Hybrid Dynamic Data Race Detection", 2003).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ..model import Cell, Constant, Event, Key, Role, Shared, Verb
from .locks import root
from .study import Study


@dataclass(frozen=True, slots=True)
class Access:
    """One read or write of a cell by a role, with the locks surely held."""

    role: Role
    event: Event
    locks: frozenset[Shared]

    @property
    def writes(self) -> bool:
        """Whether it is a write."""
        return self.event.verb is Verb.WRITE


@dataclass(frozen=True, slots=True)
class Race:
    """A write and another role's access that neither order nor a common lock keeps apart."""

    write: Access
    other: Access


def accesses(study: Study) -> dict[Cell, list[Access]]:
    """Every access to each cell of which all users are known."""
    found: dict[Cell, list[Access]] = {}
    for role, event in study.program.events(Verb.READ, Verb.WRITE):
        cell = event.target
        if isinstance(cell, Cell) and not cell.open and not cell.managed:
            found.setdefault(cell, []).append(Access(role, event, study.locks.names(role, event)))
    return found


def pairs(study: Study, mine: list[Access]) -> Iterator[Race]:
    """Every write with each concurrent access to the same element, locked or not."""
    for write in mine:
        if not write.writes:
            continue
        for other in mine:
            same_role = write.role is other.role
            if _apart(write.event.key, other.event.key, same_role=same_role):
                continue
            if same_role and write.event.target.many and write.role.many:
                continue
            if study.order.concurrent(write.role, write.event, other.role, other.event):
                yield Race(write, other)


def _apart(one: Key | Constant, other: Key | Constant, *, same_role: bool) -> bool:
    """Whether two accesses surely are of different elements."""
    if isinstance(one, Constant) and isinstance(other, Constant):
        return one != other
    return one is Key.OWN and other is Key.OWN


def lost_updates(study: Study) -> Iterator[Race]:
    """Read-modify-writes that another role's write can fall into (of cells with a lock of their own)."""
    for cell, mine in accesses(study).items():
        if cell.lock is None:
            continue
        implicit = frozenset({root(cell.lock)})
        for race in pairs(study, mine):
            if not race.write.event.reads or not race.other.writes:
                continue
            whole = study.locks.atomic(race.write.role, race.write.event)
            if whole.isdisjoint(race.other.locks | implicit):
                yield race


def unsynchronised(study: Study) -> Iterator[Race]:
    """Writes to cells without a lock of their own that meet another access with no lock in common."""
    for cell, mine in accesses(study).items():
        if cell.lock is None:
            for race in pairs(study, mine):
                if race.write.locks.isdisjoint(race.other.locks):
                    yield race


def different_locks(study: Study) -> Iterator[tuple[Access, Shared]]:
    """Accesses under some lock, but not under the one that most accesses to the object hold; with that lock."""
    for mine in accesses(study).values():
        races = list(pairs(study, mine))
        meeting = {access.event: access for race in races for access in (race.write, race.other)}
        if not meeting or any(not access.locks for access in meeting.values()):
            continue
        if all(not race.write.locks.isdisjoint(race.other.locks) for race in races):
            continue
        ranked = sorted(meeting.values(), key=lambda access: access.event.place.spot)
        counts = Counter(lock for access in ranked for lock in access.locks)
        usual = max(counts, key=lambda lock: counts[lock])
        for access in ranked:
            if usual not in access.locks:
                yield access, usual
