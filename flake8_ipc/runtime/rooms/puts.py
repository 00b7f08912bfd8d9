"""What was put on a queue and is changed after that: the feeder thread may not have pickled it yet.

What the text has right behind the put in the same block, with nothing between that could wait, is done next; what stands
before it in the same turn of a loop, whose put comes again, is done again to the same object.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...model import Event, Kind, Verb
from ..sources import FUNCTIONS, Source, argument
from . import Line, amends
from .copies import blocks_of, change_of

if TYPE_CHECKING:
    from ..account import Account

_FED = frozenset({Kind.QUEUE, Kind.JOINABLE_QUEUE})
_PLAIN = (ast.Expr, ast.Assign, ast.AugAssign, ast.Delete)
_LOOPS = (ast.For, ast.While)
# What these do to a list, set, dict or bytearray they do in place; to an object of another class, nobody knows.
_IN_PLACE = (ast.Add, ast.BitOr, ast.Mult)
# What may leave a part of a statement undone.
_PERHAPS = (ast.Lambda, ast.IfExp, ast.BoolOp)


@amends
def _put(account: Account, line: Line, event: Event) -> Event | None:
    if event.verb is Verb.PUT and event.target.kind in _FED and not event.target.managed:
        source = account.texts.source(line.where.path)
        call = source.at(line.where)
        for given in _given(call, line):
            for change in _changed_next(source, call, given):
                account.changes.setdefault(event, []).append(_made(account, line, event, source, change))
            for change in _changed_again(source, call, given):
                account.before.setdefault(event, []).append(_made(account, line, event, source, change))
    return event


def _made(account: Account, line: Line, event: Event, source: Source, change: ast.expr) -> Event:
    place = account.placed(line.role, source.place(change))
    made = Event(Verb.MUTATE, event.target, place, source.text(change), after=(event.place,))
    made.clock, made.setting = event.clock, event.setting
    return made


def _given(call: ast.expr | None, line: Line) -> Iterator[ast.expr]:
    """The expressions whose objects can be changed: what was put itself, or parts of a tuple that is written out."""
    given = argument(call, "obj", 0)
    if line.facts.get("mutable") and isinstance(given, (ast.Name, ast.Attribute)):
        yield given
    if isinstance(given, ast.Tuple) and not any(isinstance(one, ast.Starred) for one in given.elts):
        parts = [given.elts[number] for number in line.facts.get("parts", ()) if number < len(given.elts)]
        yield from (one for one in parts if isinstance(one, (ast.Name, ast.Attribute)))


def _changed_next(source: Source, call: ast.expr | None, given: ast.expr) -> Iterator[ast.expr]:
    """The changes in the statements behind the put, up to one that does anything else: nobody can have taken it till then."""
    block, at = _block(source, call)
    for number, one in enumerate(block[at + 1 :]):
        if not isinstance(one, _PLAIN) or _binds(one, given):
            return
        changes = list(_changes(source, one, given))
        more = any(isinstance(node, ast.Call) and node not in changes for node in ast.walk(one))
        if not more or number == 0:
            yield from changes
        if more:
            return


def _changed_again(source: Source, call: ast.expr | None, given: ast.expr) -> Iterator[ast.expr]:
    """The changes before the put in the same turn of a loop that does not bind its name anew."""
    block, at = _block(source, call)
    loop = next((one for one in source.above(call) if isinstance(one, (*_LOOPS, *FUNCTIONS))), None) if call else None
    if isinstance(given, ast.Name) and isinstance(loop, _LOOPS) and block is loop.body and not _binds(loop, given):
        for one in block[:at]:
            yield from _changes(source, one, given) if isinstance(one, _PLAIN) else ()


def _block(source: Source, call: ast.expr | None) -> tuple[list[ast.stmt], int]:
    """The statements among which a call stands as one of its own, and which of them it is."""
    statement = source.parents.get(call) if call is not None else None
    if not isinstance(statement, ast.Expr):
        return [], 0
    block = next((body for body in blocks_of(source.parents[statement]) if statement in body), [])
    return block, block.index(statement) if block else 0


def _binds(node: ast.stmt, given: ast.expr) -> bool:
    """Whether a statement binds the name anew; of ``self.page`` any part."""
    names = {ast.dump(_loaded(one)) for one in ast.walk(given) if isinstance(one, (ast.Name, ast.Attribute))}
    added = [one.target for one in ast.walk(node) if isinstance(one, ast.AugAssign)]
    found = [one for one in ast.walk(node) if isinstance(one, (ast.Name, ast.Attribute)) and one not in added]
    return any(not isinstance(one.ctx, ast.Load) and ast.dump(_loaded(one)) in names for one in found)


def _loaded(node: ast.Name | ast.Attribute) -> ast.expr:
    return ast.Name(node.id, ast.Load()) if isinstance(node, ast.Name) else ast.Attribute(node.value, node.attr, ast.Load())


def _changes(source: Source, statement: ast.stmt, given: ast.expr) -> Iterator[ast.expr]:
    """The changes of an object in a statement, by the expression that it was put by."""
    wanted = ast.dump(given)
    nodes = list(ast.walk(statement))
    for node in nodes if not any(isinstance(one, _PERHAPS) for one in nodes) else ():
        if isinstance(node, (ast.Name, ast.Attribute)) and ast.dump(_loaded(node)) == wanted:
            found = change_of(source, node)
            if found is not None:
                yield found.node
            elif isinstance(statement, ast.AugAssign) and statement.target is node and isinstance(statement.op, _IN_PLACE):
                yield node
