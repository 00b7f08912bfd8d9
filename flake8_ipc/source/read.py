"""Text -> programs."""

from __future__ import annotations

import libcst as cst

from ..model import Program, Role, RoleKind, Seq
from . import definitions, expressions, loops, statements, withs
from .entries import enter_class, enter_function
from .module import ModuleScope
from .places import Locator
from .run import Frame, OutOfFuel, Run
from .scanning import forget
from .values import Cls, Func, Value

# Statements executed for one program: a bound on the work, far above what a file of that size needs.
_FUEL_BASE = 5_000
_FUEL_A_LINE = 30
_REGISTERED = (definitions, expressions, loops, statements, withs)


class NotAnalysed(Exception):
    """The text is Python, but cannot be read here; the message is the reason, in one line."""


def read(
    code: bytes | str, path: str, *, methods: frozenset[str] = frozenset({"fork", "spawn", "forkserver"}), depth: int = 8
) -> list[Program]:
    """The programs of a file: its main flow, and one for each function or class that nobody in it calls.

    ``methods`` are the start methods it must work under; ``depth`` bounds how far calls are followed. Raises
    NotAnalysed where libcst cannot take the text.
    """
    try:
        tree = cst.parse_module(code)
    except (cst.ParserSyntaxError, RecursionError, UnicodeError) as error:
        raise NotAnalysed(str(error).splitlines()[0] if str(error) else type(error).__name__) from error
    module = ModuleScope(path, tree, Locator(path, tree))
    lines = code.count(b"\n" if isinstance(code, bytes) else "\n")  # type: ignore[arg-type]
    try:
        return Reader(module, methods, depth, _FUEL_BASE + _FUEL_A_LINE * lines).programs()
    finally:
        forget()


class Reader:
    """Reads one module: the main program first, then what it left unvisited."""

    def __init__(self, module: ModuleScope, methods: frozenset[str], depth: int, fuel: int) -> None:
        self.module = module
        self.methods = methods
        self.depth = depth
        self.fuel = fuel

    def programs(self) -> list[Program]:
        """The programs, the main one first; those in which nothing happens are left out."""
        main = self._run(RoleKind.MAIN, "main")
        self._finish(main, lambda: main.body(self.module.tree))
        found = [main.program]
        for value in self._entries(main):
            if id(value.node) in main.visited:
                continue
            entry = self._run(RoleKind.ENTRY, value.name)
            entry.vars = dict(main.vars) if main.vars is not None else {}
            entry.visited = main.visited
            entry.dull = main.dull
            entry.made = {key: fact for key, fact in main.made.items() if isinstance(key, tuple) and key[0] == "class"}
            entry.program.methods = main.program.methods
            entry.guarded = True
            if isinstance(value, Cls):
                self._finish(entry, lambda entry=entry, value=value: enter_class(entry, value))
            else:
                self._finish(entry, lambda entry=entry, value=value: enter_function(entry, value))
            if entry.program.objects or entry.program.root.flow != Seq():
                found.append(entry.program)
        return found

    def _run(self, kind: RoleKind, name: str) -> Run:
        place = self.module.locator.place(self.module.tree)
        program = Program([Role(name, kind, place)], methods=self.methods)
        return Run(program, Frame(self.module.scope), depth=self.depth, fuel=self.fuel)

    def _finish(self, run: Run, work: object) -> None:
        try:
            with run.writing() as sequence:
                work()  # type: ignore[operator]
        except OutOfFuel:
            run.program.whole = False
        run.program.root.flow = sequence

    def _entries(self, main: Run) -> list[Func | Cls]:
        """The module's functions and classes, in the order of the text."""
        found: list[Func | Cls] = []
        values: list[Value] = [
            value for (key, _), value in (main.vars or {}).items() if key == self.module.scope.key
        ]
        for value in values:
            if isinstance(value, (Func, Cls)) and value.scope is self.module.scope:
                found.append(value)
        return found
