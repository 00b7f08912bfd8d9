"""IPC501: what came out of a proxy is put back after it was changed."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..finding import Finding
from ..model import Kind
from .fix import Fix, Refused
from .tree import Spot, Statement, Tree, bare, leading, line, plain, within

_OUT = ("get", "setdefault")


def mend(tree: Tree, finding: Finding) -> Iterator[cst.Module]:
    """Puts the changed object back: under a new name where it has none, behind the change where it has one."""
    proxy = finding.about[0]
    changed = next(
        (one for one in _roots(tree, finding) if isinstance(one, (cst.Name, cst.Subscript, cst.Attribute, cst.Call))), None
    )
    if changed is None:
        raise Refused("what is changed is not found in the text")
    spot = tree.spot(changed)
    if isinstance(spot.statement, cst.BaseCompoundStatement):
        raise Refused("the change is a part of a larger statement")
    element = next((one for one in _chain(changed) if _comes_out(tree, one, proxy.name, proxy.kind)), None)
    if element is not None:
        yield _under_a_name(tree, spot, element)
        return
    *_, innermost = _chain(changed)
    source: cst.CSTNode | None = None
    if isinstance(innermost, cst.Name):
        source = _bound_before(tree, spot, innermost.value, proxy.name, proxy.kind)
    if source is None or not isinstance(innermost, cst.Name):
        raise Refused("where it came out of the proxy is not to be seen beside the change")
    yield spot.instead(spot.statement, line(f"{_home(tree, source)} = {innermost.value}"))


def _roots(tree: Tree, finding: Finding) -> Iterator[cst.CSTNode]:
    """The expressions that may be what is changed: those that begin where the finding stands, outer ones first."""
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


def _comes_out(tree: Tree, node: cst.CSTNode, proxy: str, kind: Kind) -> bool:
    """Whether an expression is the very object that comes out of the proxy."""
    if isinstance(node, cst.Call):
        func = node.func
        return (
            isinstance(func, cst.Attribute) and func.attr.value in _OUT and bool(node.args) and tree.code(func.value) == proxy
        )
    if kind is Kind.NAMESPACE:
        return isinstance(node, cst.Attribute) and tree.code(node.value) == proxy
    return isinstance(node, cst.Subscript) and tree.code(node.value) == proxy


def _home(tree: Tree, element: cst.CSTNode) -> str:
    """Where what came out has to be put back; refuses where to write it twice would evaluate something twice."""
    if isinstance(element, cst.Call):
        assert isinstance(element.func, cst.Attribute)
        key = element.args[0].value
        home = f"{tree.code(element.func.value)}[{tree.code(key)}]"
    else:
        key, home = element, tree.code(element)  # type: ignore[assignment]
    if not plain(key):
        raise Refused("its key is worked out by a call, which would be made twice")
    return home


def _under_a_name(tree: Tree, spot: Spot, element: cst.CSTNode) -> cst.Module:
    name = tree.fresh(element.attr.value if isinstance(element, cst.Attribute) else "entry")
    home = _home(tree, element)
    taken = line(f"{name} = {tree.code(element)}").with_changes(leading_lines=leading(spot.statement))
    changed = bare(spot.statement).deep_replace(element, cst.Name(name))
    return spot.instead(taken, changed, line(f"{home} = {name}"))  # type: ignore[arg-type]


def _bound_before(tree: Tree, spot: Spot, name: str, proxy: str, kind: Kind) -> cst.CSTNode | None:
    """What the nearest statement above, in this block or one around it, binds the name to, if it is of the proxy."""
    while True:
        for statement in reversed(spot.before):
            value = _binding(statement, name)
            if value is not None:
                return value if _comes_out(tree, value, proxy, kind) else None
            if _mentions_binding(statement, name):
                return None
        owner: cst.CSTNode | None = tree.parent(spot.block)
        if owner is None or isinstance(owner, (cst.FunctionDef, cst.ClassDef, cst.Module)):
            return None
        if isinstance(owner, cst.For) and _mentions_binding(owner, name, inside=False):
            return None
        spot = tree.spot(owner)


def _binding(statement: Statement, name: str) -> cst.BaseExpression | None:
    if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1:
        only = statement.body[0]
        if isinstance(only, cst.Assign) and len(only.targets) == 1:
            target = only.targets[0].target
            if isinstance(target, cst.Name) and target.value == name:
                return only.value
    return None


def _mentions_binding(statement: cst.CSTNode, name: str, inside: bool = True) -> bool:
    """Whether a statement may bind the name in another way."""
    parts = within(statement) if inside else within(statement.target)  # type: ignore[attr-defined]
    for one in parts:
        target = one.target if isinstance(one, (cst.AssignTarget, cst.For, cst.CompFor, cst.NamedExpr)) else None
        target = one if not inside else target
        if target is not None and any(isinstance(each, cst.Name) and each.value == name for each in within(target)):
            return True
    return False


FIX = Fix(("IPC501",), False, "puts what came out of a proxy back after the change", mend)
