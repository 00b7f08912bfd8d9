"""The order of events within one role, as the text gives it.

A flow is an Event or one of the nodes below. Jumps name the node they lead out of, so that a call followed in place,
a ``break`` and an early ``return`` are all one thing: ``Jump(block)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeAlias

from .events import Constant, Event
from .place import Place


@dataclass(eq=False, slots=True)
class Count:
    """How often a loop turns: ``low`` to ``high`` times (None: no bound known).

    Loops that turn once for each element of the same collection share one Count object, so that whoever explores
    them gives them the same number.
    """

    low: int = 0
    high: int | None = None

    @property
    def exact(self) -> int | None:
        """The number of turns where it is known."""
        return self.low if self.low == self.high else None


@dataclass(frozen=True, slots=True)
class Test:
    """What a choice depends on, where that is known: the first branch is taken iff the message that ``event`` (a get
    or receive) took last equals ``constant`` (``equal``), or differs from it (not ``equal``). Of an event's ``is_set``
    (a query) it is the answer, True or False. With ``truth`` all that is false equals the constant None.
    """

    event: Event
    constant: Constant
    equal: bool = True
    truth: bool = False


@dataclass(eq=False, slots=True)
class Seq:
    """One after the other."""

    items: list[Flow] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Choice:
    """One of the branches; which is not known, unless ``test`` tells."""

    branches: list[Flow]
    test: Test | None = None


@dataclass(eq=False, slots=True)
class Loop:
    """The body again and again: ``count`` times, or, where ``count`` is None, until something jumps out."""

    body: Flow
    count: Count | None = None


@dataclass(eq=False, slots=True)
class Block:
    """A body that a Jump can leave. ``call`` is the place of the call, if it is a function followed in place."""

    body: Flow
    call: Place | None = None
    name: str = ""


@dataclass(eq=False, slots=True)
class Jump:
    """Leaves ``target``; with ``again`` goes on with the next turn of that loop."""

    target: Loop | Block
    again: bool = False


@dataclass(eq=False, slots=True)
class Handler:
    """An ``except`` clause; ``names`` are the last parts of the exception names, None for a bare one."""

    names: tuple[str, ...] | None
    body: Flow


@dataclass(eq=False, slots=True)
class Try:
    """Body, handlers, what follows a body that raised nothing, and what always follows.

    A ``with`` statement is a Try whose ``final`` releases, closes or shuts down.
    """

    body: Flow
    handlers: list[Handler] = field(default_factory=list)
    orelse: Flow = field(default_factory=Seq)
    final: Flow = field(default_factory=Seq)


@dataclass(eq=False, slots=True)
class Raise:
    """An exception is raised; ``name`` is the last part of its name, None where it is not known.

    ``sure`` False: it may be, or may not; so much is told only where something is held that it would leave behind.
    """

    name: str | None = None
    sure: bool = True


@dataclass(eq=False, slots=True)
class End:
    """The role ends here (``sys.exit``, ``os._exit``); ``hard`` skips every clean-up. ``place`` and ``name`` are the call's."""

    hard: bool = False
    place: Place | None = None
    name: str = ""


Flow: TypeAlias = Event | Seq | Choice | Loop | Block | Jump | Try | Raise | End


def parts(node: Flow) -> list[Flow]:
    """The flows directly inside a node, in the order of the text."""
    inside = _PARTS.get(type(node))
    return inside(node) if inside is not None else []


_PARTS: dict[type[Flow], Callable[[Any], list[Flow]]] = {
    Seq: attrgetter("items"),
    Choice: attrgetter("branches"),
    Loop: lambda node: [node.body],
    Block: lambda node: [node.body],
    Try: lambda node: [node.body, *(handler.body for handler in node.handlers), node.orelse, node.final],
}


def events(flow: Flow) -> Iterator[Event]:
    """The events of a flow, in the order of the text; each once, however deep it stands."""
    pending: list[Flow] = [flow]
    while pending:
        node = pending.pop()
        if type(node) is Event:
            yield node
        else:
            pending.extend(reversed(parts(node)))


def walk(flow: Flow, *, handlers: bool = True) -> Iterator[Flow]:
    """A flow and every node in it; without ``handlers`` those in ``except`` clauses are left out."""
    yield flow
    for part in parts(flow):
        if isinstance(flow, Try) and not handlers and any(part is handler.body for handler in flow.handlers):
            continue
        yield from walk(part, handlers=handlers)
