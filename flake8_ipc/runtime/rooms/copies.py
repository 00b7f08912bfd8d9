"""Copies that came out of proxies, and what the text does with them: a change to one is lost."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from ...model import CHANGERS, PROXIES, TAKES, Event, Flow, Loop, Place, Program, Seq, Shared, Verb
from ..sources import FUNCTIONS, Source
from . import Line, amends, finishes

if TYPE_CHECKING:
    from ..account import Account


class _Change(NamedTuple):
    """A change of a copy: where, as what, and whether the copy is used on."""

    node: ast.expr
    name: str
    used: bool


@amends
def _looks(account: Account, line: Line, event: Event) -> Event | None:
    """A look at a proxy that gave a plain object which can be changed."""
    looks = event.verb is Verb.READ or (event.verb is Verb.CALL and event.name.endswith(".setdefault"))
    if not looks or event.target.kind not in PROXIES or ("gave", line.number) not in line.told.more:
        return event
    source = account.texts.source(line.where.path)
    node = source.at(line.where)
    for found in _changed(source, node) if node is not None else ():
        place = account.placed(line.role, source.place(found.node))
        account.changes.setdefault(event, []).append(_made(event, place, found, event.target))
    return event


def _made(event: Event, place: Place, found: _Change, proxy: Shared) -> Event:
    change = Event(Verb.CHANGE, proxy, place, found.name, used=found.used, key=event.key)
    change.clock, change.setting = event.clock, event.setting
    return change


def _changed(source: Source, node: ast.expr) -> list[_Change]:
    """What is done to the value of an expression at once, or by the name that it is bound to."""
    for part in _parts(source, node):
        found = change_of(source, part)
        if found is not None:
            return [found]
    statement = source.parents.get(node)
    if isinstance(statement, ast.For) and statement.iter is node and isinstance(statement.target, ast.Name):
        return _by_name(source, statement, statement.target.id)
    if not isinstance(statement, ast.Assign) or statement.value is not node or len(statement.targets) != 1:
        return []
    target = statement.targets[0]
    return _by_name(source, statement, target.id) if isinstance(target, ast.Name) else []


def _parts(source: Source, node: ast.expr) -> Iterator[ast.expr]:
    """An expression and those for a part of its value: what came in a copy is a copy."""
    at: ast.AST | None = node
    while isinstance(at, ast.expr):
        yield at
        above = source.parents.get(at)
        at = above if isinstance(above, (ast.Attribute, ast.Subscript)) and above.value is at else None


def _by_name(source: Source, statement: ast.Assign | ast.For, name: str) -> list[_Change]:
    """The changes of a name's object in the block that binds it; whether anything else is done with that name."""
    around = next((body for body in blocks_of(source.parents[statement]) if statement in body), [])
    behind = statement.body if isinstance(statement, ast.For) else around[around.index(statement) + 1 :] if around else []
    function = next((one for one in source.above(statement) if isinstance(one, (*FUNCTIONS, ast.Module))), None)
    uses = [one for one in ast.walk(function) if isinstance(one, ast.Name) and one.id == name] if function else []
    loads = [one for one in uses if isinstance(one.ctx, ast.Load)]
    changes = [change_of(source, one) for one in loads]
    if not changes or len(uses) != len(loads) + 1:
        return []
    plain = (ast.Expr, ast.Assign, ast.AugAssign, ast.Delete)
    later = {node for one in behind if isinstance(one, plain) for node in ast.walk(one)}
    found = [change for one, change in zip(loads, changes) if change is not None and one in later]
    others = [one for one, change in zip(loads, changes) if change is None]
    return [
        change._replace(used=change.used or any(not _looked_at(source, one, change.node) for one in others))
        for change in found
    ]


def _looked_at(source: Source, load: ast.expr, change: ast.expr) -> bool:
    """Whether an object is only looked at, to work out what it is changed to."""
    look, statement = source.parents.get(load), source.statement(change)
    if not isinstance(statement, ast.Assign) or source.statement(load) is not statement or look is None:
        return False
    if isinstance(look, ast.Attribute):
        call = source.parents.get(look)
        return isinstance(call, ast.Call) and call.func is look and look.attr in ("get", "count", "index")
    return isinstance(look, ast.Subscript) and look.value is load


def blocks_of(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        found = getattr(node, name, None)
        if isinstance(found, list):
            yield found


def change_of(source: Source, node: ast.expr) -> _Change | None:
    """The change that an expression's value undergoes where it stands."""
    above = source.parents.get(node)
    if isinstance(above, ast.Attribute) and above.value is node:
        call = source.parents.get(above)
        if isinstance(above.ctx, ast.Store):
            return _Change(above, source.text(above), used=False)
        if isinstance(call, ast.Call) and call.func is above and above.attr in CHANGERS:
            return _Change(call, source.text(above), used=above.attr in TAKES and source.used(call))
    if isinstance(above, ast.Subscript) and above.value is node and not isinstance(above.ctx, ast.Load):
        return _Change(above, source.text(above), used=False)
    return None


@finishes
def _inserted(account: Account, program: Program) -> None:
    """Puts each change behind the look that gave the copy, or the put that may still hold it; or before that put's next."""
    for role in program.roles:
        told = role.events(Verb.READ, Verb.CALL, Verb.PUT, Verb.CLOSE, Verb.SUBMIT)
        if any(event in account.changes or event in account.before for event in told):
            role.flow = _with(role.flow, account)


def _with(flow: Flow, account: Account) -> Flow:
    if isinstance(flow, Event):
        around = [*account.before.get(flow, ()), flow, *account.changes.get(flow, ())]
        return Seq([*around]) if len(around) > 1 else flow
    if isinstance(flow, Seq):
        return Seq([_with(item, account) for item in flow.items])
    if isinstance(flow, Loop):
        flow.body = _with(flow.body, account)
    return flow
