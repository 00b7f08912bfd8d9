"""IPC301: the end of a pipe that the other side uses is closed, after the start or first thing in the child.

A child that only inherits it under fork is given it first, as its last argument.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..finding import Finding
from ..model import PipeEnd
from .fix import Fix, Refused
from .tree import Spot, Statement, Tree, bare, called, line, replaced, replaced_all, within


def mend(tree: Tree, finding: Finding) -> Iterator[cst.Module]:
    """Closes what was given away, what was given too much, or what a child inherits unseen."""
    parameter = next(iter(tree.at(finding.place, cst.Param)), None)
    if parameter is not None:
        yield _in_the_child(tree, parameter)
        return
    making = next(iter(tree.at(finding.place, cst.Call)), None)
    if making is None:
        raise Refused("the making of the process is not found")
    name = _given(tree, making, finding)
    starts = used = False
    for index, after, spot in _after_starts(tree, making):
        used = used or any(_names(tree, statement, name) for statement in after)
        if not any(_names(tree, statement, name) for statement in after[index:]):
            starts = True
            closing = bare(line(f"{name}.close()"))
            yield spot.rebuilt([*spot.before, spot.statement, *after[:index], closing, *after[index:]])
    inherited = _given_both(tree, making, finding)
    if inherited is not None:
        yield inherited
    elif used and not starts:
        raise Refused("only a function that nothing else uses can be given the other end, as its last argument")
    elif not starts:
        raise Refused(f"no start follows in the same block after which {name} is used no more")


def _in_the_child(tree: Tree, parameter: cst.Param) -> cst.Module:
    """Closes the parameter first thing in its function."""
    function = next((one for one in tree.above(parameter) if isinstance(one, (cst.FunctionDef, cst.Lambda))), None)
    if not isinstance(function, cst.FunctionDef) or function.name.value == "__init__":
        raise Refused("the child keeps it in an attribute; close it first thing in run()")
    return replaced(tree.module, function, _closing(tree, function, parameter.name.value))


def _closing(tree: Tree, function: cst.FunctionDef, name: str) -> cst.FunctionDef:
    """The function with this closed in its first statement, behind the docstring."""
    first = tree.spot(function.body.body[0])
    closing = line(f"{name}.close()")
    described = function.get_docstring() is not None
    body = [first.statement, bare(closing)] if described else [closing, first.statement]
    block = function.body if isinstance(function.body, cst.IndentedBlock) else cst.IndentedBlock([])
    return function.with_changes(body=block.with_changes(body=[*body, *first.after]))


def _given_both(tree: Tree, making: cst.Call, finding: Finding) -> cst.Module | None:
    """The module in which the child is given the other end too, and closes it; None where the text is another."""
    values = {arg.keyword.value: arg.value for arg in making.args if arg.keyword is not None}
    target, given, other = values.get("target"), values.get("args"), finding.about[-1]
    if not isinstance(target, cst.Name) or not isinstance(given, cst.Tuple) or not isinstance(other, PipeEnd):
        return None
    function = _only_for(tree, target)
    if function is None or not _fits(function.params, given) or not other.name.isidentifier():
        return None
    parameter = tree.fresh(other.name, function.body)
    taking = function.params.with_changes(params=[*function.params.params, cst.Param(cst.Name(parameter))])
    child = _closing(tree, function, parameter).with_changes(params=taking)
    handed = given.with_changes(elements=[*given.elements[:-1], *_both(given.elements[-1], other.name)])
    return replaced_all(tree.module, (given, handed), (function, child))


def _fits(parameters: cst.Parameters, given: cst.Tuple) -> bool:
    """Whether one more argument at the end is one more parameter at the end."""
    starred = any(isinstance(one, cst.StarredElement) for one in given.elements)
    more = isinstance(parameters.star_arg, cst.Param)
    return bool(given.elements) and not starred and not more and len(parameters.params) == len(given.elements)


def _both(last: cst.BaseElement, name: str) -> list[cst.BaseElement]:
    return [last.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))), cst.Element(cst.Name(name))]


def _only_for(tree: Tree, target: cst.Name) -> cst.FunctionDef | None:
    """The module's function of this name, if nothing else calls or names it."""
    named = [one for one in within(tree.module) if isinstance(one, cst.Name) and one.value == target.value]
    found = [one for one in tree.module.body if isinstance(one, cst.FunctionDef) and one.name.value == target.value]
    return found[0] if len(found) == 1 and len(named) == 2 else None


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


FIX = Fix(
    ("IPC301",), False, "closes the end after the start, or first thing in the child, which is given it if need be", mend
)
