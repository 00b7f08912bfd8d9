"""Statements -> flow."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from ..model import Kind, Raise
from . import contents
from .branches import branch_on, narrow
from .changes import note_change
from .conditions import condition
from .containers import call_container
from .joining import from_values, spread
from .lookup import assign, delete
from .operations import as_number, fold
from .proxies import call_proxy, change_copy, copy_of
from .reach import expose
from .run import Run, executes
from .values import UNKNOWN, Arguments, Coll, Const, Data, Items, Name, Ref, Value


# -- simple statements


@executes(cst.SimpleStatementLine)
def simple_line(run: Run, node: cst.SimpleStatementLine) -> None:
    for small in node.body:
        if run.vars is None:
            return
        _at_module_level(run, small)
        run.execute(small)


def _at_module_level(run: Run, node: cst.CSTNode) -> None:
    if run.frame.scope.kind == "module" and run.frame.scope.module.name == "__main__":
        run.imported = run.place(node)


@executes(cst.Expr)
def expression(run: Run, node: cst.Expr) -> None:
    _mark_unused(run, node.value)
    run.evaluate(node.value)


_MADE_OF_VALUES = frozenset(
    {cst.ListComp, cst.SetComp, cst.GeneratorExp, cst.BooleanOperation, cst.IfExp, cst.Await, cst.Tuple, cst.List}
)


def _mark_unused(run: Run, node: cst.BaseExpression) -> None:
    run.unused.add(id(node))
    if type(node) not in _MADE_OF_VALUES:
        return
    if isinstance(node, (cst.ListComp, cst.SetComp, cst.GeneratorExp)):
        _mark_unused(run, node.elt)
    elif type(node) is cst.BooleanOperation:
        _mark_unused(run, node.right)
    elif type(node) is cst.IfExp:
        _mark_unused(run, node.body)
        _mark_unused(run, node.orelse)
    elif type(node) is cst.Await:
        _mark_unused(run, node.expression)
    elif isinstance(node, (cst.Tuple, cst.List)):
        for element in node.elements:
            _mark_unused(run, element.value)


@executes(cst.Assign)
def assignment(run: Run, node: cst.Assign) -> None:
    if all(type(target.target) is cst.Name and target.target.value == "_" for target in node.targets):
        _mark_unused(run, node.value)
    # `a, b = (f(x) for x in ...)`: each element has a name of its own.
    run.unpacking = type(node.value) in _COMPREHENSIONS and isinstance(node.targets[0].target, (cst.Tuple, cst.List))
    value = run.evaluate(node.value)
    for target in node.targets:
        assign(run, target.target, value)


_COMPREHENSIONS = (cst.GeneratorExp, cst.ListComp)


@executes(cst.AnnAssign)
def annotated(run: Run, node: cst.AnnAssign) -> None:
    if node.value is not None:
        assign(run, node.target, run.evaluate(node.value))


@executes(cst.AugAssign)
def augmented(run: Run, node: cst.AugAssign) -> None:
    before = run.evaluate(node.target)
    added = run.evaluate(node.value)
    as_number(run, before, node.target, "+=")
    as_number(run, added, node.value, "arithmetic")
    if isinstance(before, Ref) and before.shared.kind is Kind.LIST and type(node.operator) is cst.AddAssign:
        call_proxy(run, before, "extend", Arguments([(added, node.value)]), node)
    if isinstance(before, Ref) and type(node.target) is not cst.Name:
        return
    if type(node.target) is cst.Name and isinstance(added, (Items, Coll)):
        change_copy(run, before, node, "+=")
    value: Value
    if isinstance(before, Const) and isinstance(added, Const):
        value = fold(_plain_sign(node.operator), before, added)
    elif isinstance(before, (Const, Data)):
        value = from_values([before, added], plain=True, keep=type(node.operator) is cst.AddAssign)
        if isinstance(value, Data) and value.plain and not (isinstance(before, Const) or before.plain):
            value = replace(value, plain=False)
    else:
        value = _extended(run, before, added, node)
    if isinstance(value, Data) and copy_of(before) is not None and type(node.target) is cst.Name:
        value = replace(value, copy=copy_of(before))
    if isinstance(before, Data) and before.mutable:
        note_change(run, before, node)
        value = before
    if isinstance(before, Ref):
        return
    assign(run, node.target, value)


_SIGNS: dict[type[cst.CSTNode], type[cst.CSTNode]] = {
    cst.AddAssign: cst.Add,
    cst.SubtractAssign: cst.Subtract,
    cst.MultiplyAssign: cst.Multiply,
}


def _plain_sign(sign: cst.CSTNode) -> cst.CSTNode:
    return _SIGNS.get(type(sign), cst.MatrixMultiply)()


def _extended(run: Run, before: Value, added: Value, node: cst.AugAssign) -> Value:
    if isinstance(before, Coll):
        grows = "update" if before.kind == "dict" else "extend"
        call_container(run, before, grows, Arguments([(added, node.value)]), node)
        return before
    if isinstance(before, Items):
        items, element, _ = contents.elements(run, added)
        if before.items is not None and items is not None:
            return Items((*before.items, *items))
        return Items(None, element)
    return from_values([before, added])


@executes(cst.Return)
def returned(run: Run, node: cst.Return) -> None:
    frame = run.frame
    if node.value is not None:
        run.unused.add(id(node.value))
        value = run.evaluate(node.value)
    else:
        value = Const(None)
    frame.returned.append(value)
    _keep_pools(value)
    if frame.exit is not None:
        run.jump(frame.exit)
    else:
        expose(run, value)
        run.vars = None


def _keep_pools(value: Value) -> None:
    """A pool that is given back is for the caller to end."""
    for option in spread(value):
        if isinstance(option, Ref) and option.shared.kind in (Kind.POOL, Kind.EXECUTOR):
            option.shared.kept = True


@executes(cst.Raise)
def raised(run: Run, node: cst.Raise) -> None:
    name: str | None = None
    if node.exc is not None:
        exc = node.exc.func if type(node.exc) is cst.Call else node.exc
        run.evaluate(node.exc)
        value = run.evaluate(exc) if isinstance(exc, (cst.Name, cst.Attribute)) else UNKNOWN
        name = value.dotted.rpartition(".")[2] if isinstance(value, Name) else last_name(exc)
    if run.vars is not None:
        run.out.append(Raise(name))
        run.fall()


def last_name(node: cst.BaseExpression) -> str | None:
    """The last part of a dotted name."""
    if type(node) is cst.Name:
        return node.value
    return node.attr.value if type(node) is cst.Attribute else None


@executes(cst.Break)
def broken(run: Run, node: cst.Break) -> None:
    if run.frame.turns:
        run.jump(run.frame.turns[-1].leave)


@executes(cst.Continue)
def continued(run: Run, node: cst.Continue) -> None:
    if run.frame.turns:
        turn = run.frame.turns[-1]
        run.jump(turn.next, again=turn.again)


@executes(cst.Del)
def deleted(run: Run, node: cst.Del) -> None:
    delete(run, node.target)


@executes(cst.Assert)
def asserted(run: Run, node: cst.Assert) -> None:
    found = condition(run, node.test)
    narrow(run, found.narrow, 1)


@executes(cst.Global)
def global_(run: Run, node: cst.Global) -> None:
    run.frame.scope.globals.update(item.name.value for item in node.names)


@executes(cst.Nonlocal)
def nonlocal_(run: Run, node: cst.Nonlocal) -> None:
    run.frame.scope.nonlocals.update(item.name.value for item in node.names)


# -- compound statements


@executes(cst.If)
def if_(run: Run, node: cst.If) -> None:
    _at_module_level(run, node)
    guard = _whole_guard(run, node)

    def other() -> None:
        if type(node.orelse) is cst.If:
            run.execute(node.orelse)
        elif type(node.orelse) is cst.Else:
            run.body(node.orelse.body)

    leaves = bool(run.frame.turns) and _leaves(node.body)
    branch_on(run, node.test, lambda: run.body(node.body), other, leaves=leaves)
    if guard:
        run.guarded = True


def _leaves(body: cst.BaseSuite) -> bool:
    """Whether a body ends by leaving a loop, or the function around it."""
    last = body.body[-1] if body.body else None
    small = last.body[-1] if type(last) is cst.SimpleStatementLine and last.body else last
    return isinstance(small, (cst.Break, cst.Return))


def _whole_guard(run: Run, node: cst.If) -> bool:
    """``if __name__ != "__main__": return``: what follows is under the guard."""
    if node.orelse is not None or type(node.test) is not cst.Comparison:
        return False
    last = node.body.body[-1] if node.body.body else None
    small = last.body[-1] if type(last) is cst.SimpleStatementLine and last.body else last
    ends = isinstance(small, (cst.Return, cst.Raise)) or (
        type(small) is cst.Expr
        and type(small.value) is cst.Call
        and last_name(small.value.func) in ("exit", "_exit", "quit")
    )
    sides = (node.test.left, node.test.comparisons[0].comparator)
    named = any(type(side) is cst.Name and side.value == "__name__" for side in sides)
    return ends and named and isinstance(node.test.comparisons[0].operator, (cst.NotEqual, cst.IsNot))
