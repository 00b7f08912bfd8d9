"""The abstract machine that reads a program: its state, and how it writes the flow down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import libcst as cst

from ..model import Block, Count, Event, Flow, Jump, Kind, Loop, Place, Program, Raise, Role, Seq, Setting, Shared, Verb
from .joining import spread
from .values import (
    NOTHING,
    UNKNOWN,
    Arguments,
    Coll,
    Const,
    Content,
    Data,
    Func,
    Name,
    Scope,
    Value,
)
from .variables import Vars, join_vars

if TYPE_CHECKING:
    from .copies import Copy
    from .module import ModuleScope

Evaluator: TypeAlias = Callable[["Run", Any], Value]
Executor: TypeAlias = Callable[["Run", Any], None]

CallReader: TypeAlias = Callable[["Run", Any, cst.CSTNode], Value]

Doer: TypeAlias = Callable[["Run", Any, str, Any, cst.CSTNode], "Value | None"]

EVALUATORS: dict[type[cst.CSTNode], Evaluator] = {}
EXECUTORS: dict[type[cst.CSTNode], Executor] = {}
CALLS: dict[str, CallReader] = {}
DOERS: dict[Kind, Doer] = {}


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


def does(*kinds: Kind) -> Callable[[Doer], Doer]:
    """Registers what the methods of shared objects of these kinds do; None leaves one to its kind's table."""

    def register(function: Doer) -> Doer:
        DOERS.update(dict.fromkeys(kinds, function))
        return function

    return register


@dataclass(slots=True)
class Reading:
    """How much of other files one file may lead to: the bytes that are left of it, and the files counted so far."""

    left: int = 0
    counted: dict[str, int] = field(default_factory=dict)

    def take(self, path: str, size: int, files: int) -> bool:
        """Whether a file may be read, which is then counted; no more than ``files`` of them."""
        if path not in self.counted:
            if size > self.left or len(self.counted) >= files:
                return False
            self.counted[path] = size
            self.left -= size
        return True


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
    on_yield: Callable[[Value, cst.Yield], None] | None = None
    made: list[Shared] = field(default_factory=list)
    selves: tuple[int, ...] = ()


class Run:
    """One program being read.

    ``vars`` is the state: what each name, attribute and collection holds (None: this point is not reached). ``out``
    is the flow being written. ``fuel`` bounds the statements executed. ``puts`` counts the plain objects put so far.
    ``birth`` is the state that the process began with (None: the root's), ``origin`` its parent's then; what has a key
    below ``born`` was there before; ``handed`` is what it was given. ``copies`` are the plain variables that some child
    changes. ``controls`` are the reads that decide whether this point is come to, ``passed`` those of them whose test could
    have ended the function or turn before.
    """

    def __init__(self, program: Program, frame: Frame, *, depth: int, fuel: int) -> None:
        self.program = program
        self.role: Role = program.roles[0]
        self.vars: Vars | None = Vars()
        self.birth: Vars | None = None
        self.origin: Vars | None = None
        self.born = 0
        self.handed: tuple[Value, ...] = ()
        self.copies: dict[tuple[int, str], Copy] = {}
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
        self.rank: tuple[int, object] | None = None
        self.unpacking = False
        self.controls: frozenset[Event] = NOTHING
        self.passed: frozenset[Event] = NOTHING
        self.unused: set[int] = set()
        self.raising: list[Vars] = []
        self.puts = 0
        self.awaited: set[int] = set()
        self.by_hand: set[Role] = set()
        self.made: dict[object, Any] = {}
        self.foreign: dict[tuple[int, str], Value] = {}
        self.managers = False
        self.reading = Reading()
        self.home: ModuleScope = frame.scope.module
        self.abroad: Place | None = None
        self.handlers: list[tuple[Value, Arguments, cst.CSTNode]] = []
        self.visited: set[int] = set()
        self.looked: set[int] = set()
        self.counted: set[int] = set()
        self.dull: dict[tuple[int, int], tuple[int, list[Flow]]] = {}
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
        if not same or last.deliberate is not self.deliberate or last.rank is not self.rank:
            self._setting = last = Setting(self.calls, imported, self.in_async, self.deliberate, self.rank)
        return last

    def emit(self, verb: Verb, shared: Shared, node: cst.CSTNode, name: str = "", **facts: Any) -> Event:
        """Writes an event; at a point that is not reached it is made but not written."""
        event = Event(verb, shared, self.place(node), name, setting=self.setting, **facts)
        if self.vars is not None:
            self.out.append(event)
        return event

    def risk(self) -> None:
        """What comes now may raise; it is told where this role has taken a lock by hand, which that may leave behind."""
        if self.vars is not None and self.role in self.by_hand:
            self.out.append(Raise(sure=False))

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

    def fall(self) -> None:
        """An exception is raised here; whoever catches it, or cleans up, finds this state."""
        if self.vars is not None:
            self.raising.append(self.vars)
        self.vars = None

    @contextmanager
    def falling(self) -> Iterator[list[Vars]]:
        """Collects the states in which what is read inside is left early, by an exception, a return or a jump."""
        frame = self.frame
        exits = [exit for turn in frame.turns for exit in (turn.leave, turn.next)]
        if frame.exit is not None:
            exits.append(frame.exit)
        marks = [(states, len(states)) for exit in exits for states in (exit.states, exit.again)]
        outer, self.raising = self.raising, []
        early: list[Vars] = []
        try:
            yield early
        finally:
            outer += self.raising
            early += self.raising
            early += [state for states, count in marks for state in states[count:]]
            self.raising = outer

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
        return None if self.vars is None else self.vars.copy()

    # -- the store

    def load(self, key: int, name: str) -> Value | None:
        """What a name of a scope or an attribute of an object holds."""
        state = self.vars
        if state is None:
            return None
        found = state.get(key, name)
        return found if found is not None or not self.foreign else self.foreign.get((key, name))

    def store(self, key: int, name: str, value: Value) -> None:
        """Sets it."""
        if self.vars is not None:
            self.vars.set(key, name, value)

    def held(self, key: int) -> Mapping[str, Value]:
        """Everything that a scope or an object holds."""
        return self.vars.of(key) if self.vars is not None else {}

    def holding(self, key: int) -> list[Value]:
        """The values that a scope or an object holds, plain data left out."""
        return [value for value in self.held(key).values() if type(value) not in PLAIN]

    def content(self, coll: Coll) -> Content:
        """What a collection holds now; that somebody looked is noted."""
        self.looked.add(coll.key)
        return self.content_to_fill(coll)

    def content_to_fill(self, coll: Coll) -> Content:
        """The same for who only puts something in, and whom it does not concern what else is there."""
        found = self.load(coll.key, "")
        return found if type(found) is Content else Content(None)

    @property
    def in_child(self) -> bool:
        """Whether this code runs in another process than the root's."""
        return self.birth is not None

    def turn_count(self) -> Count | None:
        """How often the loop turns that this code stands in, where it is the only one."""
        return self.counts[0] if len(self.counts) == 1 else None


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


# What no shared object is in.
PLAIN = frozenset({Const, Data, Name})


def options(value: Value) -> tuple[Value, ...]:
    """The alternatives of a value (itself, where it is the only one)."""
    return spread(value)
