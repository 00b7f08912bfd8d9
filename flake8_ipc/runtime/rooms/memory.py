"""Blocks of shared memory in the account: mappings that belong together, and what the text does with their memory."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeGuard

from ...model import BLOCKS, Constant, Ending, Event, Key, Kind, Memory, Place, Program, Shared, Verb
from ..objects import Facts, bound
from ..places import Where
from ..sources import Source
from ..watch.memory import TRACKER
from . import Line, amends, finishes, makes, opens
from .copies import blocks_of

if TYPE_CHECKING:
    from ..account import Account

# What only looks at all of a memory.
_READ_WHOLE = frozenset({"bytes", "bytearray", "list", "tuple", "sum", "min", "max", "print", "len", "any", "all"})


@opens
def _tracker(account: Account) -> None:
    account.register(TRACKER, Shared(Kind.TRACKER, Place(account.session.main, 1, 0), "the resource tracker"), 0)


@makes(*BLOCKS)
def _block(account: Account, kind: Kind, place: Place, where: Where, facts: Facts) -> Shared:
    origin = account.find(facts.get("of"), facts["at"])
    made = Memory(kind, place, bound(account, where), raw=True, fresh=facts["fresh"], tracked=facts["tracked"])
    made.of = origin if isinstance(origin, Memory) and origin is not made else None
    # A block that none of these processes has made is somebody else's, too.
    made.open = not made.fresh and made.of is None
    if "keeper" in facts:
        made.keeper = account.find(facts["keeper"], facts["at"]) or Shared(Kind.MANAGER, place, "its manager")
    return made


@amends
def _use(account: Account, line: Line, event: Event) -> Event | None:
    block = event.target
    if not isinstance(block, Memory):
        return event
    if event.verb is Verb.CREATE and not block.fresh:
        event.verb = Verb.ATTACH
    elif event.verb is Verb.QUERY:
        _look(account.texts.source(line.where.path), line.where, event, block)
    elif event.verb is Verb.CLOSE and line.number not in line.told.failed:
        source = account.texts.source(line.where.path)
        for use in _used_next(source, source.at(line.where)):
            verb = Verb.READ if isinstance(use.ctx, ast.Load) else Verb.WRITE
            late = Event(verb, block, account.placed(line.role, source.place(use)), source.text(use), key=Key.ANY)
            late.clock, late.setting = event.clock, event.setting
            account.changes.setdefault(event, []).append(late)
    return event


def _used_next(source: Source, call: ast.expr | None) -> Iterator[ast.Subscript]:
    """The first use, in the statements right behind a ``block.close()``, of a name that those before it gave ``block.buf``.

    The view that it stands for is released with the block (Lib/multiprocessing/shared_memory.py, ``SharedMemory.close``).
    """
    statement = source.parents.get(call) if call is not None else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or not isinstance(statement, ast.Expr):
        return
    block = next((body for body in blocks_of(source.parents[statement]) if statement in body), [statement])
    at, kept, wanted = block.index(statement), "", f"{source.text(call.func.value)}.buf"
    owners = {node.id for node in ast.walk(call.func.value) if isinstance(node, ast.Name)}
    for one in block[:at]:
        if isinstance(one, ast.Assign) and source.text(one.value) == wanted and isinstance(one.targets[0], ast.Name):
            kept = one.targets[0].id if len(one.targets) == 1 else ""
        elif kept and {kept, *owners} & {node.id for node in ast.walk(one) if _binds(node)}:
            kept = ""
    for one in block[at + 1 :] if kept else ():
        plain = isinstance(one, (ast.Expr, ast.Assign, ast.AugAssign))
        names = [node for node in ast.walk(one) if isinstance(node, ast.Name) and node.id == kept]
        above = source.parents.get(names[0]) if plain and len(names) == 1 else None
        if isinstance(above, ast.Subscript) and above.value is names[0]:
            yield above
        if names or not plain:
            return


def _look(source: Source, where: Where, event: Event, block: Memory) -> None:
    """What becomes of ``block.buf``: an element is read or written, or the memory goes where nobody sees what is done."""
    node = source.at(where)
    above = source.parents.get(node) if node is not None else None
    if isinstance(above, ast.Subscript) and above.value is node:
        event.verb = Verb.READ if isinstance(above.ctx, ast.Load) else Verb.WRITE
        key = _constant(above.slice)
        event.key = Constant(key) if key is not None else Key.ANY
        # Which element it is cannot be seen.
        block.origin.lent = block.origin.lent or key is None
    elif not (isinstance(above, ast.Call) and isinstance(above.func, ast.Name) and above.func.id in _READ_WHOLE):
        block.origin.lent = True


def _binds(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)


def _constant(node: ast.expr) -> object:
    try:
        found: object = ast.literal_eval(node)
    except ValueError:
        parts = [one for one in ast.walk(node) if isinstance(one, ast.expr)]
        spelt = all(isinstance(one, (ast.Slice, ast.Constant, ast.UnaryOp)) for one in parts)
        return ast.unparse(node) if spelt else None
    return found


@finishes
def _left(account: Account, program: Program) -> None:
    """Who was ended before its time, or came to grief over it, might have unlinked what it made."""
    failed = {event.target.origin for _, event in program.events() if event.failed and isinstance(event.target, Memory)}
    for role, event in program.events(Verb.CREATE):
        block = event.target
        if isinstance(block, Memory):
            block.open = block.open or bool(program.halts) or block in failed or role.home.ending in (Ending.CUT, Ending.KILLED)
