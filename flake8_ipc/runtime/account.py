"""Records -> a Program: what the run did, in the language of the rules."""

from __future__ import annotations

import ast
import json
import os
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..model import Blocking, Clock, Constant, Event, Flow, Key, Loop, Place, Program, Role, RoleKind, Seq, Shared, Verb
from .dependence import Dependence
from .objects import make
from .repeats import folded
from .places import Where
from .session import Session
from .sources import Source


@dataclass(slots=True)
class Told:
    """One record as it was read: what one process told."""

    name: str
    pid: int = 0
    parent: str | None = None
    process: str | None = None
    child: bool = False
    places: dict[int, Where] = field(default_factory=dict)
    clocks: dict[int, dict[str, int]] = field(default_factory=dict)
    objects: list[tuple[str, str, int, dict[str, Any]]] = field(default_factory=list)
    events: list[list[Any]] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    ended: bool = False


def records(session: Session) -> dict[str, Told]:
    """Every record of a run, in the order in which the processes began. A line cut short by a kill is left out."""
    found = {}
    for file in sorted(pathlib.Path(session.folder).glob("*.record"), key=lambda file: file.stat().st_ctime_ns):
        told = Told(file.name.removesuffix(".record"))
        for line in file.read_bytes().splitlines():
            try:
                _take(told, json.loads(line))
            except ValueError:
                continue
        found[told.name] = told
    return dict(sorted(found.items(), key=lambda item: int(item[0].partition(".")[2], 16)))


def _take(told: Told, line: list[Any]) -> None:
    match line:
        case ["event", *rest]:
            told.events.append(rest)
        case ["where", number, *where]:
            told.places[number] = Where(*where)
        case ["clock", number, counts]:
            told.clocks[number] = counts
        case ["object", name, kind, where, facts]:
            told.objects.append((name, kind, where, facts))
        case ["failed", event, error]:
            told.failed[event] = error
        case ["process", pid, parent]:
            told.pid, told.parent = pid, parent
        case ["role", process]:
            told.child, told.process = True, process
        case ["end", _]:
            told.ended = True


