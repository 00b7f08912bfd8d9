"""IPC202 and IPC306: the join moves after the gets of the same block; what is got in a return is kept until then."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..finding import Finding
from .fix import Fix, Refused
from .tree import Statement, Tree, bare, called, line, within

_TAKES = ("get", "recv", "recv_bytes", "recv_bytes_into", "get_nowait")


def mend(tree: Tree, finding: Finding) -> Iterator[cst.Module]:
    """Moves the join, with the joins that follow it, behind the first statement that takes, then behind the next."""
    spot = tree.spot(_join(tree, finding))
    while (loop := tree.parent(spot.block)) is not None and isinstance(loop, cst.For) and _only_joins(loop):
        spot = tree.spot(loop)
    moved, after = [spot.statement], list(spot.after)
    while after and _only_joins(after[0]):
        moved.append(after.pop(0))
    names = frozenset(name for statement in moved for name in _joined(statement))
    offered = False
    for index, statement in enumerate(after):
        back = _returned(statement)
        if back is not None and any(called(back, *_TAKES)) and not _reads(statement, names):
            offered = True
            kept, after_joins = _kept(statement, back, tree.fresh("taken", statement))
            yield spot.rebuilt([*spot.before, *after[:index], kept, *moved, after_joins])
        if any(isinstance(one, (cst.Return, cst.Break, cst.Continue, cst.Raise)) for one in within(statement)):
            break
        if _reads(statement, names):
            break
        if any(called(statement, *_TAKES)):
            offered = True
            yield spot.rebuilt([*spot.before, *after[: index + 1], *moved, *after[index + 1 :]])
    if not offered:
        raise Refused("nothing is taken after the join in the same block, before what was joined is used")


def _join(tree: Tree, finding: Finding) -> cst.Call:
    for call in tree.at(finding.place, cst.Call):
        if isinstance(tree.parent(call), cst.Expr):
            return call
    raise Refused("the join is no statement of its own")


def _returned(statement: Statement) -> cst.Return | None:
    """The return that a statement consists of."""
    if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1:
        only = statement.body[0]
        return only if isinstance(only, cst.Return) and only.value is not None else None
    return None


def _kept(statement: Statement, back: cst.Return, name: str) -> tuple[Statement, Statement]:
    """A return in two steps: what it returns is bound to a name, and the name is returned."""
    assert back.value is not None
    bound = statement.with_changes(body=[cst.Assign([cst.AssignTarget(cst.Name(name))], back.value)])
    return bound, bare(line(f"return {name}"))


def _only_joins(statement: cst.CSTNode) -> bool:
    """Whether a statement joins, and does nothing else; a loop over several that does so, too."""
    if isinstance(statement, cst.For):
        body = statement.body.body
        return statement.orelse is None and all(
            _only_joins(one) if isinstance(one, cst.BaseStatement) else _joins(one) for one in body
        )
    return isinstance(statement, cst.SimpleStatementLine) and all(_joins(one) for one in statement.body)


def _joins(small: cst.CSTNode) -> bool:
    return (
        isinstance(small, cst.Expr)
        and isinstance(small.value, cst.Call)
        and isinstance(small.value.func, cst.Attribute)
        and small.value.func.attr.value == "join"
    )


def _joined(statement: Statement) -> Iterator[str]:
    """The names of what is joined, where it is not a loop's own variable."""
    loops = {one.target.value for one in within(statement) if isinstance(one, cst.For) and isinstance(one.target, cst.Name)}
    for call in called(statement, "join"):
        assert isinstance(call.func, cst.Attribute)
        for one in within(call.func.value):
            if isinstance(one, cst.Name) and one.value not in loops | {"self"}:
                yield one.value


def _reads(statement: Statement, names: frozenset[str]) -> bool:
    """Whether a statement uses one of the things that are joined."""
    return any(isinstance(one, cst.Name) and one.value in names for one in within(statement))


FIX = Fix(("IPC202", "IPC306"), False, "moves the join after what is taken in the same block", mend)
