"""A module as fixes see it: nodes by their place, statements in their blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar, cast

import libcst as cst

from ..model import Place
from ..source.places import Locator

Statement: TypeAlias = cst.BaseCompoundStatement | cst.SimpleStatementLine
Block: TypeAlias = cst.Module | cst.IndentedBlock | cst.SimpleStatementSuite
Node = TypeVar("Node", bound=cst.CSTNode)

_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")
_BLOCKS = (cst.Module, cst.IndentedBlock, cst.SimpleStatementSuite)


class Tree:
    """One module, with the place and the parent of every node."""

    def __init__(self, module: cst.Module) -> None:
        self.module = module
        self._parents: dict[int, cst.CSTNode] = {}
        self._at: dict[tuple[int, int], list[cst.CSTNode]] = {}
        locator = Locator("", module)
        nodes = list(self._linked(module))
        places = [locator.place(node) for node in nodes]
        for node, place in zip(nodes, places, strict=True):
            self._at.setdefault((place.line, place.column), []).append(node)

    def _linked(self, top: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Every node but the white space, outer ones first; notes whose child each is."""
        waiting: list[cst.CSTNode] = [top]
        while waiting:
            node = waiting.pop()
            yield node
            children = [child for child in node.children if not isinstance(child, cst.BaseParenthesizableWhitespace)]
            for child in children:
                self._parents[id(child)] = node
            waiting += reversed(children)

    def beginning(self, place: Place) -> list[cst.CSTNode]:
        """The nodes that begin at a place, outer ones first."""
        return self._at.get((place.line, place.column), [])

    def at(self, place: Place, kind: type[Node]) -> list[Node]:
        """Those of a kind."""
        return [node for node in self.beginning(place) if isinstance(node, kind)]

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node that this one is a part of."""
        return self._parents.get(id(node))

    def above(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes that this one is a part of, the nearest first."""
        while (parent := self.parent(node)) is not None:
            yield parent
            node = parent

    def function(self, node: cst.CSTNode) -> cst.CSTNode:
        """The innermost function that a node stands in, or the module."""
        return next((one for one in self.above(node) if isinstance(one, cst.FunctionDef)), self.module)

    def code(self, node: cst.CSTNode) -> str:
        """The text of a node."""
        return self.module.code_for_node(node).strip()

    def fresh(self, name: str, node: cst.CSTNode) -> str:
        """A name that the function (or module) of a node does not use yet: this one, or with a number."""
        used = frozenset(_WORD.findall(self.code(self.function(node))))
        number, found = 1, name
        while found in used:
            number += 1
            found = f"{name}_{number}"
        return found

    def spot(self, node: cst.CSTNode) -> Spot:
        """Where the statement that a node stands in has its place; a simple statement gets a line of its own."""
        small: cst.BaseSmallStatement | None = None
        one: cst.CSTNode = node
        while (parent := self.parent(one)) is not None:
            if isinstance(one, cst.BaseSmallStatement) and small is None:
                small = one
            if isinstance(parent, _BLOCKS) and isinstance(one, (cst.BaseStatement, cst.BaseSmallStatement)):
                break
            one = parent
        assert isinstance(parent, _BLOCKS)
        statements = lines(parent)
        index = next(
            number
            for number, statement in enumerate(statements)
            if statement is one
            or (isinstance(statement, cst.SimpleStatementLine) and any(each is small for each in statement.body))
        )
        before, found, after = _apart(statements[index], small)
        return Spot(self, parent, [*statements[:index], *before], found, [*after, *statements[index + 1 :]])


@dataclass(frozen=True, slots=True)
class Spot:
    """A statement in its block, with those before and after it."""

    tree: Tree
    block: Block
    before: list[Statement]
    statement: Statement
    after: list[Statement]

    def rebuilt(self, statements: Sequence[Statement]) -> cst.Module:
        """The module in which the block consists of these statements."""
        if isinstance(self.block, cst.SimpleStatementSuite):
            return replaced(self.tree.module, self.block, cst.IndentedBlock(statements))
        block = self.block.with_changes(body=statements)
        return block if isinstance(block, cst.Module) else replaced(self.tree.module, self.block, block)

    def instead(self, *statements: Statement) -> cst.Module:
        """The module in which these statements stand instead of this one."""
        return self.rebuilt([*self.before, *statements, *self.after])


def replaced(module: cst.Module, old: cst.CSTNode, new: cst.CSTNode) -> cst.Module:
    """The module with another node in the place of one."""
    found = module.deep_replace(old, new)
    assert isinstance(found, cst.Module)
    return found


