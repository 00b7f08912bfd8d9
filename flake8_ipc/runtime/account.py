"""Records -> a Program: what the run did, in the language of the rules."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from typing import Any

from ..model import (
    UNFINISHED,
    Blocking,
    Clock,
    Constant,
    End,
    Event,
    Flow,
    Key,
    Loop,
    Place,
    Program,
    Role,
    RoleKind,
    Seq,
    Setting,
    Shared,
    Verb,
)
from . import rooms
from .births import Births
from .dependence import Dependence
from .endings import endings, halts, left
from .following import Following
from .lastly import Lastly
from .lacking import lacking
from .monitor.watchman import Blocked
from .objects import kept, landing, make
from .places import Where
from .polls import Polls
from .repeats import folded
from .session import Session
from .sources import Source
from .texts import Texts
from .told import Thread, Told, records

# A thread of a process: the record, and which of its threads (None: the one that the process began with).
Line = tuple[Told, Thread | None]


class Account:
    """One run, retold as a Program; ``stuck`` are the threads that were proved to wait for good."""

    def __init__(self, session: Session, stuck: Sequence[Blocked] = ()) -> None:
        rooms.load()
        self.session = session
        self.stuck = stuck
        self.told = records(session)
        self.objects: dict[str, Shared] = {}
        self.makers: dict[str, Told] = {}
        self.generations: dict[str, list[tuple[int, str]]] = {}
        self.roles: dict[str, Role] = {}
        self.threads: dict[tuple[str, int], Role] = {}
        self.last: dict[Role, tuple[Event, int]] = {}
        self.texts = Texts()
        self.changes: dict[Event, list[Event]] = {}
        self.before: dict[Event, list[Event]] = {}
        self._reads: dict[tuple[str, str], dict[Where, Event]] = {}
        self._numbered: dict[tuple[str, int], Event] = {}
        self._followings: dict[str, Following] = {}
        self._dependences: dict[str, Dependence] = {}

    def program(self) -> Program | None:
        """The program; None where nothing was recorded."""
        if not self.told:
            return None
        made = [(told, *one) for told in self.told.values() for one in told.objects]
        for told, name, kind, where, facts in sorted(made, key=lambda one: one[4].get("at", 0)):
            self._made(told, name, kind, where, facts)
        rooms.opened(self)
        self._polls = Polls(self.told, self.texts, self.known, lines_of)
        for told in self.told.values():
            self._role(told)
        births = Births(self)
        for told in self.told.values():
            births.started(told)
        for told in self.told.values():
            for thread, lines in lines_of(told).items():
                self._thread(told, thread, lines)
        for told in self.told.values():
            for number, sender in told.took.items():
                if (told.name, number) in self._numbered:
                    self._numbered[told.name, number].taken = self._numbered.get(sender)
        program = Program(self._in_order(), list(dict.fromkeys(self.objects.values())), observed=True)
        program.roles += self.threads.values()
        program.whole = not any(told.lost or any(what == "deaf" for what, _ in told.more) for told in self.told.values())
        chosen = {method for told in self.told.values() for method in told.chosen}
        if chosen:
            program.methods, program.chosen = frozenset(chosen), True
        program.classes = [found for told in self.told.values() for found in births.classes(told)]
        program.halts = list(halts(self))
        endings(self)
        rooms.finished(self, program)
        return program

    def _in_order(self) -> list[Role]:
        """The roles in the order in which their processes were made, which is not that in which they came up."""
        made = {name: facts["at"] for told in self.told.values() for name, _, _, facts in told.objects}
        at = {self.objects[name]: moment for name, moment in made.items() if name in self.objects}
        return sorted(self.roles.values(), key=lambda role: at.get(role.process, 0) if role.process is not None else 0)

    # -- objects

    def _made(self, told: Told, name: str, kind: str, where: int, facts: dict[str, Any]) -> None:
        """An object; a name that the kernel gives a second time stands for another one from then on."""
        earlier = self.generations.setdefault(name, [])
        key = f"{name}#{len(earlier)}" if earlier else name
        earlier.append((facts.get("at", 0), key))
        self.objects[key] = make(self, kind, told.places[where], facts)
        self.makers[key] = told

    def known(self, name: str | None, at: int) -> str:
        """What the object is called here that had a name at some moment."""
        found = [key for since, key in self.generations.get(name or "", ()) if since <= at]
        return found[-1] if found else name or ""

    def find(self, name: str | None, at: int) -> Shared | None:
        """The object that had this name at some moment."""
        return self.objects.get(self.known(name, at))

    def register(self, name: str, shared: Shared, at: int) -> None:
        """A part of an object that has a name of its own: the lock that a Value or Condition makes itself."""
        found = self.find(name, at)
        if found is None or found.place.spot != shared.place.spot:
            earlier = self.generations.setdefault(name, [])
            key = f"{name}#{len(earlier)}" if earlier else name
            earlier.append((at, key))
            self.objects[key] = shared

    # -- roles

    def _role(self, told: Told) -> None:
        parent = self.roles.get(told.parent) if told.parent is not None else None
        if parent is None:
            place = Place(shown(self.session.main), 1, 0)
            self.roles[told.name] = Role("main", RoleKind.MAIN, place, raised=told.raised.get("type"))
            return
        name = told.process or self.told[told.parent or ""].pids.get(told.pid, "")
        process = self.objects.get(name)
        place = process.place if process is not None else parent.place
        role = Role(process.name if process is not None else "a child", RoleKind.PROCESS, place, process=process, parent=parent)
        role.born, role.raised = told.role is not None, told.raised.get("type")
        self.roles[told.name] = role
        for shared, where in self.given(name):
            role.given.setdefault(shared, where)
        role.within = frozenset(self._within(name))
        rooms.cast(self, told, role)

    def given(self, process: str) -> Iterator[tuple[Shared, Place | None]]:
        """What a process is handed, with the place of the parameter that it lands in."""
        maker = self.makers.get(process)
        if maker is None:
            return
        facts = next(facts for name, _, _, facts in maker.objects if name == process)
        for name, place in landing(self, facts["handover"]):
            shared = self.find(name, facts["at"])
            if shared is not None:
                yield shared, place
        for one in maker.events:
            if one[2] == "START" and one[3] == process:
                places = kept(self, facts.get("init"), one[7].get("kept", {}))
                for name in one[7].get("holds", ()):
                    shared = self.find(name, one[6])
                    if shared is not None:
                        yield shared, places.get(name)

    def _within(self, process: str) -> Iterator[Shared]:
        """What a process is handed inside an object of the program's own classes."""
        maker = self.makers.get(process)
        facts = next(facts for name, _, _, facts in maker.objects if name == process) if maker is not None else None
        for one in (facts["handover"]["callee"], *facts["handover"].get("arguments", ())) if facts is not None else ():
            for name in one.get("within", ()):
                shared = self.find(name, facts["at"]) if facts is not None else None
                if shared is not None:
                    yield shared

    def _thread(self, told: Told, thread: Thread | None, lines: list[list[Any]]) -> None:
        """The flow of one thread of a process: of its first one it is that of its own role."""
        role = self.roles[told.name]
        if thread is not None:
            object_ = self.objects.get(thread.name or "")
            place = object_.place if object_ is not None else role.place
            name = object_.name if object_ is not None else "a thread"
            role = Role(name, RoleKind.THREAD, place, process=object_, parent=role)
            self.threads[told.name, thread.native] = role
        role.flow = self._flow(told, thread, lines)
        role.counted = not any(what == "uncounted" or (what == "dull" and verb in _TAKES) for what, verb in told.more)

    # -- events

    def _flow(self, told: Told, thread: Thread | None, lines: list[list[Any]]) -> Flow:
        """What a thread did, in its order. One that came to no end of its own never reaches what would come after."""
        role = self.threads[told.name, thread.native] if thread is not None else self.roles[told.name]
        clock = Clock(told.name, {})
        stuck = {one.thread for one in self.stuck if one.record == told.name}
        lastly = Lastly(told, left(self.session, told), stuck)
        lines = lastly.lines(thread, lines)
        last = lastly.unfinished(thread, lines)

        def event(line: list[Any]) -> Event | None:
            nonlocal clock
            found = self._event(told, role, line, last)
            if found is not None:
                before = self.last.get(role)
                # A predicate is looked at within the wait for it.
                within = found.verb in _LOOKS and before is not None and before[0].name.endswith("wait_for")
                self.last[role] = before[0] if within and before is not None else found, line[4]
                clock = found.clock or clock
            return found

        def again(line: list[Any], shown: list[Any]) -> None:
            found = self._numbered.get((told.name, shown[0]))
            if found is not None:
                self._numbered[told.name, line[0]] = found

        flow = folded(lines, lambda line: self._key(told, line), event, again)
        for where, number, _ in told.exits:
            if thread is None or number == thread.number:
                place = told.places[where]
                flow.items.append(End(True, self.texts.place(place), self.texts.call(place)))
        if thread is None:
            flow.items += lacking(self, told, role)
        if not told.ended:
            flow.items.append(Loop(Seq()))
        return flow

    @staticmethod
    def _key(told: Told, line: list[Any]) -> tuple[object, ...]:
        number, _, verb, name, where, _, _, facts, _ = line
        mine = told.took.get(number, (None,))[0] == told.name
        return verb, name, where, told.failed.get(number), mine, json.dumps(facts, sort_keys=True, default=str)

    def _event(self, told: Told, role: Role, line: list[Any], last: int) -> Event | None:
        number, _, verb, name, where, clock, moment, facts, at = line
        # A name is told a little after the object is made.
        name = self.known(name, moment)
        target = self.objects.get(name)
        if target is None:
            return None
        there = told.places[where]
        key, reads = self._access(facts, verb, name, there, told)
        unfinished = number == last and number not in told.failed
        event = Event(
            Verb[verb],
            target,
            self.placed(role, self.texts.place(there)),
            "unsized" if facts.get("unsized") else self.texts.call(there, verb),
            blocking=Blocking[facts.get("blocking", "FOREVER")],
            payload=Constant(_told(facts["payload"][0])) if "payload" in facts else None,
            used=self.texts.used(there),
            inherited=self._inherited(told, role, name, there, facts),
            key=key,
            reads=reads,
            clock=Clock(told.name, self._polls.counts(told, number, clock)),
            failed=UNFINISHED if unfinished else told.failed.get(number),
            own=told.took.get(number, (None,))[0] == told.name,
            early=bool(facts.get("early")) and not self.texts.last_word([*self._calls(told, where), there]),
        )
        event.setting = self._setting(told, event, where, facts, at)
        if rooms.amended(self, rooms.Line(told, role, number, there, facts), event) is None:
            return None
        self._numbered[told.name, number] = event
        if verb == "READ":
            seen = self._reads.setdefault((told.name, name), {})
            seen.pop(there, None)
            seen[there] = event
        return event

    def _setting(self, told: Told, event: Event, where: int, facts: dict[str, Any], at: int) -> Setting:
        there = told.places[where]
        calls = self._calls(told, where)
        imported = None
        if not told.child or told.role is None or at < told.role:
            imported = self.texts.imported([*calls, there])
        return Setting(
            tuple(self.texts.place(one) for one in calls),
            imported,
            bool(facts.get("async")),
            self.texts.deliberate(there),
            above=self.texts.above([*calls, there], event) if event.verb not in _CELLS else (),
        )

    @staticmethod
    def _calls(told: Told, where: int) -> list[Where]:
        """The places of the calls that led to one, outermost first."""
        return [told.places[number] for number in told.calls.get(where, ())]

    @staticmethod
    def placed(role: Role, place: Place) -> Place:
        """The place of what a role does: one in another file is told where the process is created that does it."""
        home = role.home
        if home.parent is not None and place.path != home.place.path:
            return home.place.leading_to(place)
        return place

    def _access(
        self, facts: dict[str, Any], verb: str, name: str, where: Where, told: Told
    ) -> tuple[Key | Constant, tuple[Event, ...]]:
        """Which element an access is of, and the reads that what it writes came of."""
        key: Key | Constant = Constant(facts["key"]) if "key" in facts else Key.ANY if "any" in facts else Key.WHOLE
        if "span" in facts:
            key = Constant(range(*facts["span"]))
        if verb != "WRITE":
            return key, ()
        write, found, newer = self.texts.node(where), [], set[Any]()
        for there, event in reversed(self._reads.get((told.name, name), {}).items()):
            read = self.texts.node(there) if there.path == where.path else None
            if read is None or write is None or self._dependence(where.path).left_out(read, newer):
                continue
            newer.add(read)
            another = isinstance(event.key, Constant) and isinstance(key, Constant) and not event.key.meets(key)
            if not another and self._dependence(where.path).holds(read, write):
                found.append(event)
        return key, tuple(reversed(found))

    def _dependence(self, path: str) -> Dependence:
        if path not in self._dependences:
            self._dependences[path] = Dependence(self.texts.source(path))
        return self._dependences[path]

    def _inherited(self, told: Told, role: Role, name: str, there: Where, facts: dict[str, Any]) -> bool:
        """Whether an object was reached without having been handed over: made by somebody else, or by a mere import."""
        home = role.home
        maker = self.makers.get(name)
        if home.parent is None or maker is None or not (facts.get("global") or self.texts.through_global(there)):
            return False
        if maker is told:
            return Births(self).imported(told, name)
        return not any(self.objects[name] in one.given for one in _ancestry(home))

    def following(self, source: Source) -> Following:
        """What follows what the text of a file does to things."""
        if source.path not in self._followings:
            self._followings[source.path] = Following(source)
        return self._followings[source.path]

    def source(self, path: str) -> Source:
        """The text of a file."""
        return self.texts.source(path)

    def place(self, where: Where) -> Place:
        """Where the expression begins that an instruction stood for."""
        return self.texts.place(where)


