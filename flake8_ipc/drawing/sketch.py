"""Program -> sketch: who starts whom, and which object each process uses in which direction."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ..model import Cell, Event, Kind, PipeEnd, Program, Role, RoleKind, Shared, Verb

# What is no thing of its own in a picture: it stands for a role, or for nothing that processes hold.
_UNDRAWN = frozenset(
    {
        Kind.PROCESS,
        Kind.THREAD,
        Kind.POOL,
        Kind.EXECUTOR,
        Kind.THREAD_POOL,
        Kind.RESULT,
        Kind.SUBPROCESS,
        Kind.OUTSIDE,
        Kind.VARIABLE,
        Kind.CONTEXT,
        Kind.AUTHKEY,
        Kind.TRACKER,
    }
)


class Way(enum.Enum):
    """In which direction an object is used, seen from the process; the value is an arrow."""

    INTO = "→"
    OUT = "←"
    BOTH = "↔"
    HELD = "·"


_WAYS = {
    **dict.fromkeys((Verb.PUT, Verb.SEND, Verb.SET, Verb.NOTIFY, Verb.WRITE, Verb.CLEAR, Verb.TASK_DONE), Way.INTO),
    **dict.fromkeys((Verb.GET, Verb.RECV, Verb.READ, Verb.POLL, Verb.SIZE, Verb.QUERY, Verb.WAIT, Verb.ITERATE), Way.OUT),
    **dict.fromkeys((Verb.ACQUIRE, Verb.RELEASE, Verb.CALL, Verb.CHANGE), Way.BOTH),
}


@dataclass(frozen=True, slots=True)
class Use:
    """What a process does with a thing: ``deeds`` with their lines; empty for one that it only holds."""

    thing: int
    way: Way
    deeds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Actor:
    """A process or thread. ``parent`` is the number of the actor that starts it, ``depth`` how deep it stands."""

    label: str
    parent: int | None
    depth: int
    many: bool
    thread: bool
    line: int
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class Thing:
    """An object that processes hold; the two ends of a pipe are one."""

    label: str
    kind: str
    line: int


@dataclass(frozen=True, slots=True)
class Sketch:
    """A program as it is drawn; actors and things are named by their numbers."""

    title: str
    actors: tuple[Actor, ...]
    things: tuple[Thing, ...]


def sketch(program: Program) -> Sketch | None:
    """A program as a picture; None where there is but one process, for which there is nothing to see."""
    if len(program.roles) < 2:
        return None
    things = _Things()
    uses = [_uses(role, things) for role in program.roles]
    names = labels(program)
    actors = tuple(
        Actor(
            names[role],
            _number(program, role.parent),
            _depth(role),
            role.many,
            role.thread,
            role.place.line,
            mine,
        )
        for role, mine in zip(program.roles, uses, strict=True)
    )
    return Sketch(names[program.root], actors, tuple(things.drawn))


def labels(program: Program) -> dict[Role, str]:
    """The roles' names, each with the function that it runs where the text shows one; what is called alike is numbered."""
    turns: Counter[str] = Counter()
    found = {}
    for role in program.roles:
        name = _label(role)
        turns[name] += 1
        found[role] = name if turns[name] == 1 else f"{name} ({turns[name]})"
    return found


def _label(role: Role) -> str:
    handover = getattr(role.process, "handover", None)
    callee = handover.callee.name if handover is not None and handover.callee is not None else ""
    if role.kind in (RoleKind.MAIN, RoleKind.ENTRY) or not callee or callee == role.name:
        return role.name
    return f"{role.name}: {callee}"


def whole(shared: Shared) -> Shared:
    """What stands in a picture for an object: one end for both ends of a pipe."""
    peer = shared.peer if isinstance(shared, PipeEnd) else None
    return min(shared, peer, key=lambda end: (end.place.spot, end.name)) if peer is not None else shared


def thing_label(shared: Shared) -> str:
    """How a picture names an object."""
    if isinstance(shared, PipeEnd) and shared.peer is not None:
        one = whole(shared)
        other = shared.peer if one is shared else shared
        return f"{one.name} – {other.name}"
    return shared.name


def drawn(shared: Shared) -> bool:
    """Whether an object is a thing of its own in a picture."""
    return shared.kind not in _UNDRAWN


class _Things:
    """The things of one picture, numbered as they come."""

    def __init__(self) -> None:
        self.drawn: list[Thing] = []
        self._numbers: dict[Shared, int] = {}

    def number(self, shared: Shared) -> int:
        """The number of an object."""
        one = whole(shared)
        if one not in self._numbers:
            self._numbers[one] = len(self.drawn)
            kind = "pipe" if isinstance(shared, PipeEnd) and shared.peer is not None else shared.kind.value
            self.drawn.append(Thing(thing_label(shared), kind, one.place.line))
        return self._numbers[one]


def _uses(role: Role, things: _Things) -> tuple[Use, ...]:
    deeds: dict[tuple[int, Way], dict[str, list[int]]] = {}
    for event in role.events():
        way = _WAYS.get(event.verb)
        if way is not None and drawn(event.target) and not _inner(event, role):
            lines = deeds.setdefault((things.number(event.target), way), {}).setdefault(deed(event), [])
            if event.place.line not in lines:
                lines.append(event.place.line)
    held = {things.number(shared) for shared in role.given if drawn(shared) and not shared.kind.value == "manager"}
    unused = sorted(held - {number for number, _ in deeds})
    found = [Use(number, way, tuple(_with_lines(done))) for (number, way), done in deeds.items()]
    return (*found, *(Use(number, Way.HELD, ()) for number in unused))


def _inner(event: Event, role: Role) -> bool:
    """Whether a lock is a cell's own: its cell is in the picture already."""
    return any(isinstance(one, Cell) and one.lock is event.target for one in role.given)


def deed(event: Event) -> str:
    """A deed in one word or two; of a pipe, with the end that it is done to."""
    verb = event.name.rpartition(".")[2] if event.name.replace(".", "").isidentifier() else ""
    word = verb or event.verb.value
    return f"{event.target.name}.{word}" if isinstance(event.target, PipeEnd) and event.target.peer is not None else word


def _with_lines(done: dict[str, list[int]]) -> Iterable[str]:
    for name, lines in done.items():
        shown = ", ".join(map(str, lines[:4])) + (", …" if len(lines) > 4 else "")
        yield f"{name} {'line' if len(lines) == 1 else 'lines'} {shown}"


def _number(program: Program, role: Role | None) -> int | None:
    return program.roles.index(role) if role in program.roles else None


def _depth(role: Role) -> int:
    return 0 if role.parent is None else 1 + _depth(role.parent)
