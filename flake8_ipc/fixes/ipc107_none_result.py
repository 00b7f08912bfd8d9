"""IPC107: ``p = Process(...).start()`` becomes ``p = Process(...)`` and ``p.start()``."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..finding import Finding
from .fix import Fix, Refused
from .tree import Tree, bare, line, plain


def mend(tree: Tree, finding: Finding) -> Iterator[cst.Module]:
    """Binds the process first and starts it in a statement of its own."""
    for call in tree.at(finding.place, cst.Call):
        if not isinstance(call.func, cst.Attribute) or call.func.attr.value != "start" or call.args:
            continue
        made, bound = call.func.value, tree.parent(call)
        name = _name(bound) if isinstance(bound, (cst.Assign, cst.AnnAssign)) else None
        if isinstance(made, cst.Call) and name is not None and plain(name):
            made = made.with_changes(lpar=[*call.lpar, *made.lpar], rpar=[*made.rpar, *call.rpar])
            spot = tree.spot(call)
            statement = spot.statement.deep_replace(call, made)
            yield spot.instead(statement, bare(line(f"{tree.code(name)}.start()")))  # type: ignore[arg-type]
            return
    raise Refused("only name = Process(...).start() can be taken apart")


def _name(bound: cst.Assign | cst.AnnAssign) -> cst.BaseExpression | None:
    """The only thing that a statement binds: a name or an attribute."""
    if isinstance(bound, cst.Assign) and len(bound.targets) != 1:
        return None
    target = bound.targets[0].target if isinstance(bound, cst.Assign) else bound.target
    return target if isinstance(target, (cst.Name, cst.Attribute)) else None


FIX = Fix(("IPC107",), True, "binds the process first, and starts it in a statement of its own", mend, reveals=True)
