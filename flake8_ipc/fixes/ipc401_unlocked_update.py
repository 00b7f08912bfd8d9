"""IPC401 and IPC402: ``with v.get_lock():`` around an update that is one statement."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..finding import Finding
from ..model import Cell, Kind
from .fix import Fix, Refused
from .tree import Spot, Tree, bare, indented, leading, plain, within


def mend(tree: Tree, finding: Finding) -> Iterator[cst.Module]:
    """Holds the object's own lock for the whole statement."""
    cell = finding.about[0]
    if not isinstance(cell, Cell) or cell.lock is None:
        raise Refused("it has no lock of its own")
    if cell.lock.kind is not Kind.RLOCK:
        raise Refused("its lock is not recursive, and every access takes it once more")
    spot, target = _update(tree, finding)
    owner = target.value
    assert isinstance(owner, cst.BaseExpression)
    if not plain(owner):
        raise Refused("to write what is updated twice would evaluate a call twice")
    _reject_wider(tree, target)
    lock = cst.parse_expression(f"{tree.code(owner)}.get_lock()", config=tree.module.config_for_parsing)
    held = cst.With(
        [cst.WithItem(lock)], cst.IndentedBlock(indented([bare(spot.statement)])), leading_lines=leading(spot.statement)
    )
    yield spot.instead(held)


def _update(tree: Tree, finding: Finding) -> tuple[Spot, cst.Attribute | cst.Subscript]:
    """The statement that reads and writes, and what it writes."""
    for statement in tree.beginning(finding.place):
        if isinstance(statement, cst.AugAssign):
            target: cst.BaseExpression = statement.target
        elif isinstance(statement, cst.Assign):
            target = statement.targets[0].target
        else:
            continue
        if not isinstance(target, (cst.Attribute, cst.Subscript)):
            continue
        text = tree.code(target)
        reads = isinstance(statement, cst.AugAssign) or any(
            isinstance(one, type(target)) and tree.code(one) == text for one in within(statement.value)
        )
        if reads:
            return tree.spot(statement), target
    raise Refused("the read and the write are not one statement")


def _reject_wider(tree: Tree, target: cst.Attribute | cst.Subscript) -> None:
    """Refuses where a test above, in the same function, has read the value too."""
    text = tree.code(target)
    for one in tree.above(target):
        if isinstance(one, cst.FunctionDef):
            return
        if isinstance(one, (cst.If, cst.While)) and any(
            isinstance(part, type(target)) and tree.code(part) == text for part in within(one.test)
        ):
            raise Refused("a test above reads it too, and the lock must be held from there on")


FIX = Fix(("IPC401", "IPC402"), True, "holds the object's own lock around an update that is one statement", mend)
