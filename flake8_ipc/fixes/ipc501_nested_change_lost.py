"""IPC501: what came out of a proxy is put back after it was changed."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..finding import Finding
from .fix import Fix, Refused
from .tree import Spot, Statement, Tree, bare, leading, line, plain, within

# How something comes out of a proxy by a call; its first argument is the key to put it back under.
_OUT = ("get", "setdefault")


def mend(tree: Tree, finding: Finding) -> Iterator[cst.Module]:
    """Puts the changed object back: under a new name where it has none, behind the change where it has one.

    Which part of what is changed is the proxy, the text alone does not tell: each is offered, the innermost first.
    """
    changed = next(_changed(tree, finding), None)
    if changed is None:
        raise Refused("what is changed is not found in the text")
    spot = tree.spot(changed)
    if isinstance(spot.statement, cst.BaseCompoundStatement):
        raise Refused("the change is a part of a larger statement")
    innermost, *taken = reversed(list(_chain(changed)))
    offered = False
    if isinstance(innermost, cst.Name) and (source := _bound_before(tree, spot, innermost.value)) is not None:
        offered = True
        yield _put_back(tree, spot, innermost.value, source)
    for element in taken:
        if element is not changed and _home(tree, element) is not None:
            offered = True
            yield _under_a_name(tree, spot, element)
    if not offered:
        raise Refused("where it has to be put back is not to be seen beside the change")


def _changed(tree: Tree, finding: Finding) -> Iterator[cst.CSTNode]:
    """What is changed: the outermost expression that begins where the finding stands."""
    for node in tree.beginning(finding.place):
        if isinstance(node, cst.Del):
            yield node.target
        elif isinstance(node, cst.BaseExpression):
            yield node


def _chain(first: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """An expression and what it is taken from, step by step."""
    node: cst.CSTNode = first
    while True:
        yield node
        if isinstance(node, cst.Call):
            node = node.func
        elif isinstance(node, (cst.Attribute, cst.Subscript)):
            node = node.value
        else:
            return


def _home(tree: Tree, element: cst.CSTNode) -> str | None:
    """Where something that was taken out has to be put back, if that can be written without calling anything twice."""
    if isinstance(element, (cst.Subscript, cst.Attribute)):
        parent = tree.parent(element)
        method = isinstance(parent, cst.Call) and parent.func is element
        return tree.code(element) if plain(element) and not method else None
    if isinstance(element, cst.Call) and isinstance(element.func, cst.Attribute) and element.func.attr.value in _OUT:
        owner, key = element.func.value, next(iter(element.args), None)
        if key is not None and plain(owner) and plain(key.value):
            return f"{tree.code(owner)}[{tree.code(key.value)}]"
    return None


def _under_a_name(tree: Tree, spot: Spot, element: cst.CSTNode) -> cst.Module:
    name = tree.fresh(element.attr.value if isinstance(element, cst.Attribute) else "entry", element)
    taken = line(f"{name} = {tree.code(element)}").with_changes(leading_lines=leading(spot.statement))
    changed = bare(spot.statement).deep_replace(element, cst.Name(name))
    return spot.instead(taken, changed, line(f"{_home(tree, element)} = {name}"))  # type: ignore[arg-type]


def _put_back(tree: Tree, spot: Spot, name: str, source: cst.CSTNode) -> cst.Module:
    """Puts it back behind the last of the statements in a row that have to do with it."""
    run = 0
    while run < len(spot.after) and _mentions(spot.after[run], name) and not _binds(spot.after[run], name):
        run += 1
    back = line(f"{_home(tree, source)} = {name}")
    return spot.rebuilt([*spot.before, spot.statement, *spot.after[:run], back, *spot.after[run:]])


def _bound_before(tree: Tree, spot: Spot, name: str) -> cst.CSTNode | None:
    """What the nearest statement above, in this block or one around it, binds the name to, if it can be put back."""
    while True:
        for statement in reversed(spot.before):
            value = _binding(statement, name)
            if value is not None:
                return value if _home(tree, value) is not None else None
            if _binds(statement, name):
                return None
        owner = tree.parent(spot.block)
        if owner is None or isinstance(owner, (cst.FunctionDef, cst.ClassDef)):
            return None
        if isinstance(owner, cst.For) and _mentions(owner.target, name):
            return None
        spot = tree.spot(owner)


def _binding(statement: Statement, name: str) -> cst.BaseExpression | None:
    if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1:
        only = statement.body[0]
        if isinstance(only, cst.Assign) and len(only.targets) == 1 and _mentions(only.targets[0], name):
            return only.value if isinstance(only.targets[0].target, cst.Name) else None
    return None


def _binds(statement: Statement, name: str) -> bool:
    """Whether a statement may bind the name itself."""
    kinds = (cst.AssignTarget, cst.AugAssign, cst.AnnAssign, cst.For, cst.CompFor, cst.NamedExpr)
    targets = (one.target for one in within(statement) if isinstance(one, kinds))
    return any(isinstance(target, cst.Name) and target.value == name for target in targets)


def _mentions(node: cst.CSTNode, name: str) -> bool:
    return any(isinstance(one, cst.Name) and one.value == name for one in within(node))


FIX = Fix(("IPC501",), False, "puts what came out of a proxy back after the change", mend)
