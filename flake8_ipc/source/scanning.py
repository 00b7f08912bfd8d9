"""Small questions about a piece of the tree, each answered once per node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import libcst as cst

# Types are compared, not asked about: libcst's nodes are ABCs, whose instance checks are slow.
_NESTED = frozenset({cst.FunctionDef, cst.ClassDef, cst.Lambda})
_BINDING = frozenset({cst.AssignTarget, cst.AugAssign, cst.AnnAssign, cst.NamedExpr, cst.For})
_STEPS = frozenset({cst.AddAssign, cst.SubtractAssign})
_LEAVES = frozenset({cst.Name, cst.Integer, cst.Float, cst.Imaginary, cst.SimpleString, cst.Ellipsis})
# Fields that hold punctuation, white space or annotations: no code that runs.
_SKIPPED = frozenset(
    """lpar rpar lbracket rbracket lbrace rbrace comma semicolon equal dot colon operator asynchronous annotation returns
    leading_lines lines_after_decorators header footer indent star posonly_ind relative type_parameters""".split()
)
_NO_NODES = frozenset({str, bool, cst.MaybeSentinel, type(None)})
_FIELDS: dict[type[cst.CSTNode], tuple[str, ...]] = {}


def _fields_of(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    """The fields of a node that may hold code (libcst's own ``children`` makes a visitor a node)."""
    names = () if kind in _LEAVES else (field.name for field in fields(kind))
    found = _FIELDS[kind] = tuple(name for name in names if "whitespace" not in name and name not in _SKIPPED)
    return found


def own_nodes(root: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Every node of code inside one, functions and classes nested in it left out."""
    pending = [root]
    while pending:
        node = pending.pop()
        kind = type(node)
        if node is not root:
            yield node
            if kind in _NESTED:
                continue
        for name in _FIELDS.get(kind) or _fields_of(kind):
            value: Any = getattr(node, name)
            if type(value) is tuple or type(value) is list:
                pending += value
            elif type(value) not in _NO_NODES:
                pending.append(value)


_YIELDS: dict[cst.CSTNode, bool] = {}
_ASSIGNED: dict[cst.CSTNode, frozenset[str]] = {}
_COUNTED: dict[cst.CSTNode, frozenset[str]] = {}
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


def counted_on(node: cst.CSTNode) -> frozenset[str]:
    """The names that a piece of the tree counts on by a number."""
    found = _COUNTED.get(node)
    if found is None:
        sums = (inner for inner in own_nodes(node) if type(inner) is cst.AugAssign)
        steps = (one for one in sums if type(one.operator) in _STEPS and type(one.value) is cst.Integer)
        found = _COUNTED[node] = frozenset(one.target.value for one in steps if type(one.target) is cst.Name)
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
        if type(inner) is cst.Attribute and inner.attr.value in ("pop", "popleft", "popitem"):
            if inner.value.deep_equals(owner):
                return True
    return False


def _targets(target: cst.CSTNode) -> Iterator[str]:
    if type(target) is cst.Name:
        yield target.value
    elif type(target) is cst.Attribute:
        yield target.attr.value
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _targets(element.value)


def ends_with(node: cst.FunctionDef, call: cst.CSTNode) -> bool:
    """Whether a call is the last statement of a function."""
    last = node.body.body[-1] if node.body.body else None
    small = last.body[-1] if type(last) is cst.SimpleStatementLine else last
    return type(small) is cst.Expr and small.value is call


def forget() -> None:
    """Lets go of the trees of a file that was read."""
    _YIELDS.clear()
    _ASSIGNED.clear()
    _COUNTED.clear()
    _BEYOND.clear()
