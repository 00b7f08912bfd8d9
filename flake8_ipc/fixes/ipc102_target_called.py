"""IPC102: ``target=f()`` becomes ``target=f``."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..finding import Finding
from .fix import Fix, Refused
from .tree import Tree, replaced


def mend(tree: Tree, finding: Finding) -> Iterator[cst.Module]:
    """Hands over the function itself, where the call has no arguments that would get lost."""
    call = next(iter(tree.at(finding.place, cst.Call)), None)
    if call is None:
        raise Refused("the target is no call; which function is meant, the text does not tell")
    if call.args:
        raise Refused("the call has arguments, and where they belong is for you to say")
    function = call.func.with_changes(lpar=[*call.lpar, *call.func.lpar], rpar=[*call.func.rpar, *call.rpar])
    yield replaced(tree.module, call, function)


FIX = Fix(("IPC102",), True, "hands over the function itself, where it is called without arguments", mend, reveals=True)
