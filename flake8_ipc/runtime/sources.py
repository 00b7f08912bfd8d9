"""The text behind a record: which expression an instruction stood for, and where its arguments are."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterator
from functools import cached_property

from ..model import Place
from .places import Where


class Source:
    """One source file; a file that cannot be read or parsed any more has no nodes."""

    def __init__(self, path: str, shown: str) -> None:
        self.path = path
        self.shown = shown
        self.lines: list[str] = []
        self.tree: ast.Module | None = None
        try:
            with tokenize.open(path) as file:
                text = file.read()
            self.lines = text.splitlines()
            self.tree = ast.parse(text)
        except (OSError, SyntaxError, ValueError, RecursionError):
            pass
        self._ends: dict[tuple[int, int], list[ast.expr]] = {}
        self.parents: dict[ast.AST, ast.AST] = {}
        for node in ast.walk(self.tree) if self.tree is not None else ():
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
            if isinstance(node, ast.expr) and node.end_lineno is not None and node.end_col_offset is not None:
                self._ends.setdefault((node.end_lineno, node.end_col_offset), []).append(node)

    def at(self, where: Where) -> ast.expr | None:
        """The widest expression that ends where an instruction's piece of text does, and holds its beginning.

        The end is what tells: CPython moves the beginning of a call's position to the line of its method's name.
        """
        found = self._ends.get((where.end_line, where.end_column), [])
        begun = [node for node in found if (node.lineno, node.col_offset) <= (where.line, where.column)]
        exact = [node for node in begun if (node.lineno, node.col_offset) == (where.line, where.column)]
        calls = [node for node in exact or begun if isinstance(node, (ast.Call, ast.Attribute, ast.Subscript))]
        return (calls or exact or [self._entered(where)])[0]

    def around(self, where: Where) -> ast.AST | None:
        """What an instruction stood for, or else the innermost statement that holds it."""
        node: ast.AST | None = self.at(where)
        if node is None:
            begin, end = (where.line, where.column), (where.end_line, where.end_column)
            for one in self.parents:
                if isinstance(one, ast.stmt) and (one.lineno, one.col_offset) <= begin:
                    if (one.end_lineno or 0, one.end_col_offset or 0) >= end and (node is None or _later(one, node)):
                        node = one
        return node

    def _entered(self, where: Where) -> ast.expr | None:
        """What a ``with`` statement of one item enters, or a ``for`` goes over: before 3.12 the place is the statement's."""
        for node in self.parents:
            if isinstance(node, (ast.For, ast.AsyncFor)) and (node.lineno, node.col_offset) == (where.line, where.column):
                return node.iter
            if isinstance(node, (ast.With, ast.AsyncWith)) and (node.lineno, node.col_offset) == (where.line, where.column):
                return node.items[0].context_expr if len(node.items) == 1 else None
        return None

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes that one stands in, innermost first."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def statement(self, node: ast.AST) -> ast.stmt | None:
        """The innermost statement that a node is or stands in."""
        return next((one for one in (node, *self.above(node)) if isinstance(one, ast.stmt)), None)

    def used(self, node: ast.AST) -> bool:
        """Whether the value of an expression goes anywhere."""
        return not isinstance(self.parents.get(node), ast.Expr)

    def with_item(self, node: ast.AST) -> bool:
        """Whether an expression is what a ``with`` statement enters and leaves."""
        return isinstance(self.parents.get(node), ast.withitem)

    def imported(self, node: ast.AST) -> ast.stmt | None:
        """The statement at module level that a node stands in, if the mere import of the module comes to it."""
        for one in self.above(node):
            if isinstance(one, FUNCTIONS):
                return None
            names = ast.walk(one.test) if isinstance(one, ast.If) else ()
            if any(isinstance(name, ast.Name) and name.id == "__name__" for name in names):
                return None
        return self.statement(node)

    def root(self, node: ast.expr) -> ast.Name | None:
        """The name that a chain of attributes and elements begins with."""
        while isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
        return node if isinstance(node, ast.Name) else None

    def is_global(self, name: ast.Name, depth: int = 3) -> bool:
        """Whether a name in a function stands for what the module has bound, or for an element of that."""
        function = next((one for one in self.above(name) if isinstance(one, FUNCTIONS)), None)
        if function is None or name.id in self._rebound or not depth:
            return False
        if name.id in {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}:
            return False
        bound = [one for one in ast.walk(function) if isinstance(one, ast.Name) and one.id == name.id and _binds(one)]
        loops = [self.parents[one] for one in bound]
        if not bound:
            return any(isinstance(one, ast.Name) and one.id == name.id and _binds(one) for one in self._outermost)
        roots = [self.root(one.iter) if isinstance(one, (ast.For, ast.comprehension)) else None for one in loops]
        return all(one is not None and self.is_global(one, depth - 1) for one in roots)

    @cached_property
    def _rebound(self) -> set[str]:
        """The globals that some function binds itself."""
        nodes = ast.walk(self.tree) if self.tree is not None else ()
        return {name for one in nodes if isinstance(one, ast.Global) for name in one.names}

    @cached_property
    def _outermost(self) -> list[ast.AST]:
        """The nodes at module level, outside any function or class."""
        apart = (*FUNCTIONS, ast.ClassDef)
        return [one for one in self.parents if not any(isinstance(above, apart) for above in self.above(one))]

    def guarded(self, node: ast.AST) -> bool:
        """Whether a node at module level stands under a test of ``__name__``."""
        tests = [one.test for one in self.above(node) if isinstance(one, ast.If)]
        return any(isinstance(name, ast.Name) and name.id == "__name__" for test in tests for name in ast.walk(test))

    def place(self, node: ast.expr | ast.arg | ast.stmt) -> Place:
        """Where a node begins."""
        return Place(self.shown, node.lineno, self.column(node.lineno, node.col_offset))

    def column(self, line: int, offset: int) -> int:
        """A column in characters for one in bytes of UTF-8."""
        if not 0 < line <= len(self.lines):
            return offset
        return len(self.lines[line - 1].encode()[:offset].decode(errors="ignore"))

    def text(self, node: ast.expr) -> str:
        """A node's own text, in one line."""
        return " ".join(ast.unparse(node).split())

    def function(self, line: int) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None:
        """The function whose code begins at this line (with its decorators)."""
        for node in ast.walk(self.tree) if self.tree is not None else ():
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                if line in (node.lineno, *(one.lineno for one in node.decorator_list)):
                    return node
        return None


def _binds(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _later(one: ast.stmt, other: ast.AST) -> bool:
    return isinstance(other, ast.stmt) and (one.lineno, one.col_offset) >= (other.lineno, other.col_offset)


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[ast.arg]:
    """The parameters that positional arguments land in."""
    return [*node.args.posonlyargs, *node.args.args]


def argument(call: ast.expr | None, keyword: str, position: int | None) -> ast.expr | None:
    """The expression that a call gives for a parameter, by name or by position."""
    if not isinstance(call, ast.Call):
        return None
    for one in call.keywords:
        if one.arg == keyword:
            return one.value
    if position is not None and position < len(call.args):
        if not any(isinstance(one, ast.Starred) for one in call.args[: position + 1]):
            return call.args[position]
    return None


def elements(node: ast.expr | None) -> Iterator[ast.expr]:
    """The elements of a tuple or list that is written out."""
    if isinstance(node, (ast.Tuple, ast.List)):
        yield from node.elts
