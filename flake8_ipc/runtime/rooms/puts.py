"""What was put on a queue and is changed at once: the feeder thread may not have pickled it yet."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ...model import Event, Kind, Verb
from ..sources import Source, argument
from . import Line, amends
from .copies import blocks_of, change_of

if TYPE_CHECKING:
    from ..account import Account

_FED = frozenset({Kind.QUEUE, Kind.JOINABLE_QUEUE})


@amends
def _put(account: Account, line: Line, event: Event) -> Event | None:
    if event.verb is Verb.PUT and event.target.kind in _FED and line.facts.get("mutable") and not event.target.managed:
        source = account.texts.source(line.where.path)
        change = _changed_next(source, source.at(line.where))
        if change is not None:
            place = account.placed(line.role, source.place(change))
            made = Event(Verb.MUTATE, event.target, place, source.text(change), after=(event.place,))
            made.clock, made.setting = event.clock, event.setting
            account.changes.setdefault(event, []).append(made)
    return event


def _changed_next(source: Source, call: ast.expr | None) -> ast.expr | None:
    """The change of what is put in the very next statement: nothing can have taken it out between."""
    given = argument(call, "obj", 0)
    statement = source.parents.get(call) if call is not None else None
    if not isinstance(given, ast.Name) or not isinstance(statement, ast.Expr):
        return None
    block = next((body for body in blocks_of(source.parents[statement]) if statement in body), [])
    after = block[block.index(statement) + 1 :][:1]
    for one in after if isinstance(next(iter(after), None), (ast.Expr, ast.Assign, ast.AugAssign, ast.Delete)) else ():
        for node in ast.walk(one):
            found = change_of(source, node) if isinstance(node, ast.Name) and node.id == given.id else None
            if found is not None:
                return found.node
    return None
