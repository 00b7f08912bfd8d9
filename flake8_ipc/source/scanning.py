"""Small questions about a piece of the tree, each answered once per node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import libcst as cst

# Types are compared, not asked about: libcst's nodes are ABCs, whose instance checks are slow.
_NESTED = frozenset({cst.FunctionDef, cst.ClassDef, cst.Lambda})
_BINDING = frozenset({cst.AssignTarget, cst.AugAssign, cst.AnnAssign, cst.NamedExpr, cst.For})
_SKIPPED = (cst.BaseParenthesizableWhitespace, cst.TrailingWhitespace, cst.EmptyLine, cst.SimpleWhitespace)
_FIELDS: dict[type[cst.CSTNode], tuple[str, ...]] = {}


def children(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes directly inside one, white space left out (libcst's own ``children`` makes a visitor a node)."""
    kind = type(node)
    fields = _FIELDS.get(kind)
    if fields is None:
        names = (name for name in kind.__dataclass_fields__ if "whitespace" not in name and name not in ("lpar", "rpar"))
        fields = _FIELDS[kind] = tuple(name for name in names if name not in ("leading_lines", "header", "footer"))
    for name in fields:
        value: Any = getattr(node, name)
        if type(value) in (tuple, list):
            yield from (item for item in value if _is_code(type(item)))
        elif _is_code(type(value)):
            yield value


_CODE: dict[type, bool] = {}


def _is_code(kind: type) -> bool:
    """Whether a field's value is a node other than white space (asked once a type: the nodes are ABCs, and slow)."""
    found = _CODE.get(kind)
    if found is None:
        found = _CODE[kind] = issubclass(kind, cst.CSTNode) and not issubclass(kind, _SKIPPED)
    return found


def own_nodes(root: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Every node inside one, functions and classes nested in it left out."""
    pending = list(children(root))
    while pending:
        node = pending.pop()
        yield node
        if type(node) not in _NESTED:
            pending.extend(children(node))


_YIELDS: dict[cst.CSTNode, bool] = {}
_ASSIGNED: dict[cst.CSTNode, frozenset[str]] = {}
_BEYOND: dict[cst.CSTNode, bool] = {}


def has_yield(node: cst.FunctionDef) -> bool:
    """Whether a function is a generator."""
    found = _YIELDS.get(node)
    if found is None:
        found = _YIELDS[node] = any(type(inner) is cst.Yield for inner in own_nodes(node.body))
    return found


def assigned(node: cst.CSTNode) -> frozenset[str]:
    """The names and attributes that a piece of the tree assigns anew."""
    found = _ASSIGNED.get(node)
    if found is None:
        names: set[str] = set()
        for inner in own_nodes(node):
            if type(inner) in _BINDING:
                names.update(_targets(inner.target))  # type: ignore[attr-defined]
            elif type(inner) is cst.AsName:
                names.update(_targets(inner.name))
        found = _ASSIGNED[node] = frozenset(names)
    return found


def binds_beyond(node: cst.CSTNode) -> bool:
    """Whether a function binds attributes or names that outlive its call."""
    found = _BEYOND.get(node)
    if found is None:
        found = _BEYOND[node] = any(map(_binds_beyond, own_nodes(node)))
    return found


def _binds_beyond(node: cst.CSTNode) -> bool:
    if type(node) in _BINDING:
        return type(node.target) is cst.Attribute  # type: ignore[attr-defined]
    return type(node) in (cst.Global, cst.Nonlocal)


def takes_from(body: cst.CSTNode, owner: cst.CSTNode) -> bool:
    """Whether a body pops from a collection."""
    for inner in own_nodes(body):
        if isinstance(inner, cst.Attribute) and inner.attr.value in ("pop", "popleft", "popitem"):
            if inner.value.deep_equals(owner):
                return True
    return False


def _targets(target: cst.CSTNode) -> Iterator[str]:
    if isinstance(target, cst.Name):
        yield target.value
    elif isinstance(target, cst.Attribute):
        yield target.attr.value
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _targets(element.value)


def forget() -> None:
    """Lets go of the trees of a file that was read."""
    _YIELDS.clear()
    _ASSIGNED.clear()
    _BEYOND.clear()
