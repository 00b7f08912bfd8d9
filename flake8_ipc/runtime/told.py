"""What the processes of a run told: their records, read again."""

from __future__ import annotations

import json
import pathlib
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .places import Where
from .session import Session
from .tables import lost


class Thread(NamedTuple):
    """A thread of the program's own: from which line of the record on its number is this thread's, and its object."""

    line: int
    number: int
    native: int
    name: str | None


@dataclass(slots=True)
class Told:
    """One record as it was read: what one process told.

    ``calls`` are the places of the calls that led to a place when it was first met, outermost first. ``role`` is the
    line at which its process had come up; ``ended`` whether it came to an end of its own. ``more`` is what single parts
    add, by what it is and what it is about: an event's number, an object's name. ``done`` is when calls returned, ``came``
    who sent what they took and by which event: both only in a run that is traced. ``unwritten`` counts the events that are
    known though they were not written down.
    """

    name: str
    pid: int = 0
    parent: str | None = None
    process: str | None = None
    child: bool = False
    role: int | None = None
    places: dict[int, Where] = field(default_factory=dict)
    calls: dict[int, list[int]] = field(default_factory=dict)
    clocks: dict[int, dict[str, int]] = field(default_factory=dict)
    objects: list[tuple[str, str, int, dict[str, Any]]] = field(default_factory=list)
    events: list[list[Any]] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    took: dict[int, tuple[str, int]] = field(default_factory=dict)
    done: dict[int, int] = field(default_factory=dict)
    came: dict[int, tuple[str, int]] = field(default_factory=dict)
    pids: dict[int, str] = field(default_factory=dict)
    uncalled: list[tuple[str, list[Any] | None]] = field(default_factory=list)
    raised: dict[str, Any] = field(default_factory=dict)
    exits: list[tuple[int, int, int]] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)
    more: dict[tuple[str, Any], list[list[Any]]] = field(default_factory=dict)
    ended: bool = False
    idle: bool = False
    lost: int = 0
    unwritten: int = 0
    last: int = 0

    @property
    def begun(self) -> int:
        """When it began, by the clock that all processes share."""
        return int(self.name.partition(".")[2], 16)


def records(session: Session) -> dict[str, Told]:
    """Every record of a run, in the order in which the processes began. A line cut short by a kill is left out."""
    found = []
    for file in pathlib.Path(session.folder).glob("*.record"):
        told = Told(file.name.removesuffix(".record"))
        for number, line in enumerate(file.read_bytes().splitlines()):
            try:
                _take(told, json.loads(line), number)
            except (ValueError, TypeError):
                continue
        _leave_out_unplaced(told)
        told.lost = lost(session.slots(told.name), str(file))
        found.append(told)
    return {told.name: told for told in sorted(found, key=lambda told: told.begun)}


def _leave_out_unplaced(told: Told) -> None:
    """Leaves out what happened at a place whose own line is not there: a signal or a kill came in between."""
    places = told.places
    told.events = [line for line in told.events if line[4] in places]
    told.objects = [one for one in told.objects if one[2] in places]
    told.exits = [one for one in told.exits if one[0] in places]
    told.calls = {place: [call for call in calls if call in places] for place, calls in told.calls.items()}


def _take(told: Told, line: list[Any], number: int) -> None:
    match line:
        case ["event", *rest]:
            told.events.append([*rest, number])
            told.last = max(told.last, rest[6])
        case ["where", place, *where]:
            told.places[place] = Where(*where)
        case ["calls", place, calls]:
            told.calls[place] = calls
        case ["clock", clock, counts]:
            told.clocks[clock] = counts
        case ["news", clock, counts]:
            told.clocks[clock] = {**told.clocks.get(clock - 1, {}), **counts}
        case ["object", name, kind, where, facts]:
            told.objects.append((name, kind, where, facts))
        case ["failed", event, error]:
            told.failed[event] = error
        case ["done", event, moment, *sender]:
            told.done[event] = moment
            if sender and sender[0] is not None:
                told.came[event] = (sender[0], sender[1])
        case ["took", event, sender, sent]:
            told.took[event] = (sender, sent)
        case _:
            _take_process(told, line, number)


def _take_process(told: Told, line: list[Any], number: int) -> None:
    match line:
        case ["process", pid, parent]:
            told.pid, told.parent = pid, parent
        case ["role", process]:
            told.child, told.process, told.role = True, process, number
        case ["thread", thread, native, name]:
            told.threads.append(Thread(number, thread, native, name))
        case ["started", name, pid]:
            told.pids[pid] = name
        case ["uncalled", cls, code]:
            told.uncalled.append((cls, code))
        case ["raised", facts]:
            told.raised = facts
        case ["exit", where, thread, moment]:
            told.exits.append((where, thread, moment))
        case ["chosen", method]:
            told.chosen.append(method)
        case ["end", moment, _]:
            told.ended, told.last = True, moment
        case [str(what), key, *rest]:
            told.more.setdefault((what, key), []).append(rest)