class Account:
    """One run, retold as a Program.

    ``shown`` is how paths are told: relative to the working directory where they lie below it.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.told = records(session)
        self.objects: dict[str, Shared] = {}
        self.makers: dict[str, Told] = {}
        self.roles: dict[str, Role] = {}
        self._sources: dict[str, Source] = {}
        self._places: dict[Where, Place] = {}
        self._reads: dict[tuple[str, str], dict[Where, Event]] = {}
        self._dependences: dict[str, Dependence] = {}

    def program(self) -> Program | None:
        """The program; None where nothing was recorded."""
        if not self.told:
            return None
        for told in self.told.values():
            for name, kind, where, facts in told.objects:
                if name not in self.objects:
                    self.objects[name] = make(self, kind, told.places[where], facts)
                    self.makers[name] = told
        for told in self.told.values():
            self._role(told)
        for told in self.told.values():
            self.roles[told.name].flow = self._flow(told)
        return Program(list(self.roles.values()), list(self.objects.values()))

    # -- roles

    def _role(self, told: Told) -> None:
        parent = self.roles.get(told.parent) if told.parent is not None else None
        if parent is None:
            place = Place(shown(self.session.main), 1, 0)
            self.roles[told.name] = Role("main", RoleKind.MAIN, place)
            return
        process = self.objects.get(told.process or "")
        place = process.place if process is not None else parent.place
        name = process.name if process is not None else "a child"
        role = Role(name, RoleKind.PROCESS, place, process=process, parent=parent)
        self.roles[told.name] = role
        for shared, where in self._given(told.process):
            role.given.setdefault(shared, where)

    def _given(self, process: str | None) -> Iterator[tuple[Shared, Place | None]]:
        from .objects import landing

        maker = self.makers.get(process or "")
        if maker is None:
            return
        facts = next(facts for name, _, _, facts in maker.objects if name == process)
        for name, place in landing(self, facts):
            if name in self.objects:
                yield self.objects[name], place
        for one in maker.events:
            if one[2] == "START" and one[3] == process:
                for name in one[7].get("holds", ()):
                    if name in self.objects:
                        yield self.objects[name], None

    # -- events

    def _flow(self, told: Told) -> Flow:
        """What a process did, in its order. One that came to no end of its own never reaches what would come after."""
        flow = folded(told.events, lambda one: (one[2], one[3], one[4]), lambda one: self._event(told, one))
        if not told.ended:
            flow.items.append(Loop(Seq()))
        return flow

    def _event(self, told: Told, line: list[Any]) -> Event | None:
        number, _, verb, name, where, clock, _, facts = line
        target = self.objects.get(name)
        if target is None:
            return None
        there = told.places[where]
        key, reads = self._access(facts, verb, name, there, told)
        event = Event(
            Verb[verb],
            target,
            self.place(there),
            self.call(there),
            blocking=Blocking[facts.get("blocking", "FOREVER")],
            payload=Constant(facts["payload"][0]) if "payload" in facts else None,
            inherited=facts.get("global", False) and self._inherited(told, self.roles[told.name], name),
            key=key,
            reads=reads,
            clock=Clock(told.name, told.clocks.get(clock, {})),
            failed=told.failed.get(number),
        )
        if verb == "READ":
            self._reads.setdefault((told.name, name), {})[there] = event
        return event

    def _access(
        self, facts: dict[str, Any], verb: str, name: str, where: Where, told: Told
    ) -> tuple[Key | Constant, tuple[Event, ...]]:
        """Which element an access is of, and the reads that what it writes came of."""
        key: Key | Constant = Constant(facts["key"]) if "key" in facts else Key.ANY if "any" in facts else Key.WHOLE
        if verb != "WRITE":
            return key, ()
        source = self.source(where.path)
        write = source.at(where)
        found = []
        for there, event in self._reads.get((told.name, name), {}).items():
            read = source.at(there) if there.path == where.path else None
            if read is not None and write is not None and self._dependence(where.path).holds(read, write):
                found.append(event)
        return key, tuple(found)

    def _dependence(self, path: str) -> Dependence:
        if path not in self._dependences:
            self._dependences[path] = Dependence(self.source(path))
        return self._dependences[path]

    def _inherited(self, told: Told, role: Role, name: str) -> bool:
        """Whether an object was reached without having been handed over: made by somebody else, and not given."""
        if role.parent is None or self.makers.get(name) in (None, told):
            return False
        return not any(self.objects[name] in one.given for one in self._ancestry(role))

    def _ancestry(self, role: Role) -> Iterator[Role]:
        while role.parent is not None:
            yield role
            role = role.parent

    # -- text

    def source(self, path: str) -> Source:
        """The text of a file, read once."""
        if path not in self._sources:
            self._sources[path] = Source(path, shown(path))
        return self._sources[path]

    def sources(self) -> list[Source]:
        """Every file that was looked at."""
        return list(self._sources.values())

    def place_of(self, record: str, number: int) -> Place | None:
        """A place by its number in a record."""
        told = self.told.get(record)
        where = told.places.get(number) if told is not None else None
        return self.place(where) if where is not None else None

    def place(self, where: Where) -> Place:
        """Where the expression begins that an instruction stood for."""
        if where not in self._places:
            source = self.source(where.path)
            node = source.at(where)
            line = Place(source.shown, where.line, source.column(where.line, where.column))
            self._places[where] = source.place(node) if node is not None else line
        return self._places[where]

    def call(self, where: Where) -> str:
        """The text of what was called: ``q.get``."""
        source = self.source(where.path)
        node = source.at(where)
        if isinstance(node, ast.Call):
            return source.text(node.func)
        return source.text(node) if node is not None else "it"


def shown(path: str) -> str:
    """A path as findings tell it: from the working directory, where the file lies below it."""
    absolute = os.path.abspath(path)
    below = os.path.relpath(absolute)
    return absolute if below.startswith(os.pardir) else below
