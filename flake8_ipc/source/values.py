"""What an expression may stand for, as far as processes care.

A value never changes once it is made. The classes are not frozen all the same: a frozen dataclass sets each of its fields
by a call, and values are what reading makes most of.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

import libcst as cst

from ..model import Count, Event, Key, Place, Shared, Test

if TYPE_CHECKING:
    from .module import ModuleScope

_KEYS = itertools.count(1)


def fresh_key() -> int:
    """An identity in the store that is never used twice."""
    return next(_KEYS)


# How many elements of a collection are taken one by one, where they differ in what matters.
UNROLLED = 8

NOTHING: frozenset[Event] = frozenset()
# Where an object was put on a queue whose feeder may not have pickled it yet, and on which.
Puts: TypeAlias = frozenset[tuple[Place, Shared]]
NEVER_PUT: Puts = frozenset()
NO_LOOPS: frozenset[int] = frozenset()


@dataclass(slots=True, eq=False)
class Value:
    """Anything an expression may stand for."""


@dataclass(slots=True, eq=False)
class Copy:
    """A copy that came out of a proxy: the read that brought it, in which loops, and what was changed in it.

    ``kept``: it stands where it may be looked at without a name of its own. ``looks`` are the loops in which somebody
    looked at it; ``looked`` the changes that were thought lost until the last look.
    """

    read: Event
    loops: tuple[int, ...] = ()
    kept: bool = False
    named: bool = False
    changes: list[Event] = field(default_factory=list)
    looks: list[tuple[int, ...]] = field(default_factory=list)
    looked: list[Event] = field(default_factory=list)

    def look(self, loops: tuple[int, ...]) -> None:
        """Somebody looks at the copy by a name: what was changed in it until now is not lost."""
        self.named = True
        self.looks.append(loops)
        self.looked = [change for change in self.changes if not change.used]
        for change in self.looked:
            change.used = True

    def change(self, event: Event, loops: tuple[int, ...]) -> None:
        """The copy is changed; that this looked it up by a name just before is no use of it."""
        for change in self.looked:
            change.used = False
        self.looked = []
        if self.looks:
            self.looks.pop()
        inner = len(self.loops) + 1
        if len(loops) >= inner and any(look[:inner] == loops[:inner] for look in self.looks):
            # The next turn of the loop looks at it again.
            event.used = True
        self.changes.append(event)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is learned where a test comes out as ``when``: that processes have ended, or that an event is set."""

    of: tuple[Shared, ...]
    when: bool
    exact: bool
    node: cst.CSTNode

    def opposite(self) -> Seen:
        """The same of the opposite test."""
        return replace(self, when=not self.when)

    def compared(self, constant: object, *, equal: bool) -> Seen:
        """The same of a comparison with a constant; an exit code that is a number tells that the process has ended."""
        same = self.when is constant if isinstance(constant, bool) else constant is not None
        return replace(self, when=same is equal)


@dataclass(slots=True, eq=False)
class Data(Value):
    """Data of which nothing but its origin is known.

    ``reads``: the reads of shared cells it was computed from. ``varies``: the loops whose every turn gives another
    one. ``own``: no other copy of the role has the same. ``message``: the get or receive that brought it. ``sizes``:
    the queue sizes it was computed from. ``plain``: surely neither callable nor shared. ``anything``: it came from
    code that cannot be seen. ``scalar``: surely a number or a text. ``count``: it is the number of elements that this
    counts. ``copy``: it is what a proxy gave. ``thing`` tells an object that several names may hold from others (0: not
    told apart), ``mutable``: it surely can be changed; ``puts`` are where it was put. ``told``: it is true where this test is.
    ``round``: it is the index beside that of this copy or turn, from the last round to the first (``(i + 1) % n``).
    ``span``: it is one of these numbers, or stands for all of them. ``seen``: what a test of it shows.
    """

    reads: frozenset[Event] = NOTHING
    varies: frozenset[int] = NO_LOOPS
    own: bool = False
    message: Event | None = None
    sizes: tuple[cst.CSTNode, ...] = ()
    size_of: tuple[Shared, ...] = ()
    plain: bool = False
    scalar: bool = False
    anything: bool = False
    count: Count | None = None
    loop_item: bool = False
    copy: Copy | None = None
    thing: int = 0
    mutable: bool = False
    puts: Puts = NEVER_PUT
    told: Test | None = None
    round: bool = False
    span: range | None = None
    seen: Seen | None = None


UNKNOWN = Data()
PLAIN = Data(plain=True)
SCALAR = Data(plain=True, scalar=True)


@dataclass(slots=True, eq=False)
class Const(Value):
    """A known constant; two are the same where type and value are."""

    value: object
    reads: frozenset[Event] = NOTHING


NONE = Const(None)


@dataclass(slots=True, eq=False)
class Ref(Value):
    """A shared object. ``inherited``: reached through a global that this process did not bind. ``exact`` False: it may
    be another one of the same collection. ``bare``: without its own lock, as ``get_obj`` gives it. ``received``: it came
    out of a proxy, a queue or a pipe. ``key``: which element of a collection it is, beside those of other copies."""

    shared: Shared
    inherited: bool = False
    exact: bool = True
    bare: bool = False
    received: bool = False
    key: Key | None = None


