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
    if event.verb is not Verb.READ or event.target.kind not in PROXIES or ("gave", line.number) not in line.told.more:
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
    found = change_of(source, node)
    if found is not None:
        return [found]
    statement = source.parents.get(node)
    if not isinstance(statement, ast.Assign) or statement.value is not node or len(statement.targets) != 1:
        return []
    target = statement.targets[0]
    return _by_name(source, statement, target.id) if isinstance(target, ast.Name) else []


def _by_name(source: Source, statement: ast.Assign, name: str) -> list[_Change]:
    """The changes of a name's object in the block that binds it; whether anything else is done with that name."""
    block = next((body for body in blocks_of(source.parents[statement]) if statement in body), [])
    function = next((one for one in source.above(statement) if isinstance(one, (*FUNCTIONS, ast.Module))), None)
    uses = [one for one in ast.walk(function) if isinstance(one, ast.Name) and one.id == name] if function else []
    loads = [one for one in uses if isinstance(one.ctx, ast.Load)]
    changes = [change_of(source, one) for one in loads]
    if not changes or len(uses) != len(loads) + 1:
        return []
    plain = (ast.Expr, ast.Assign, ast.AugAssign, ast.Delete)
    behind = [one for one in block[block.index(statement) + 1 :] if isinstance(one, plain)]
    later = {node for one in behind for node in ast.walk(one)}
    found = [change for one, change in zip(loads, changes) if change is not None and one in later]
    return [change._replace(used=change.used or None in changes) for change in found]


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
        if any(event in account.changes or event in account.before for event in role.events(Verb.READ, Verb.PUT)):
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
