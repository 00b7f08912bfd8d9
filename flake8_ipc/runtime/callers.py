"""By which calls a place of the text was come to, and whether that can have happened by these alone."""

from __future__ import annotations

import ast

from .following import LOOPS, Function, landed
from .shapes import Way, bound, renamed
from .sources import FUNCTIONS, Source

_DEEP = 5
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def function_of(source: Source, node: ast.AST) -> Function | None:
    """The innermost function that a node stands in; None where that is none with a name."""
    found = next((one for one in source.above(node) if isinstance(one, FUNCTIONS)), None)
    return found if isinstance(found, (ast.FunctionDef, ast.AsyncFunctionDef)) else None


def at_caller(source: Source, function: Function, call: ast.expr | None, ways: list[Way]) -> list[Way]:
    """The ways to the same things where a function was called, as far as its parameters lead to them."""
    if not isinstance(call, ast.Call) or isinstance(function, ast.AsyncFunctionDef) or function.decorator_list:
        return []
    method = isinstance(source.parents.get(function), ast.ClassDef)
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name != function.name or method is not isinstance(call.func, ast.Attribute):
        return []
    lost, found = bound(function), []
    for known in ways:
        root = known.text.partition(".")[0]
        given = landed(function, call, root, method=method)
        made = renamed(known, given) if root not in lost else None
        found += [made] if made is not None else []
    return found


def references(source: Source, function: Function) -> list[ast.expr]:
    """Where the text speaks of a function or method by its name."""
    method = isinstance(source.parents.get(function), ast.ClassDef)
    found: list[ast.expr] = []
    for node in source.parents:
        if isinstance(node, ast.Attribute) and node.attr == function.name:
            found.append(node)
        if isinstance(node, ast.Name) and node.id == function.name and not method:
            found.append(node)
    return found


def once(source: Source, node: ast.AST, deep: int = _DEEP) -> bool:
    """Whether a process comes to a place of the text but once."""
    for one in source.above(node):
        if isinstance(one, (*LOOPS, *_COMPREHENSIONS, ast.Lambda)):
            return False
        if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)):
            named = references(source, one)
            if len(named) != 1 or not deep:
                return False
            above = source.parents[named[0]]
            if isinstance(above, ast.keyword) and above.arg == "target":
                return True
            return isinstance(above, ast.Call) and above.func is named[0] and once(source, above, deep - 1)
    return True


def steady(source: Source, known: Way) -> bool:
    """Whether the attributes of a way are only ever set where their objects are made."""
    attributes = {one[1:] for one in known.names if one.startswith(".")}
    for node in source.parents:
        if isinstance(node, ast.Attribute) and node.attr in attributes and not isinstance(node.ctx, ast.Load):
            function = function_of(source, node)
            added = isinstance(source.parents.get(node), ast.AugAssign)
            if not added and (function is None or function.name not in ("__init__", "__post_init__")):
                return False
    return True
