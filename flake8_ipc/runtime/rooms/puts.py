"""What was put on a queue and is changed after that: the feeder thread may not have pickled it yet.

What the text has right behind the put, with nothing between that could wait, is done next; what stands before it in the
same turn of a loop, whose put comes again, is done again to the same object.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...model import Event, Kind, Verb
from ..callers import at_caller, once, references, steady
from ..following import LOOPS
from ..places import Where
from ..shapes import Way, bound, is_way, read, way, ways
from ..sources import Source, argument
from . import Line, amends
from .copies import blocks_of

if TYPE_CHECKING:
    from ..account import Account

_FED = frozenset({Kind.QUEUE, Kind.JOINABLE_QUEUE})
_PLAIN = (ast.Expr, ast.Assign, ast.AugAssign, ast.Delete)
_DEEP = 4

if TYPE_CHECKING:
    Change = tuple[Source, ast.expr]


@amends
def _put(account: Account, line: Line, event: Event) -> Event | None:
    told = line.told.more.get(("shape", line.number))
    if event.verb is Verb.PUT and event.target.kind in _FED and not event.target.managed and told is not None:
        source = account.texts.source(line.where.path)
        call = source.at(line.where)
        given = list(ways(source, argument(call, "obj", 0), read(told[0][0])))
        statement = source.parents.get(call) if call is not None else None
        if given and isinstance(statement, ast.Expr):
            calls, first = _calls(line)
            for at, change in _next(account, source, statement, given, calls[:] if first else []):
                account.changes.setdefault(event, []).append(_made(account, line, event, at, change))
            _, before = _again(account, source, statement, given, calls)
            for at, change in (*before, *_yielded(account, source, statement, given)):
                account.before.setdefault(event, []).append(_made(account, line, event, at, change))
    return event


def _made(account: Account, line: Line, event: Event, source: Source, change: ast.expr) -> Event:
    place = account.placed(line.role, source.place(change))
    made = Event(Verb.MUTATE, event.target, place, source.text(change), after=(event.place,))
    made.clock, made.setting = event.clock, event.setting
    return made


def _calls(line: Line) -> tuple[list[Where], bool]:
    """The calls that led to the first event at a place, outermost first, and whether this is that one."""
    where = next(one[4] for one in line.told.events if one[0] == line.number)
    first = next(one[0] for one in line.told.events if one[4] == where)
    return [line.told.places[number] for number in line.told.calls.get(where, ())], first == line.number


def _next(account: Account, source: Source, statement: ast.stmt, given: list[Way], calls: list[Where]) -> Iterator[Change]:
    """The changes in the statements behind the put, up to one that may wait: nobody can have taken it till then."""
    for _ in range(_DEEP):
        following = account.following(source)
        changes, left, function = following.climbed(statement, following.earlier(statement, given))
        yield from ((source, change) for change in changes)
        if function is None or not left or not calls:
            return
        there = calls.pop()
        call = account.texts.node(there)
        above = source.parents.get(call) if call is not None and there.path == source.path else None
        given = at_caller(source, function, call, left)
        if not given or not isinstance(above, (ast.Expr, ast.Assign)):
            return
        statement = above


def _again(
    account: Account, source: Source, statement: ast.stmt, given: list[Way], calls: list[Where], always: bool = True
) -> tuple[bool, list[Change]]:
    """Whether what is put is the same thing in each turn of a loop around, and the changes before it in such a turn.

    Each of the ways is followed by itself, by which the thing is reached, and out of the functions that put it for others.
    """
    same = False
    found: list[Change] = []
    for known in account.following(source).earlier(statement, given):
        above, changes, sure = _before(account, source, statement, known)
        if isinstance(above, LOOPS):
            kept = not known.names & bound(above) and steady(source, known)
            one = kept and (always and sure or once(source, above))
            outer: list[Change] = []
        else:
            one, outer = _at_caller_again(account, source, above, known, calls, always and sure)
        if one:
            same, found = True, [*found, *changes, *outer]
    return same, list(dict.fromkeys(found))


def _before(account: Account, source: Source, at: ast.stmt, known: Way) -> tuple[ast.AST, list[Change], bool]:
    """What a statement and the branches around stand in; the changes before it there; whether there are no branches."""
    found: list[Change] = []
    following, sure = account.following(source), True
    while True:
        above = source.parents[at]
        block = next((body for body in blocks_of(above) if at in body), [])
        for one in block[: block.index(at)] if block else ():
            changes = following.changes(one, [known], surely=False)[0] if isinstance(one, _PLAIN) else []
            found += [(source, change) for change in changes]
        if not isinstance(above, ast.If):
            return above, found, sure
        at, sure = above, False


def _at_caller_again(
    account: Account, source: Source, function: ast.AST, known: Way, calls: list[Where], always: bool
) -> tuple[bool, list[Change]]:
    """The same where the only call of a function stands."""
    if not isinstance(function, ast.FunctionDef) or not calls or len(references(source, function)) != 1:
        return False, []
    call = account.texts.node(calls[-1]) if calls[-1].path == source.path else None
    statement = source.parents.get(call) if call is not None else None
    given = at_caller(source, function, call, [known])
    if not given or not isinstance(statement, ast.Expr):
        return False, []
    return _again(account, source, statement, given, calls[:-1], always)


def _yielded(account: Account, source: Source, statement: ast.stmt, given: list[Way]) -> list[Change]:
    """The changes that the text's own generator makes between two of its turns to the one thing that it yields."""
    loop = source.parents[statement]
    if not isinstance(loop, ast.For) or not isinstance(loop.target, ast.Name) or statement not in loop.body:
        return []
    following = account.following(source)
    function = following.function(loop.iter) if isinstance(loop.iter, ast.Call) else None
    yields = [one for one in ast.walk(function) if isinstance(one, (ast.Yield, ast.YieldFrom))] if function else []
    known = next((one for one in given if one.text == loop.target.id), None)
    if known is None or len(yields) != 1 or any(known.names & bound(one) for one in loop.body):
        return []
    value, turn = yields[0].value, source.parents[yields[0]]
    if not isinstance(yields[0], ast.Yield) or not isinstance(turn, ast.Expr) or value is None or not is_way(value):
        return []
    same, found = _again(account, source, turn, [way(value, known.shape)], [])
    later = following.climbed(turn, [way(value, known.shape)])[0]
    return [*found, *((source, one) for one in later)] if same else []
