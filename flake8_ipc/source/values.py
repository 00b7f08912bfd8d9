"""What an expression may stand for, as far as processes care."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from ..model import Count, Event, Shared

if TYPE_CHECKING:
    from .module import ModuleScope

_KEYS = itertools.count(1)


def fresh_key() -> int:
    """An identity in the store that is never used twice."""
    return next(_KEYS)


NOTHING: frozenset[Event] = frozenset()
NO_LOOPS: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """Anything an expression may stand for."""


@dataclass(frozen=True, slots=True, eq=False)
class Data(Value):
    """Data of which nothing but its origin is known.

    ``reads``: the reads of shared cells it was computed from. ``varies``: the loops whose every turn gives another
    one. ``own``: no other copy of the role has the same. ``message``: the get or receive that brought it. ``sizes``:
    the queue sizes it was computed from. ``plain``: surely neither callable nor shared. ``anything``: it came from
    code that cannot be seen. ``count``: it is the number of elements that this counts.
    """

    reads: frozenset[Event] = NOTHING
    varies: frozenset[int] = NO_LOOPS
    own: bool = False
    message: Event | None = None
    sizes: tuple[cst.CSTNode, ...] = ()
    size_of: tuple[Shared, ...] = ()
    plain: bool = False
    anything: bool = False
    count: Count | None = None
    loop_item: bool = False


UNKNOWN = Data()
PLAIN = Data(plain=True)


@dataclass(frozen=True, slots=True, eq=False)
class Const(Value):
    """A known constant; two are the same where type and value are."""

    value: object
    reads: frozenset[Event] = NOTHING


NONE = Const(None)


@dataclass(frozen=True, slots=True, eq=False)
class Ref(Value):
    """A shared object. ``inherited``: reached through a global that this process did not bind. ``exact`` False: it may
    be another one of the same collection. ``bare``: without its own lock, as ``get_obj`` gives it."""

    shared: Shared
    inherited: bool = False
    exact: bool = True
    bare: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Name(Value):
    """Something imported, by its full dotted name; library aliases are told by their one canonical name."""

    dotted: str


@dataclass(frozen=True, slots=True, eq=False)
class Foreign(Value):
    """A name of another file of the project (None: the file itself), not read yet."""

    path: str
    name: str | None
    dotted: str


@dataclass(frozen=True, slots=True, eq=False)
class Context(Value):
    """A multiprocessing context: the result of ``get_context`` with that start method (None: the default)."""

    method: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Func(Value):
    """A function, method or lambda of the text; ``scope`` is where its free names live, ``bound`` its ``self``."""

    node: cst.FunctionDef | cst.Lambda
    scope: Scope
    name: str
    owner: Cls | None = None
    bound: Value | None = None
    nested: bool = False
    defaults: dict[str, Value] = field(default_factory=dict)
    decorators: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Cls(Value):
    """A class of the text. ``bases`` in order; its attributes live in the store under its identity."""

    node: cst.ClassDef
    scope: Scope
    name: str
    bases: tuple[Value, ...] = ()
    members: dict[str, Value] = field(default_factory=dict)
    local: bool = False
    fields: tuple[str, ...] = ()
    key: int = field(default_factory=fresh_key)


@dataclass(frozen=True, slots=True, eq=False)
class Inst(Value):
    """An object of a class of the text; ``shared`` if that class is a Process (or thread)."""

    cls: Cls
    shared: Shared | None = None
    inherited: bool = False
    key: int = field(default_factory=fresh_key)


@dataclass(frozen=True, slots=True, eq=False)
class Super(Value):
    """``super()`` of an object, seen from a class."""

    inst: Inst
    cls: Cls


@dataclass(frozen=True, slots=True, eq=False)
class Items(Value):
    """An immutable sequence: known ``items``, or any number of ``element``; ``names`` are those of a named tuple."""

    items: tuple[Value, ...] | None
    element: Value = UNKNOWN
    count: Count | None = None
    sequence: bool = True
    numbers: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Many(Value):
    """A part of a collection: any number of elements, put there by one loop (or taken from another collection)."""

    element: Value
    count: Count | None = None
    loop: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Coll(Value):
    """A list, set or dict that may change: its content is in the store under its identity."""

    kind: str
    inherited: bool = False
    key: int = field(default_factory=fresh_key)


@dataclass(frozen=True, slots=True, eq=False)
class Content(Value):
    """What a Coll holds: its ``items`` by position or key, in order, some of which may be Many; None where the order
    is not known, with a summary of every ``element``. ``keys``: a summary of a dict's keys that are no constants.
    """

    items: dict[object, Value] | None
    element: Value | None = None
    count: Count | None = None
    keys: Value | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Partial(Value):
    """``functools.partial`` of a callable."""

    func: Value
    args: tuple[Value, ...]
    kwargs: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Method(Value):
    """A library method not called yet: ``q.get``, ``items.append``."""

    owner: Value
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Generator(Value):
    """A generator function's call, or ``iter(callable, sentinel)``: what it does happens where it is iterated."""

    func: Func | None
    args: Arguments
    call: Value | None = None
    sentinel: Value | None = None
    node: cst.CSTNode | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Guard(Value):
    """The outcome of a test for the main module: true in the main program, false where it is imported."""

    truth: bool


@dataclass(frozen=True, slots=True, eq=False)
class Opaque(Value):
    """``object()``: equal to nothing but itself, and to no copy of itself."""


@dataclass(frozen=True, slots=True, eq=False)
class BlockName(Value):
    """The name of a shared memory block, by which another process attaches it."""

    shared: Shared


@dataclass(frozen=True, slots=True, eq=False)
class Pid(Value):
    """The process id of a child, by which others may signal it or wait for it."""

    shared: Shared
    exact: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class OneOf(Value):
    """One of several; which is not known."""

    options: tuple[Value, ...]


@dataclass(slots=True)
class Arguments:
    """The evaluated arguments of a call, with their nodes. ``open``: ``*x`` or ``**x`` of unknown content was given."""

    positional: list[tuple[Value, cst.CSTNode]] = field(default_factory=list)
    named: dict[str, tuple[Value, cst.CSTNode]] = field(default_factory=dict)
    open: bool = False

    def get(self, position: int | None, name: str) -> Value | None:
        """The value of the argument that stands at this position or has this name."""
        found = self.find(position, name)
        return found[0] if found else None

    def find(self, position: int | None, name: str) -> tuple[Value, cst.CSTNode] | None:
        """The same with its node."""
        if name in self.named:
            return self.named[name]
        if position is not None and position < len(self.positional):
            return self.positional[position]
        return None

    def values(self) -> Iterator[Value]:
        """Every argument's value."""
        yield from (value for value, _ in self.positional)
        yield from (value for value, _ in self.named.values())


class Scope:
    """A namespace: of a module, a function's call, a class body. Names live in the state under its identity."""

    __slots__ = ("captured", "globals", "key", "kind", "module", "names", "nonlocals", "parent")

    def __init__(self, kind: str, parent: Scope | None, module: ModuleScope) -> None:
        self.key = fresh_key()
        self.kind = kind
        self.parent = parent
        self.module = module
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.names: set[str] = set()
        self.captured = False
