"""IPC101: the main guard around what starts processes at module level."""

from __future__ import annotations

import symtable
from collections.abc import Iterator, Sequence

import libcst as cst

from ..finding import Finding
from .fix import Fix, Refused
from .tree import Statement, Tree, bare, indented, leading, within

_HELD_BACK = (cst.FunctionDef, cst.ClassDef, cst.Import, cst.ImportFrom)


def mend(tree: Tree, finding: Finding) -> Iterator[cst.Module]:
    """Moves the start, all that follows it, and the makings just before it under the guard."""
    body = list(tree.module.body)
    first = _index(tree, finding, body)
    last = len(body)
    while last > first + 1 and _guard(body[last - 1]):
        last -= 1
    while first and _only_serves(body[first - 1], _used_by_functions(tree, body[first - 1 : last])):
        first -= 1
    moved = indented(body[first:last])
    for statement in moved:
        for one in within(statement):
            if isinstance(one, _HELD_BACK):
                raise Refused("a definition or import would move under the guard with it")
    shared = sorted(_bound(moved) & _used_by_functions(tree, body[first:last]))
    if shared:
        raise Refused(f"functions use {shared[0]}, which would move under the guard")
    above = list(leading(moved[0]))
    blank = next((number for number, line in enumerate(above) if line.comment is not None), len(above))
    test = cst.parse_expression('__name__ == "__main__"')
    guarded = [moved[0].with_changes(leading_lines=above[blank:]), *moved[1:]]
    yield tree.module.with_changes(
        body=[*body[:first], cst.If(test, cst.IndentedBlock(guarded), leading_lines=above[:blank]), *body[last:]]
    )


def _index(tree: Tree, finding: Finding, body: Sequence[Statement]) -> int:
    found = tree.beginning(finding.place)
    top = next((one for node in found for one in (node, *tree.above(node)) if one in body), None)
    if top is None:
        raise Refused("the statement is not found at module level")
    return next(number for number, statement in enumerate(body) if statement is top)


def _guard(statement: Statement) -> bool:
    return isinstance(statement, cst.If) and any(
        isinstance(one, cst.Name) and one.value == "__name__" for one in within(statement.test)
    )


def _only_serves(statement: Statement, used: frozenset[str]) -> bool:
    """Whether a statement only binds the results of calls to names that no function uses."""
    if not isinstance(statement, cst.SimpleStatementLine):
        return False
    for small in statement.body:
        if not isinstance(small, cst.Assign) or not any(isinstance(one, cst.Call) for one in within(small.value)):
            return False
    names = _bound([statement])
    return bool(names) and not names & used and not any(name.isupper() or name.startswith("__") for name in names)


def _bound(statements: Sequence[Statement]) -> frozenset[str]:
    """The names that statements at module level bind."""
    text = cst.Module([bare(statement) for statement in statements]).code
    table = symtable.symtable(text, "<moved>", "exec")
    return frozenset(symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned())


def _used_by_functions(tree: Tree, moved: Sequence[Statement]) -> frozenset[str]:
    """The module's names that functions and classes outside these statements use, or that it exports."""
    rest = [statement for statement in tree.module.body if not any(statement is one for one in moved)]
    waiting = [symtable.symtable(tree.module.with_changes(body=rest).code, "<kept>", "exec")]
    found = set()
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        if table.get_type() != "module":
            found |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return frozenset(found | _exported(rest))


def _exported(statements: Sequence[Statement]) -> set[str]:
    found: set[str] = set()
    for statement in statements:
        for one in within(statement):
            if isinstance(one, cst.AssignTarget) and isinstance(one.target, cst.Name) and one.target.value == "__all__":
                texts = (part for part in within(statement) if isinstance(part, cst.SimpleString))
                found |= {str(text.evaluated_value) for text in texts}
    return found


FIX = Fix(("IPC101",), True, 'moves the code that starts processes under `if __name__ == "__main__"`', mend)
