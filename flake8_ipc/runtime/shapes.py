"""The ways by which the text has what was put: its name, other names for it, and the parts of it that can be changed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

from .sources import Source

# What makes a new collection of the same elements in the same order.
_REMAKERS = frozenset({"list", "tuple", "dict"})


class Shape(NamedTuple):
    """What a thing is as far as it can be changed: see ``watch.shapes``."""

    kind: str
    file: str | None
    cls: str | None
    parts: tuple[tuple[Any, Shape], ...]

    def part(self, key: object) -> Shape | None:
        """The shape of an element, or of an attribute of an own one."""
        return next((shape for name, shape in self.parts if name == key and type(name) is type(key)), None)

    @property
    def copied(self) -> Shape:
        """What is the same in a copy: the parts alone."""
        return self._replace(kind="fixed")


class Way(NamedTuple):
    """A name, or an attribute of one, by which the text has a thing."""

    text: str
    names: frozenset[str]
    shape: Shape


def read(told: Any) -> Shape:
    """A shape as it was told."""
    kind, file, cls, parts = told
    return Shape(kind, file, cls, tuple((key, read(one)) for key, one in parts))


def loaded(node: ast.expr) -> str:
    """What an expression of names and attributes is, whether it is looked at or bound."""
    if isinstance(node, ast.Name):
        return node.id
    return f"{loaded(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else f"<{id(node)}>"


def is_way(node: ast.AST | None) -> bool:
    """Whether an expression is made of a name and attributes alone."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def way(node: ast.expr, shape: Shape) -> Way:
    """The way that an expression of names and attributes is."""
    root, *attributes = loaded(node).split(".")
    return Way(loaded(node), frozenset((root, *(f".{one}" for one in attributes))), shape)


def bound(node: ast.AST) -> frozenset[str]:
    """The names and attributes that anything in a piece of text binds; one that is only added to stays what it was."""
    added = {one.target for one in ast.walk(node) if isinstance(one, ast.AugAssign)}
    found = set()
    for one in ast.walk(node):
        if isinstance(one, (ast.Name, ast.Attribute)) and not isinstance(one.ctx, ast.Load) and one not in added:
            found.add(one.id if isinstance(one, ast.Name) else f".{one.attr}")
    return frozenset(found)


def ways(source: Source, given: ast.expr | None, shape: Shape) -> Iterator[Way]:
    """The ways that an expression shows to the thing that it stands for, or to parts of that."""
    if given is None:
        return
    if is_way(given):
        yield way(given, shape)
        return
    for key, one in _written_out(given):
        part = shape.part(key)
        if part is not None:
            yield from ways(source, one, part)
    copied = _copied(given)
    if copied is not None and is_way(copied):
        yield way(copied, shape.copied)


def _written_out(given: ast.expr) -> Iterator[tuple[object, ast.expr]]:
    if isinstance(given, (ast.Tuple, ast.List)) and not any(isinstance(one, ast.Starred) for one in given.elts):
        yield from enumerate(given.elts)
    if isinstance(given, ast.Dict):
        yield from ((key.value, one) for key, one in zip(given.keys, given.values) if isinstance(key, ast.Constant))


def _copied(given: ast.expr) -> ast.expr | None:
    """What an expression makes a shallow copy of."""
    if isinstance(given, ast.Call) and isinstance(given.func, ast.Name) and given.func.id in _REMAKERS:
        return given.args[0] if len(given.args) == 1 and not given.keywords else None
    if isinstance(given, ast.Call) and isinstance(given.func, ast.Attribute) and given.func.attr == "copy":
        return given.func.value if not given.args and not given.keywords else None
    return None


def renamed(known: Way, given: ast.expr | None) -> Way | None:
    """The way of a caller to what a parameter of the called function leads to."""
    if given is None or not is_way(given):
        return None
    attributes = known.text.split(".")[1:]
    made = way(given, known.shape)
    return Way(".".join((made.text, *attributes)), made.names | {f".{one}" for one in attributes}, known.shape)
