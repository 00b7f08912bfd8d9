"""What the text has around an expression: the loops and handlers in its function, as nodes of a flow."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..model import Block, Count, End, Event, Flow, Handler, Jump, Kind, Loop, Raise, Seq, Try, Verb, events

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Module)
_ENDS = frozenset({"exit", "_exit", "abort", "quit"})
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def around(node: ast.AST, parents: dict[ast.AST, ast.AST], inner: Flow) -> Iterator[Flow]:
    """The nodes around an expression in its own function, innermost first; ``inner`` is what is done there."""
    function = Block(Seq())
    below = node
    while below in parents:
        above = parents[below]
        if isinstance(above, _FUNCTIONS):
            break
        made = _node(above, below, inner, function)
        if made is not None:
            yield made
            inner = made
        below = above
    function.body = inner
    yield function


def _node(above: ast.AST, below: ast.AST, inner: Flow, function: Block) -> Flow | None:
    if isinstance(above, ast.While) and below not in above.orelse:
        loop = Loop(inner)
        ways = list(_exits(above.body, loop, function))
        if not _always(above.test):
            ways.append(Jump(loop))
        loop.body = Seq([inner, *ways])
        return loop
    if isinstance(above, (ast.For, ast.AsyncFor)) and below not in above.orelse:
        if below is above.iter and not _asks_again(above.iter):
            return None
        loop = Loop(inner, None if _endless(above.iter) else Count())
        ways = list(_exits(above.body, loop, function))
        if _asks_again(above.iter):
            ways.append(Jump(loop))
        loop.body = Seq([inner, *ways])
        return loop
    if isinstance(above, _COMPREHENSIONS):
        return _comprehension(above, inner)
    if isinstance(above, ast.Call) and _asks_again(below) and below in above.args:
        return _asking(inner)
    if isinstance(above, ast.Try) and below in above.body:
        return Try(inner, [Handler(_names(one.type), Seq()) for one in above.handlers])
    if isinstance(above, (ast.With, ast.AsyncWith)) and below in above.body:
        return _with(above, below, inner)
    return None


def _with(above: ast.With | ast.AsyncWith, below: ast.AST, inner: Flow) -> Flow | None:
    """A ``with`` that keeps exceptions down, or that holds the condition which is waited for in it."""
    for item in above.items:
        call = item.context_expr
        if isinstance(call, ast.Call) and _name(call.func) == "suppress":
            return Try(inner, [Handler(_names(ast.Tuple(call.args)), Seq())])
    event = next(events(inner), None)
    if event is None or event.verb is not Verb.WAIT or event.target.kind is not Kind.CONDITION:
        return None
    if not any(ast.unparse(item.context_expr) == event.name.rpartition(".")[0] for item in above.items):
        return None
    taken = Event(Verb.ACQUIRE, event.target, event.place)
    # What follows in the block is done without another look.
    used = [] if below is above.body[-1] else [Event(Verb.WRITE, event.target, event.place)]
    return Seq([taken, inner, *used])


def _name(node: ast.expr | None) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _comprehension(above: ast.AST, inner: Flow) -> Flow:
    return _asking(inner) if any(_asks_again(one.iter) for one in getattr(above, "generators", ())) else Loop(inner, Count())


def _asking(inner: Flow) -> Loop:
    loop = Loop(inner)
    loop.body = Seq([inner, Jump(loop)])
    return loop


def _asks_again(node: ast.AST) -> bool:
    """Whether this is ``iter(function, sentinel)``."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "iter" and len(node.args) == 2


def _endless(node: ast.AST) -> bool:
    """Whether an iteration has no end known beforehand: ``iter(f, x)``, ``count()``, ``repeat(x)``."""
    if _asks_again(node):
        return True
    if not isinstance(node, ast.Call):
        return False
    name = _name(node.func)
    return name == "count" and len(node.args) + len(node.keywords) < 3 or (name == "repeat" and len(node.args) == 1)


def _always(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) and bool(test.value)


def _names(type_: ast.expr | None) -> tuple[str, ...] | None:
    if type_ is None:
        return None
    found = type_.elts if isinstance(type_, ast.Tuple) else [type_]
    return tuple(_name(one) for one in found)


def _exits(body: list[ast.stmt], loop: Loop, function: Block, *, own: bool = True) -> Iterator[Flow]:
    """The ways out of a loop that its body shows; ``own``: a ``break`` here is one of this loop."""
    for statement in body:
        if isinstance(statement, ast.Break) and own:
            yield Jump(loop)
        elif isinstance(statement, ast.Return):
            yield Jump(function)
        elif isinstance(statement, ast.Raise):
            yield Raise()
        elif isinstance(statement, ast.Expr) and _ends(statement.value):
            yield End()
        elif isinstance(statement, ast.Try):
            for part in (statement.body, statement.orelse, statement.finalbody):
                yield from _exits(part, loop, function, own=own)
            caught = [way for one in statement.handlers for way in _exits(one.body, loop, function, own=own)]
            if caught:
                yield Try(Seq(), [Handler(None, Seq(caught))])
        elif not isinstance(statement, _FUNCTIONS):
            looping = isinstance(statement, (ast.While, ast.For, ast.AsyncFor))
            for part in _parts(statement):
                yield from _exits(part, loop, function, own=own and not looping)


def _parts(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse"):
        found = getattr(statement, name, None)
        if isinstance(found, list):
            yield found
    for case in getattr(statement, "cases", ()):
        yield case.body


def _ends(call: ast.expr) -> bool:
    return isinstance(call, ast.Call) and _name(call.func) in _ENDS
