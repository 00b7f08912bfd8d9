"""Whether what is written came of what was read: judged in the text, for two places that a run has shown."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set

from .sources import Source


class Dependence:
    """The statements of one file, and what hangs on what in them."""

    def __init__(self, source: Source) -> None:
        self._above = source.above
        self._statement = source.statement
        self._nodes = source.parents

    def _function(self, node: ast.AST) -> ast.AST | None:
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Module)
        return next((one for one in self._above(node) if isinstance(one, kinds)), None)

    def holds(self, read: ast.expr, write: ast.expr) -> bool:
        """Whether a write is of a value that came of a read, or stands under a test of it."""
        statement = self._statement(write)
        if statement is None:
            return False
        if self._function(read) is not self._function(write):
            return self._given_back(read, list(self._deciding(statement, write)))
        if isinstance(statement, ast.AugAssign) and read is write:
            return True
        deciding = list(self._deciding(statement, write))
        if any(node is read for part in deciding for node in ast.walk(part)):
            return not self._looked_again(read, statement)
        names = self._bound_from(read)
        return any(
            isinstance(node, ast.Name) and node.id in names and not self._bound_again(node, read)
            for part in deciding
            for node in ast.walk(part)
        )

    def left_out(self, read: ast.expr, newer: Set[ast.AST]) -> bool:
        """Whether ``and`` or ``or`` came out before it got to a read when it was evaluated last: what decides then is newer."""
        inner: ast.AST = read
        for above in self._above(read):
            if isinstance(above, ast.BoolOp) and inner in above.values:
                before = above.values[: above.values.index(inner)]
                if any(node in newer for one in before for node in ast.walk(one)):
                    return True
            inner = above
        return False

    def _looked_again(self, read: ast.expr, statement: ast.stmt) -> bool:
        """Whether a test nearer to the statement looks at the same once more: what was found before decides nothing."""
        told = ast.dump(read)
        for test in self._tests(statement):
            inside = list(ast.walk(test))
            if any(node is read for node in inside):
                return False
            if any(isinstance(node, ast.expr) and ast.dump(node) == told for node in inside):
                return True
        return False

    def _bound_again(self, name: ast.Name, read: ast.expr) -> bool:
        """Whether a name holds something newer than what was read, wherever it comes to this use of it."""
        first, around = self._statement(read), set(self._above(name))
        return any(
            isinstance(one, ast.Assign)
            and one is not first
            and read.lineno < one.lineno < name.lineno
            and self._nodes[one] in around
            and any(isinstance(target, ast.Name) and target.id == name.id for target in one.targets)
            for one in self._nodes
        )

    def _given_back(self, read: ast.expr, deciding: list[ast.AST]) -> bool:
        """Whether a read is what the one function of its name returns, and that is called here."""
        function = self._function(read)
        if not isinstance(function, ast.FunctionDef) or not isinstance(self._statement(read), ast.Return):
            return False
        if sum(isinstance(one, ast.FunctionDef) and one.name == function.name for one in self._nodes) != 1:
            return False
        method = any(isinstance(one, ast.ClassDef) for one in self._above(function))
        called = [node.func for part in deciding for node in ast.walk(part) if isinstance(node, ast.Call)]
        names = {one.attr for one in called if isinstance(one, ast.Attribute) and method}
        names |= {one.id for one in called if isinstance(one, ast.Name) and not method}
        return function.name in names

    def _deciding(self, statement: ast.stmt, write: ast.expr) -> Iterator[ast.AST]:
        """What the value that a statement writes, and whether it writes, come of."""
        if isinstance(write, ast.Call):
            # ``count.set(count.get() + 1)``
            yield from [*write.args, *write.keywords]
        if isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign)) and statement.value is not None:
            yield statement.value
        yield from self._tests(statement)

    def _tests(self, statement: ast.stmt) -> Iterator[ast.expr]:
        """The tests that a statement stands under, innermost first."""
        for above in self._above(statement):
            if isinstance(above, (ast.If, ast.While)):
                yield above.test
            if isinstance(above, (ast.FunctionDef, ast.AsyncFunctionDef)):
                return

    def _bound_from(self, read: ast.expr) -> set[str]:
        statement = self._statement(read)
        if isinstance(statement, ast.Assign) and any(node is read for node in ast.walk(statement.value)):
            return {target.id for target in statement.targets if isinstance(target, ast.Name)}
        named = [one for one in self._above(read) if isinstance(one, ast.NamedExpr)]
        return {one.target.id for one in named}
