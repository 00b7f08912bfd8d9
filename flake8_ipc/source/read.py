"""Text -> programs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import libcst as cst

from ..model import Flow, Program, Role, RoleKind, Seq
from . import compound, definitions, expressions, library, loops, operations, statements, withs
from .entries import enter_class, enter_function
from .keeping import forget_given
from .module import ModuleScope
from .pauses import read_handlers
from .places import Locator
from .project import ALLOWANCE, lent, trim
from .run import Frame, OutOfFuel, Reading, Run
from .scanning import forget
from .values import Cls, Func
from .variables import Vars

# Statements executed for all programs of a file: a bound on the work, far above what most files need.
_FUEL_BASE = 2_000
_FUEL_A_LINE = 10
_WORD = re.compile(r"\w+")
_REGISTERED = (compound, definitions, expressions, library, loops, operations, statements, withs)


class NotAnalysed(Exception):
    """The text is Python, but cannot be read here; the message is the reason, in one line."""


def read(
    code: bytes | str, path: str, *, methods: frozenset[str] = frozenset({"fork", "spawn", "forkserver"}), depth: int = 8
) -> list[Program]:
    """The programs of a file: its main flow, and one for each function or class that nobody in it calls.

    ``methods`` are the start methods it must work under; ``depth`` bounds how far calls are followed. Raises
    NotAnalysed where libcst cannot take the text.
    """
    module, text = _parsed(code, path)
    return _programs(module, text, methods, depth)


@contextmanager
def reading(code: str, path: str, *, methods: frozenset[str], depth: int) -> Iterator[list[Program]]:
    """The same for as long as they are judged: places that nobody has looked at by then are lost, and so is the tree."""
    with lent(path, code) as tree:
        module, text = _parsed(code, path, tree)
        try:
            yield _programs(module, text, methods, depth)
        finally:
            module.forget()


def _parsed(code: bytes | str, path: str, tree: cst.Module | None = None) -> tuple[ModuleScope, str]:
    try:
        tree = tree or cst.parse_module(code)
    except (cst.ParserSyntaxError, RecursionError, UnicodeError) as error:
        raise NotAnalysed(str(error).splitlines()[0] if str(error) else type(error).__name__) from error
    text = code if isinstance(code, str) else code.decode(tree.encoding, "replace")
    return ModuleScope(path, tree, Locator(path, tree, text), yields="yield" in text), text


def _programs(module: ModuleScope, text: str, methods: frozenset[str], depth: int) -> list[Program]:
    try:
        return Reader(module, text, methods, depth, _FUEL_BASE + _FUEL_A_LINE * text.count("\n")).programs()
    finally:
        forget()
        trim()


class Reader:
    """Reads one module: the main program first, then what it left unvisited."""

    def __init__(self, module: ModuleScope, text: str, methods: frozenset[str], depth: int, fuel: int) -> None:
        self.module = module
        self.text = text
        self.methods = methods
        self.depth = depth
        self.fuel = fuel
        self.dull: dict[tuple[int, int], tuple[int, list[Flow]]] = {}
        self.reading = Reading(ALLOWANCE + len(text))

    def programs(self) -> list[Program]:
        """The programs, the main one first; those in which nothing happens are left out."""
        main = self._run(RoleKind.MAIN, "main")
        names = self._module(main)
        found = [main.program]
        for value in self._uncalled(names, main.visited):
            if id(value.node) not in main.visited:
                found += self._entry(main, names, value)
        return found

    def _uncalled(self, names: Vars, visited: set[int]) -> list[Func | Cls]:
        """The module's functions and classes not visited yet: first those that the text names nowhere else."""
        mine = [
            value
            for value in names.of(self.module.scope.key).values()
            if isinstance(value, (Func, Cls)) and value.scope is self.module.scope and id(value.node) not in visited
        ]
        if not mine:
            return []
        words = Counter(_WORD.findall(self.text))
        return sorted(mine, key=lambda value: words[value.name] > 1)

    def _module(self, main: Run) -> Vars:
        """Reads the main program; the names it leaves, or had when it ended itself."""
        names = Vars()

        def body() -> None:
            nonlocal names
            for statement in self.module.tree.body:
                names = main.vars or names
                main.execute(statement)
            names = main.vars or names
            read_handlers(main, names)

        self._finish(main, body)
        self.fuel = max(main.fuel, 0)
        self.dull = {key: found for key, found in main.dull.items() if found[0] == 0}
        return names

    def _entry(self, main: Run, names: Vars, value: Func | Cls) -> list[Program]:
        """The program that starts with a function or class which nobody here calls."""
        entry = self._run(RoleKind.ENTRY, value.name)
        entry.vars = names.copy()
        forget_given(entry)
        entry.visited = main.visited
        entry.dull = dict(self.dull)
        entry.made = {key: fact for key, fact in main.made.items() if isinstance(key, tuple) and key[0] == "class"}
        entry.program.methods, entry.program.dill = main.program.methods, main.program.dill
        entry.program.chosen = main.program.chosen
        entry.guarded = True
        entry.role.reentered = isinstance(value, Cls)
        enter = enter_class if isinstance(value, Cls) else enter_function
        self._finish(entry, lambda: enter(entry, value))  # type: ignore[arg-type]
        self.fuel = max(entry.fuel, 0)
        self.dull.update((key, found) for key, found in entry.dull.items() if found[0] == 0)
        mine = set(entry.program.objects)
        happens = False
        for _, event in entry.program.events():
            happens = True
            # What two programs touch is touched in an order that neither tells.
            if event.target not in mine:
                event.target.open = True
        return [entry.program] if happens else []

    def _run(self, kind: RoleKind, name: str) -> Run:
        place = self.module.locator.place(self.module.tree)
        program = Program([Role(name, kind, place)], methods=self.methods)
        run = Run(program, Frame(self.module.scope), depth=self.depth, fuel=self.fuel)
        run.reading = self.reading
        return run

    def _finish(self, run: Run, work: Callable[[], None]) -> None:
        sequence = Seq()
        try:
            with run.writing() as sequence:
                work()
        except OutOfFuel:
            run.program.whole = False
        run.program.root.flow = sequence
