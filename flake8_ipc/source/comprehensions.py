"""Comprehensions: their loops, with what they collect."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from . import contents
from .branches import branch_on
from .iteration import iterate
from .lookup import assign, set_item
from .run import Run
from .values import Scope, Value


def comprehend(run: Run, node: cst.ListComp | cst.SetComp | cst.GeneratorExp | cst.DictComp) -> Value:
    """A comprehension: its loops, with what it collects."""
    kinds = {cst.DictComp: "dict", cst.SetComp: "set", cst.GeneratorExp: "generator"}
    kind = kinds.get(type(node), "list")
    coll = contents.make(run, kind, {}, None, None)
    outer = run.frame.scope
    scope = Scope("function", outer, outer.module)
    scope.captured = True
    scope.globals = outer.globals

    def element() -> None:
        if isinstance(node, cst.DictComp):
            set_item(run, coll, run.evaluate(node.key), run.evaluate(node.value))
        else:
            contents.add(run, coll, None, run.evaluate(node.elt), keyed=False)

    run.frame.scope = scope
    try:
        _comprehend_for(run, node.for_in, element)
    finally:
        run.frame.scope = outer
    return coll


def _comprehend_for(run: Run, clause: cst.CompFor, element: Callable[[], None]) -> None:
    apart, run.unpacking = run.unpacking, False
    iterable = run.evaluate(clause.iter)

    def one(item: Value) -> None:
        assign(run, clause.target, item)
        _filtered(run, list(clause.ifs), inner)

    def inner() -> None:
        if clause.inner_for_in is not None:
            _comprehend_for(run, clause.inner_for_in, element)
        else:
            element()

    iterate(run, iterable, one, clause, apart=apart)


def _filtered(run: Run, tests: list[cst.CompIf], inner: Callable[[], None]) -> None:
    if not tests:
        inner()
        return
    branch_on(run, tests[0].test, lambda: _filtered(run, tests[1:], inner), lambda: None)