class _Replacer(cst.CSTTransformer):
    """Puts other nodes in the place of some."""

    def __init__(self, changes: Sequence[tuple[cst.CSTNode, cst.CSTNode]]) -> None:
        self._changes = {id(old): new for old, new in changes}

    def on_leave(self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT) -> cst.CSTNode:  # type: ignore[override]
        return self._changes.get(id(original_node), updated_node)


def replaced_all(module: cst.Module, *changes: tuple[cst.CSTNode, cst.CSTNode]) -> cst.Module:
    """The module with other nodes in the place of several, none of which is a part of another."""
    found = module.visit(_Replacer(changes))
    assert isinstance(found, cst.Module)
    return found


def lines(block: Block) -> list[Statement]:
    """The statements of a block; those of a suite on the line of its head come as one line."""
    if isinstance(block, cst.SimpleStatementSuite):
        return [cst.SimpleStatementLine(block.body, trailing_whitespace=block.trailing_whitespace)]
    # A block holds only these two kinds, which libcst's types do not say of IndentedBlock.
    return cast(list[Statement], list(block.body))


def _apart(
    statement: Statement, small: cst.BaseSmallStatement | None
) -> tuple[list[Statement], Statement, list[Statement]]:
    """A line of several simple statements as up to three: those before this one, it alone, those after it."""
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) < 2:
        return [], statement, []
    index = next(number for number, each in enumerate(statement.body) if each is small)
    groups = (statement.body[:index], statement.body[index : index + 1], statement.body[index + 1 :])
    before, mine, after = (_line_of(group) for group in groups)
    if before:
        before[0] = before[0].with_changes(leading_lines=statement.leading_lines)
    else:
        mine[0] = mine[0].with_changes(leading_lines=statement.leading_lines)
    last = after or mine
    last[0] = last[0].with_changes(trailing_whitespace=statement.trailing_whitespace)
    return before, mine[0], after


def singles(statement: Statement) -> list[Statement]:
    """The statements of one line, each on a line of its own."""
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) < 2:
        return [statement]
    found = [_line_of([small])[0] for small in statement.body]
    found[0] = found[0].with_changes(leading_lines=statement.leading_lines)
    found[-1] = found[-1].with_changes(trailing_whitespace=statement.trailing_whitespace)
    return found


def _line_of(group: Sequence[cst.BaseSmallStatement]) -> list[Statement]:
    if not group:
        return []
    return [cst.SimpleStatementLine([*group[:-1], group[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)])]


def expression(statement: Statement) -> cst.BaseExpression | None:
    """The expression that a statement consists of."""
    if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1:
        only = statement.body[0]
        return only.value if isinstance(only, cst.Expr) else None
    return None


def line(text: str) -> cst.SimpleStatementLine:
    """A simple statement on a line of its own."""
    statement = cst.parse_statement(text)
    assert isinstance(statement, cst.SimpleStatementLine)
    return statement


def leading(statement: Statement) -> Sequence[cst.EmptyLine]:
    """The empty lines and comments above a statement."""
    found: Sequence[cst.EmptyLine] = getattr(statement, "leading_lines", ())
    return found


class _Emptied(cst.CSTTransformer):
    """Takes the indentation from lines in which nothing else stands."""

    def leave_EmptyLine(self, original_node: cst.EmptyLine, updated_node: cst.EmptyLine) -> cst.EmptyLine:
        return updated_node if updated_node.comment is not None else updated_node.with_changes(indent=False)


def indented(statements: Sequence[Statement]) -> list[Statement]:
    """Statements as they stand in a deeper block; empty lines among them stay empty."""
    return [cast(Statement, statement.visit(_Emptied())) for statement in statements]


def bare(statement: Statement) -> Statement:
    """A statement without the lines above it."""
    return statement.with_changes(leading_lines=())


def within(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A node and all its parts, outer ones first."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += reversed(one.children)


def called(node: cst.CSTNode, *methods: str) -> Iterator[cst.Call]:
    """The calls of methods of these names in a node."""
    for one in within(node):
        if isinstance(one, cst.Call) and isinstance(one.func, cst.Attribute) and one.func.attr.value in methods:
            yield one


def plain(node: cst.BaseExpression) -> bool:
    """Whether an expression is nothing but names, attributes, indexes and constants, and can be written twice."""
    return not any(isinstance(one, (cst.Call, cst.Await, cst.Yield, cst.NamedExpr, cst.Lambda)) for one in within(node))
