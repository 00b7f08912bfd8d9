"""IPC301: the end of a pipe that the other side uses is closed, after the start or first thing in the child."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..finding import Finding
from ..model import PipeEnd
from .fix import Fix, Refused
from .tree import Spot, Statement, Tree, bare, called, line, within


def mend(tree: Tree, finding: Finding) -> Iterator[cst.Module]:
    """Closes what was given away, or what was given too much."""
    parameter = next(iter(tree.at(finding.place, cst.Param)), None)
    if parameter is not None:
        yield _in_the_child(tree, parameter)
        return
    making = next(iter(tree.at(finding.place, cst.Call)), None)
    if making is None:
        raise Refused("the making of the process is not found")
    name = _given(tree, making, finding)
    starts = False
    for index, after, spot in _after_starts(tree, making):
        if not any(_names(tree, statement, name) for statement in after[index:]):
            starts = True
            closing = bare(line(f"{name}.close()"))
            yield spot.rebuilt([*spot.before, spot.statement, *after[:index], closing, *after[index:]])
    if not starts:
        raise Refused(f"no start follows in the same block after which {name} is used no more")


def _in_the_child(tree: Tree, parameter: cst.Param) -> cst.Module:
    """Closes the parameter in the first statement of its function, behind the docstring."""
    function = next((one for one in tree.above(parameter) if isinstance(one, (cst.FunctionDef, cst.Lambda))), None)
    if not isinstance(function, cst.FunctionDef) or function.name.value == "__init__":
        raise Refused("the child keeps it in an attribute; close it first thing in run()")
    first = tree.spot(function.body.body[0])
    closing = line(f"{parameter.name.value}.close()")
    if function.get_docstring() is not None:
        return first.instead(first.statement, bare(closing))
    return first.instead(closing, first.statement)


def _given(tree: Tree, making: cst.Call, finding: Finding) -> str:
    """How the call that makes the process names the end."""
    for one in within(making):
        if isinstance(one, (cst.Name, cst.Attribute, cst.Subscript)):
            for end in finding.about[:1]:
                if isinstance(end, PipeEnd) and tree.code(one) == end.name:
                    return end.name
    raise Refused("the call that makes the process does not name the end")


def _after_starts(tree: Tree, making: cst.Call) -> Iterator[tuple[int, list[Statement], Spot]]:
    """After which of the statements behind the making, in its block, the process is started."""
    spot = tree.spot(making)
    if any(called(spot.statement, "start")):
        yield 0, spot.after, spot
    for index, statement in enumerate(spot.after, 1):
        if any(called(statement, "start")):
            yield index, spot.after, spot


def _names(tree: Tree, statement: Statement, name: str) -> bool:
    kinds = (cst.Name, cst.Attribute, cst.Subscript)
    return any(isinstance(one, kinds) and tree.code(one) == name for one in within(statement))


FIX = Fix(("IPC301",), False, "closes the end after the start, or first thing in the child", mend)