@dataclass(slots=True, eq=False)
class View(Ref):
    """The memory of a block, as ``.buf`` gives it: whoever has it can read and write, but not close."""


@dataclass(slots=True, eq=False)
class Name(Value):
    """Something imported, by its full dotted name; library aliases are told by their one canonical name."""

    dotted: str


@dataclass(slots=True, eq=False)
class Foreign(Value):
    """A name of another file of the project (None: the file itself), not read yet."""

    path: str
    name: str | None
    dotted: str


@dataclass(slots=True, eq=False)
class Context(Value):
    """A multiprocessing context: the result of ``get_context`` with that start method (None: the default)."""

    method: str | None


@dataclass(slots=True, eq=False)
class Func(Value):
    """A function, method or lambda of the text; ``scope`` is where its free names live, ``bound`` its ``self``.

    ``guarded``: only the main guard defines it, which a process that imports the module does not run.
    """

    node: cst.FunctionDef | cst.Lambda
    scope: Scope
    name: str
    owner: Cls | None = None
    bound: Value | None = None
    nested: bool = False
    defaults: dict[str, Value] = field(default_factory=dict)
    decorators: frozenset[str] = frozenset()
    guarded: bool = False


@dataclass(slots=True, eq=False)
class Cls(Value):
    """A class of the text. ``bases`` in order; its attributes live in the store under its identity; ``line`` is the order
    in which it and its bases are asked, once that has been worked out.
    """

    node: cst.ClassDef
    scope: Scope
    name: str
    bases: tuple[Value, ...] = ()
    members: dict[str, Value] = field(default_factory=dict)
    local: bool = False
    fields: tuple[str, ...] = ()
    key: int = field(default_factory=fresh_key)
    line: tuple[Value, ...] = ()


@dataclass(slots=True, eq=False)
class Inst(Value):
    """An object of a class of the text; ``shared`` if that class is a Process (or thread), ``puts`` where it was put."""

    cls: Cls
    shared: Shared | None = None
    inherited: bool = False
    key: int = field(default_factory=fresh_key)
    puts: Puts = NEVER_PUT


@dataclass(slots=True, eq=False)
class Super(Value):
    """``super()`` of an object, seen from a class."""

    inst: Inst
    cls: Cls


@dataclass(slots=True, eq=False)
class Items(Value):
    """An immutable sequence: known ``items``, or any number of ``element``; ``names`` are those of a named tuple."""

    items: tuple[Value, ...] | None
    element: Value = UNKNOWN
    count: Count | None = None
    sequence: bool = True
    numbers: bool = False
    names: tuple[str, ...] = ()
    seen: Seen | None = None


@dataclass(slots=True, eq=False)
class Many(Value):
    """A part of a collection: any number of elements, put there by one loop (or taken from another collection)."""

    element: Value
    count: Count | None = None
    loop: int = 0


@dataclass(slots=True, eq=False)
class Coll(Value):
    """A list, set or dict that may change: its content is in the store under its identity; ``puts``: where it was put."""

    kind: str
    inherited: bool = False
    key: int = field(default_factory=fresh_key)
    puts: Puts = NEVER_PUT


@dataclass(slots=True, eq=False)
class Content(Value):
    """What a Coll holds: its ``items`` by position or key, in order, some of which may be Many; None where the order
    is not known, with a summary of every ``element``. ``keys``: a summary of a dict's keys that are no constants.
    """

    items: dict[object, Value] | None
    element: Value | None = None
    count: Count | None = None
    keys: Value | None = None


@dataclass(slots=True, eq=False)
class Partial(Value):
    """``functools.partial`` of a callable."""

    func: Value
    args: tuple[Value, ...]
    kwargs: tuple[tuple[str, Value], ...]


@dataclass(slots=True, eq=False)
class Method(Value):
    """A library method not called yet: ``q.get``, ``items.append``."""

    owner: Value
    name: str


@dataclass(slots=True, eq=False)
class Generator(Value):
    """A generator function's call, or ``iter(callable, sentinel)``: what it does happens where it is iterated.

    ``node`` is that call, which stands in ``module``.
    """

    func: Func | None
    args: Arguments
    call: Value | None = None
    sentinel: Value | None = None
    node: cst.CSTNode | None = None
    module: ModuleScope | None = None


@dataclass(slots=True, eq=False)
class Guard(Value):
    """The outcome of a test for the main module: true in the main program, false where it is imported."""

    truth: bool


@dataclass(slots=True, eq=False)
class Opaque(Value):
    """``object()``: equal to nothing but itself, and to no copy of itself."""


@dataclass(slots=True, eq=False)
class BlockName(Value):
    """The name of a shared memory block, by which another process attaches it."""

    shared: Shared


@dataclass(slots=True, eq=False)
class Pid(Value):
    """The process id of a child, by which others may signal it or wait for it."""

    shared: Shared
    exact: bool = True


@dataclass(slots=True, eq=False)
class OneOf(Value):
    """One of several; which is not known. ``varies``: the loops each of whose turns has another one of them."""

    options: tuple[Value, ...]
    varies: frozenset[int] = frozenset()


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
