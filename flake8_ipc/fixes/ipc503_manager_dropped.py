"""IPC503: ``args=(Manager().list(),)`` becomes ``manager = Manager()``, ``shared = manager.list()`` and ``args=(shared,)``.

The proxy needs a name as much as the manager: when the last proxy goes, the server drops the object, and a child that
only now begins to use it gets a RemoteError (CPython Lib/multiprocessing/managers.py, ``Server.decref``).
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..finding import Finding
from .fix import Fix, Refused
from .tree import Tree, bare, leading

_TURNS = (cst.For, cst.While, cst.CompFor, cst.BaseComp)
_ELSEWHERE = (cst.Lambda, cst.Parameters, cst.Decorator)


def mend(tree: Tree, finding: Finding) -> Iterator[cst.Module]:
    """Binds the manager and what it serves to names, before the statement that they are made in."""
    for call in tree.at(finding.place, cst.Call):
        asked = tree.parent(call)
        served = tree.parent(asked) if isinstance(asked, cst.Attribute) else None
        if isinstance(served, cst.Call) and served.func is asked:
            break
    else:
        raise Refused("the manager has a name already, which does not live long enough")
    for one in tree.above(call):
        if isinstance(one, (cst.FunctionDef, cst.ClassDef)):
            break
        if isinstance(one, _TURNS):
            raise Refused("each turn of the loop makes another one; keep them in a list")
        if isinstance(one, _ELSEWHERE):
            raise Refused("it is made in a lambda, a default or a decorator")
    spot = tree.spot(call)
    manager, shared = tree.fresh("manager", call), tree.fresh("shared", call)
    first = _assigned(manager, call).with_changes(leading_lines=leading(spot.statement))
    second = _assigned(shared, served.deep_replace(call, cst.Name(manager)))
    used = bare(spot.statement).deep_replace(served, cst.Name(shared))
    yield spot.instead(first, second, used)  # type: ignore[arg-type]


def _assigned(name: str, value: cst.CSTNode) -> cst.SimpleStatementLine:
    assert isinstance(value, cst.BaseExpression)
    return cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(cst.Name(name))], value)])


FIX = Fix(("IPC503",), False, "binds the manager, and what it serves, to names", mend)
