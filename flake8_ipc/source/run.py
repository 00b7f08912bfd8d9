"""The abstract machine that reads a program: its state, and how it writes the flow down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import libcst as cst

from ..model import Block, Count, Event, Flow, Jump, Loop, Place, Program, Role, Seq, Setting, Shared, Verb
from .values import NOTHING, UNKNOWN, Coll, Const, Content, Data, Func, Inst, Name, Scope, Value, join, spread

if TYPE_CHECKING:
    from .module import ModuleScope

Vars: TypeAlias = dict[tuple[int, str], Value]
Evaluator: TypeAlias = Callable[["Run", Any], Value]
Executor: TypeAlias = Callable[["Run", Any], None]

CallReader: TypeAlias = Callable[["Run", Any, cst.CSTNode], Value]

EVALUATORS: dict[type[cst.CSTNode], Evaluator] = {}
EXECUTORS: dict[type[cst.CSTNode], Executor] = {}
CALLS: dict[str, CallReader] = {}


def evaluates(*types: type[cst.CSTNode]) -> Callable[[Evaluator], Evaluator]:
    """Registers how expressions of these types are evaluated."""

    def register(function: Evaluator) -> Evaluator:
        EVALUATORS.update(dict.fromkeys(types, function))
        return function

    return register


def executes(*types: type[cst.CSTNode]) -> Callable[[Executor], Executor]:
    """Registers how statements of these types are executed."""

    def register(function: Executor) -> Executor:
        EXECUTORS.update(dict.fromkeys(types, function))
        return function

    return register


def calls(*names: str) -> Callable[[CallReader], CallReader]:
    """Registers what calls of these library functions and classes, by their full names, give and do."""

    def register(function: CallReader) -> CallReader:
        CALLS.update(dict.fromkeys(names, function))
        return function

    return register


class OutOfFuel(Exception):
    """The bound on the work for one program is reached."""


@dataclass(slots=True)
class Exit:
    """Where jumps to one block or loop lead, with the states they bring along."""

    target: Loop | Block
    states: list[Vars] = field(default_factory=list)
    again: list[Vars] = field(default_factory=list)


@dataclass(slots=True)
class Turn:
    """A loop being read: where ``break`` and ``continue`` go."""

    leave: Exit
    next: Exit
    again: bool


@dataclass(slots=True)
class Frame:
    """A function being followed: its names, where ``return`` goes, what it has returned, who takes its yields.

    ``selves`` are the objects whose methods the calls that lead here are, innermost last (0: none's).
    """

    scope: Scope
    func: Func | None = None
    exit: Exit | None = None
    returned: list[Value] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    on_yield: Callable[[Value], None] | None = None
    made: list[Shared] = field(default_factory=list)
    selves: tuple[int, ...] = ()


class Run:
    """One program being read.

    ``vars`` is the state: what each name, attribute and collection holds (None: this point is not reached). ``out``
    is the flow being written. ``fuel`` bounds the statements executed. ``puts`` counts the plain objects put so far.
    """

    def __init__(self, program: Program, frame: Frame, *, depth: int, fuel: int) -> None:
        self.program = program
        self.role: Role = program.roles[0]
        self.vars: Vars | None = {}
        self.birth: Vars | None = None
        self.frame = frame
        self.out: list[Flow] = []
        self.depth = depth
        self.fuel = fuel
        self.calls: tuple[Place, ...] = ()
        self.stack: tuple[object, ...] = ()
        self.path: tuple[object, ...] = ()
        self.loops: tuple[int, ...] = ()
        self.counts: tuple[Count | None, ...] = ()
        self.imported: Place | None = None
        self.guarded = False
        self.in_async = False
        self.deliberate = False
        self.controls: frozenset[Event] = NOTHING
        self.unused: set[int] = set()
        self.puts = 0
        self.made: dict[object, Any] = {}
        self.foreign: Vars = {}
        self.files = 0
        self.home: ModuleScope = frame.scope.module
        self.abroad: Place | None = None
        self.visited: set[int] = set()
        self.dull: dict[tuple[int, int], int] = {}
        self._setting = Setting()

    # -- reading

    def evaluate(self, node: cst.CSTNode) -> Value:
        """The value of an expression; its events are written to the flow."""
        if self.vars is None:
            return UNKNOWN
        evaluator = EVALUATORS.get(type(node))
        return evaluator(self, node) if evaluator else UNKNOWN

    def execute(self, node: cst.CSTNode) -> None:
        """Executes a statement, unless this point is not reached."""
        if self.vars is None:
            return
        self.fuel -= 1
        if self.fuel < 0:
            raise OutOfFuel
        executor = EXECUTORS.get(type(node))
        if executor:
            executor(self, node)

    def body(self, node: cst.BaseSuite | cst.Module) -> None:
        """Executes the statements of a suite."""
        for statement in node.body:
            if self.vars is None:
                return
            self.execute(statement)

    # -- writing

    def place(self, node: cst.CSTNode) -> Place:
        """Where a node stands; one of another file is told by the place in this file that leads there."""
        module = self.frame.scope.module
        place = module.locator.place(node)
        if module is self.home or self.abroad is None:
            return place
        key = ("abroad", place, self.abroad)
        if key not in self.made:
            self.made[key] = self.abroad.leading_to(place)
        told: Place = self.made[key]
        return told

    @property
    def setting(self) -> Setting:
        """Where in the program this point stands; one object as long as nothing changes."""
        last = self._setting
        imported = None if self.guarded else self.imported
        same = last.calls is self.calls and last.imported is imported and last.in_async is self.in_async
        if not same or last.deliberate is not self.deliberate:
            self._setting = last = Setting(self.calls, imported, self.in_async, self.deliberate)
        return last

    def emit(self, verb: Verb, shared: Shared, node: cst.CSTNode, name: str = "", **facts: Any) -> Event:
        """Writes an event; at a point that is not reached it is made but not written."""
        event = Event(verb, shared, self.place(node), name, setting=self.setting, **facts)
        if self.vars is not None:
            self.out.append(event)
        return event

    def writing(self) -> Writing:
        """What is written inside goes to a sequence of its own."""
        return Writing(self)

    def jump(self, exit: Exit, *, again: bool = False) -> None:
        """Leaves for an exit; nothing after it is reached."""
        if self.vars is None:
            return
        self.out.append(Jump(exit.target, again))
        (exit.again if again else exit.states).append(self.vars)
        self.vars = None

    def arrive(self, exit: Exit) -> None:
        """Goes on behind an exit's block: from its end and from every jump to it."""
        for state in exit.states:
            self.vars = join_vars(self.vars, state)

    def close(self, exit: Exit, sequence: Seq) -> None:
        """Writes what an exit leads out of, as a block where something jumps there, and goes on behind it."""
        if exit.states:
            exit.target.body = sequence
            self.out.append(exit.target)
        else:
            self.out.extend(sequence.items)
        self.arrive(exit)

    def fork(self) -> Vars | None:
        """A copy of the state, for the other branch."""
        return None if self.vars is None else dict(self.vars)

    # -- the store

    def load(self, key: int, name: str) -> Value | None:
        """What a name of a scope or an attribute of an object holds."""
        if self.vars is None:
            return None
        found = self.vars.get((key, name))
        return found if found is not None or not self.foreign else self.foreign.get((key, name))

    def store(self, key: int, name: str, value: Value) -> None:
        """Sets it."""
        if self.vars is not None:
            self.vars[key, name] = value

    def content(self, coll: Coll) -> Content:
        """What a collection holds now."""
        found = self.load(coll.key, "")
        if isinstance(found, Content):
            return found
        return Content(None)

    @property
    def in_child(self) -> bool:
        """Whether this code runs in another process than the root's."""
        return self.birth is not None

    def turn_count(self) -> Count | None:
        """How often the loop turns that this code stands in, where it is the only one."""
        return self.counts[0] if len(self.counts) == 1 else None

    def open(self, *values: Value) -> None:
        """These leave for code that cannot be seen, with all that is in them."""
        for shared in self.reachable(*values):
            shared.open = True

    def reachable(self, *values: Value, pickled: bool = False) -> list[Shared]:
        """The shared objects in these values, those inside collections, instances and closures included.

        With ``pickled`` those that go along when the values are pickled: a class may keep some back.
        """
        found: dict[Shared, None] = {}
        if self.program.objects or self.foreign:
            self._reach([value for value in values if type(value) not in _PLAIN], found, pickled)
        return list(found)

    def _reach(self, pending: list[Value], found: dict[Shared, None], pickled: bool) -> None:
        from .contents import inside, pickles_itself

        seen: set[int] = set()
        held = Held(self)
        while pending:
            value = pending.pop()
            if id(value) in seen:
                continue
            seen.add(id(value))
            if isinstance(value, (Inst, Coll)):
                if value.key in seen:
                    continue
                seen.add(value.key)
            if pickled and isinstance(value, Inst) and pickles_itself(self, value):
                continue
            pending.extend(inside(self, value, found, held))


class Writing:
    """A context in which the flow is written to a sequence of its own."""

    __slots__ = ("_outer", "_run", "_sequence")

    def __init__(self, run: Run) -> None:
        self._run = run
        self._outer = run.out
        self._sequence = Seq()

    def __enter__(self) -> Seq:
        self._run.out = self._sequence.items
        return self._sequence

    def __exit__(self, *exc: object) -> None:
        self._run.out = self._outer


class Held:
    """What each scope and object holds, by its identity; worked out at the first question."""

    __slots__ = ("_held", "_run")

    def __init__(self, run: Run) -> None:
        self._run = run
        self._held: dict[int, list[Value]] | None = None

    def by(self, owner: int) -> list[Value]:
        """The values that an owner holds, plain data left out."""
        if self._held is None:
            self._held = {}
            for (key, _), value in (self._run.vars or {}).items():
                if type(value) not in _PLAIN:
                    self._held.setdefault(key, []).append(value)
        return self._held.get(owner, [])


_PLAIN = frozenset({Const, Data, Name})


def join_vars(one: Vars | None, other: Vars | None) -> Vars | None:
    """The state where either path may have led here; may change and return ``one``."""
    if one is None:
        return other
    if other is None or one is other:
        return one
    for key, value in other.items():
        mine = one.get(key)
        if mine is None:
            one[key] = value
        elif mine is not value:
            one[key] = join(mine, value)
    return one


def options(value: Value) -> tuple[Value, ...]:
    """The alternatives of a value (itself, where it is the only one)."""
    return spread(value)
