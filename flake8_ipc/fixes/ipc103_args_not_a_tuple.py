"""IPC103: ``args=(x)`` becomes ``args=(x,)``."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..finding import Finding
from .fix import Fix, Refused
from .tree import Tree, replaced


def mend(tree: Tree, finding: Finding) -> Iterator[cst.Module]:
    """Puts the value into a tuple; parentheses that are there already become those of the tuple."""
    found = [one.value if isinstance(one, cst.Arg) else one for one in tree.beginning(finding.place)]
    value = next((one for one in found if isinstance(one, cst.BaseExpression)), None)
    if value is None or (isinstance(value, cst.Name) and value.value == "None"):
        raise Refused("there is no value that a tuple could be made of")
    if value.lpar:
        inner = value.with_changes(lpar=value.lpar[1:], rpar=value.rpar[:-1])
        left, right = value.lpar[0], value.rpar[-1]
    else:
        inner, left, right = value, cst.LeftParen(), cst.RightParen()
    if isinstance(inner, (cst.NamedExpr, cst.GeneratorExp, cst.Yield)) and not inner.lpar:
        raise Refused("the value needs its own parentheses")
    yield replaced(tree.module, value, cst.Tuple([cst.Element(inner, cst.Comma())], lpar=[left], rpar=[right]))


FIX = Fix(("IPC103",), True, "makes a tuple of the single value: (x) becomes (x,)", mend, reveals=True)