def lines_of(told: Told) -> dict[Thread | None, list[list[Any]]]:
    """The events of a record by the threads that did them; None stands for the thread that the process began with."""
    first = next((line[1] for line in told.events if not _at(told, line[1], line[-1])), None)
    found: dict[Thread | None, list[list[Any]]] = {None: []}
    unknown: dict[int, Thread] = {}
    for line in told.events:
        thread = _at(told, line[1], line[-1])
        if thread is None and line[1] != first:
            thread = unknown.setdefault(line[1], Thread(0, line[1], -line[1], None))
        found.setdefault(thread, []).append(line)
    for one in told.threads:
        if one.name is not None:
            found.setdefault(one, [])
    return found


def _at(told: Told, number: int, line: int) -> Thread | None:
    """The thread that had a number at a line of the record: numbers are given again when a thread has ended."""
    return next((one for one in reversed(told.threads) if one.number == number and one.line < line), None)


def _told(value: Any) -> object:
    """A value as it was before it was written down: a list was a tuple, or is judged as one."""
    if isinstance(value, dict):
        return bytes.fromhex(value.get("bytes", ""))
    return tuple(_told(one) for one in value) if isinstance(value, list) else value


def _ancestry(role: Role) -> Iterator[Role]:
    while role.parent is not None:
        yield role
        role = role.parent


def shown(path: str) -> str:
    """A path as findings tell it: from the working directory, where the file lies below it."""
    absolute = os.path.abspath(path)
    below = os.path.relpath(absolute)
    return absolute if below.startswith(os.pardir) else below


_LOOKS = frozenset({Verb.READ, Verb.QUERY, Verb.SIZE})
_CELLS = frozenset({Verb.READ, Verb.WRITE})
# What takes messages, as records name it.
_TAKES = frozenset({"GET", "RECV"})
