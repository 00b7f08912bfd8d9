"""The texts behind the places of a run: names, places, and what stands around."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from ..model import Event, Flow, Place
from .places import Where
from .sources import FUNCTIONS, Source
from .surroundings import around

# Context managers whose body is expected to raise.
_EXPECT_FAILURE = frozenset({"assertRaises", "assertRaisesRegex", "raises"})
_TAKING = frozenset({"ACQUIRE", "RELEASE"})


class Texts:
    """Every text of one run, read once."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}
        self._places: dict[Where, Place] = {}

    def source(self, path: str) -> Source:
        """The text of a file."""
        if path not in self._sources:
            from .account import shown

            self._sources[path] = Source(path, shown(path))
        return self._sources[path]

    def all(self) -> list[Source]:
        """Every file that was looked at."""
        return list(self._sources.values())

    def node(self, where: Where) -> ast.expr | None:
        """The expression that an instruction stood for."""
        return self.source(where.path).at(where)

    def place(self, where: Where) -> Place:
        """Where the expression begins that an instruction stood for."""
        if where not in self._places:
            source = self.source(where.path)
            node = source.at(where)
            line = Place(source.shown, where.line, source.column(where.line, where.column))
            self._places[where] = source.place(node) if node is not None else line
        return self._places[where]

    def call(self, where: Where, verb: str = "") -> str:
        """The text of what was called: ``q.get``; ``with lock`` for what a statement takes and lets go."""
        source = self.source(where.path)
        node = source.at(where)
        if verb in _TAKING and not (isinstance(node, ast.Call) and source.text(node.func).endswith((".acquire", ".release"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)) or source.with_item(node):
                return f"with {source.text(node) if node is not None else 'it'}"
        if isinstance(node, ast.Call):
            # What ``iter(queue.get, None)`` calls is its first argument.
            asked = len(node.args) == 2 and isinstance(node.func, ast.Name) and node.func.id == "iter"
            return source.text(node.args[0] if asked else node.func)
        return source.text(node) if node is not None else "it"

    def used(self, where: Where) -> bool:
        """Whether the result of a call goes anywhere."""
        node = self.node(where)
        return node is not None and self.source(where.path).used(node)

    def above(self, chain: Sequence[Where], event: Event) -> tuple[Flow, ...]:
        """The loops and handlers around a deed and around the calls that led to it, outermost first."""
        found: list[Flow] = []
        inner: Flow = event
        for where in reversed(chain):
            node = self.source(where.path).around(where)
            if node is None:
                break
            for made in around(node, self.source(where.path).parents, inner):
                found.append(made)
                inner = made
        return tuple(reversed(found))

    def imported(self, chain: Sequence[Where]) -> Place | None:
        """The statement at module level that leads to a deed whenever its module is imported."""
        for where in reversed(chain):
            source, node = self.source(where.path), self.node(where)
            if node is None or any(isinstance(one, FUNCTIONS) for one in source.above(node)):
                continue
            statement = source.imported(node)
            return source.place(statement) if statement is not None else None
        return None

    def deliberate(self, where: Where) -> bool:
        """Whether a deed stands where a test expects an exception."""
        node, source = self.node(where), self.source(where.path)
        above = source.above(node) if node is not None else ()
        items = [item.context_expr for one in above if isinstance(one, (ast.With, ast.AsyncWith)) for item in one.items]
        called = [source.text(one.func) for one in items if isinstance(one, ast.Call)]
        return any(name.rpartition(".")[2] in _EXPECT_FAILURE for name in called)

    def through_global(self, where: Where) -> bool:
        """Whether what a deed is done to is reached, within a function, from a name that its module has bound."""
        node, source = self.node(where), self.source(where.path)
        if isinstance(node, ast.Call):
            node = node.func
        root = source.root(node) if node is not None else None
        return root is not None and source.is_global(root)

    def last_word(self, chain: Sequence[Where]) -> bool:
        """Whether the innermost ``__init__`` that leads to a deed is that of a final class, and has nothing left to do."""
        for where in reversed(chain):
            source, node = self.source(where.path), self.node(where)
            above = source.above(node) if node is not None else ()
            function = next((one for one in above if isinstance(one, FUNCTIONS)), None)
            if node is not None and isinstance(function, ast.FunctionDef) and function.name == "__init__":
                owner = source.parents.get(function)
                final = isinstance(owner, ast.ClassDef) and any(_final(one) for one in owner.decorator_list)
                return final and source.statement(node) is function.body[-1]
        return False


def _final(decorator: ast.expr) -> bool:
    return (decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")) == "final"
