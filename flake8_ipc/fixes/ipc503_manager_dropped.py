"""IPC503: ``args=(Manager().list(),)`` becomes ``manager = Manager()`` and ``args=(manager.list(),)``."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..finding import Finding
from .fix import Fix, Refused
from .tree import Tree, leading

_LOOPS = (cst.For, cst.While)


def mend(tree: Tree, finding: Finding) -> Iterator[cst.Module]:
    """Binds the manager to a name before the statement, or before the loop, that it is made in."""
    call = next((one for one in tree.at(finding.place, cst.Call) if isinstance(tree.parent(one), cst.Attribute)), None)
    if call is None:
        raise Refused("the manager has a name already, which does not live long enough")
    outer: cst.CSTNode = call
    for one in tree.above(call):
        if isinstance(one, (cst.Lambda, cst.Parameters, cst.Decorator)):
            raise Refused("it is made in a lambda, a default or a decorator")
        if isinstance(one, (cst.FunctionDef, cst.ClassDef)):
            break
        outer = one if isinstance(one, _LOOPS) else outer
    name = tree.fresh("manager", call)
    spot = tree.spot(outer)
    making = cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(cst.Name(name))], call)])
    making = making.with_changes(leading_lines=leading(spot.statement))
    statement = spot.statement.with_changes(leading_lines=())
    used = statement.deep_replace(call, cst.Name(name))
    yield spot.instead(making, used)  # type: ignore[arg-type]


FIX = Fix(("IPC503",), False, "binds the manager to a name", mend)
