"""IPC601: ``with`` around what stands between an acquire and the release in the same block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from ..finding import Finding
from .fix import Fix, Refused
from .tree import Statement, Tree, called, expression, indented, leading, singles


def mend(tree: Tree, finding: Finding) -> Iterator[cst.Module]:
    """Holds the lock by with, from the acquire to the release."""
    call = next((call for call in tree.at(finding.place, cst.Call) if isinstance(tree.parent(call), cst.Expr)), None)
    if call is None or call.args or not isinstance(call.func, cst.Attribute):
        raise Refused("only a plain acquire() in a statement of its own can become with")
    lock, spot = tree.code(call.func.value), tree.spot(call)
    after = [part for one in spot.after for part in (singles(one) if any(called(one, "release")) else [one])]
    end = next((number for number, one in enumerate(after) if _releases(tree, one, lock)), None)
    if end is None:
        raise Refused("no release() of it stands later in the same block")
    if end == 0:
        raise Refused("nothing is done while it is held")
    inner, release = after[:end], after[end]
    if any(tree.code(one.func) == f"{lock}.release" for statement in inner for one in called(statement, "release")):
        raise Refused("it is released on some of the ways before the last release, too")
    head = spot.statement
    assert isinstance(head, cst.SimpleStatementLine)
    body = cst.IndentedBlock(indented(inner), header=head.trailing_whitespace, footer=_comments(release))
    held = cst.With([cst.WithItem(call.func.value)], body, leading_lines=leading(head))
    yield spot.rebuilt([*spot.before, held, *after[end + 1 :]])


def _releases(tree: Tree, statement: Statement, lock: str) -> bool:
    only = expression(statement)
    return isinstance(only, cst.Call) and not only.args and tree.code(only.func) == f"{lock}.release"


def _comments(release: Statement) -> Sequence[cst.EmptyLine]:
    """The comments at a release, on lines of their own."""
    found = [one for one in leading(release) if one.comment is not None]
    if isinstance(release, cst.SimpleStatementLine) and release.trailing_whitespace.comment is not None:
        found.append(cst.EmptyLine(comment=release.trailing_whitespace.comment))
    return found


FIX = Fix(("IPC601",), False, "holds the lock by with, from the acquire to the release in the same block", mend)
