"""What the text does next to a thing that was put: in the statements behind, and in the functions that these call.

Followed is what is sure to be done next, up to what may wait for somebody: a call that is neither known nor the text's own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import Union

from ..model import CHANGERS
from .rooms.copies import blocks_of
from .shapes import Shape, Way, bound, is_way, loaded, way
from .sources import FUNCTIONS, Source, parameters

Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]
LOOPS = (ast.For, ast.AsyncFor, ast.While)
_PLAIN = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete, ast.Pass)
# What these do to a list, set, dict or bytearray they do in place; to an object of another class, nobody knows.
_IN_PLACE = (ast.Add, ast.BitOr, ast.Mult)
# What may leave a part of a statement undone.
_PERHAPS = (ast.Lambda, ast.IfExp, ast.BoolOp, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Await, ast.Yield)
# The library's functions that change an argument, and which (their pages in CPython's documentation).
_CHANGING = {
    **dict.fromkeys(("random.shuffle", "heapq.heappush", "heapq.heappop", "heapq.heapify", "heapq.heapreplace"), 0),
    **dict.fromkeys(("heapq.heappushpop", "bisect.insort", "bisect.insort_left", "bisect.insort_right"), 0),
    **dict.fromkeys(("operator.setitem", "operator.delitem", "operator.iadd"), 0),
    "struct.pack_into": 1,
}
# Built-in functions that wait for nobody.
_AT_ONCE = frozenset(
    """abs bool bytearray bytes chr dict divmod enumerate float format frozenset int isinstance len list max min ord print
    range repr reversed round set sorted str sum tuple type zip""".split()
)
# Methods of built-in objects that wait for nobody.
_METHODS = frozenset("copy items keys values count index title upper lower strip split format replace isoformat".split())
_DEEP = 4


class Following:
    """What is done in one source to what the text has by some ways."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._functions: dict[str, list[Function]] = {}
        self._methods: dict[tuple[str, str], Function] = {}
        self._waiting: set[ast.Call] = set()
        self._bound: set[str] = set()
        self._imported: dict[str, str] = {}
        for node in source.parents:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._functions.setdefault(node.name, []).append(node)
                above = source.parents.get(node)
                if isinstance(above, ast.ClassDef):
                    self._methods[above.name, node.name] = node
            elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                self._bound.add(node.id)
            elif isinstance(node, ast.arg):
                self._bound.add(node.arg)
            elif isinstance(node, ast.Import):
                self._imported.update({one.asname or one.name: one.name for one in node.names})
            elif isinstance(node, ast.ImportFrom):
                names = {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
                self._imported.update(names)

    # -- statements

    def behind(self, block: Sequence[ast.stmt], ways: Iterable[Way], deep: int = _DEEP) -> tuple[list[ast.expr], list[Way]]:
        """The changes in statements that are done in turn, and the ways that are left behind them: none past what may wait."""
        found: list[ast.expr] = []
        left = list(ways)
        for one in block:
            if not isinstance(one, _PLAIN) or not left:
                return found, []
            lost = bound(one)
            left = [known for known in left if not known.names & lost]
            changes, further = self.changes(one, left, deep)
            found += changes
            if not further:
                return found, []
            left += _aliases(one, left)
        return found, left

    def climbed(self, statement: ast.stmt, ways: Iterable[Way]) -> tuple[list[ast.expr], list[Way], Function | None]:
        """The changes behind a statement, out of the branches that it stands in; then what is left at its function's end."""
        found: list[ast.expr] = []
        left = list(ways)
        while left:
            above = self.source.parents[statement]
            block = next((body for body in blocks_of(above) if statement in body), [])
            changes, left = self.behind(block[block.index(statement) + 1 :] if block else (), left)
            found += changes
            if isinstance(above, (ast.FunctionDef, ast.AsyncFunctionDef)):
                return found, left, above
            if not isinstance(above, ast.If):
                break
            statement = above
        return found, [], None

    def earlier(self, statement: ast.stmt, ways: Iterable[Way]) -> list[Way]:
        """The ways, and the other names that what they stand for was given, or came by, before a statement."""
        left = list(ways)
        lost: frozenset[str] = frozenset()
        at: ast.stmt = statement
        while not isinstance(at, (*FUNCTIONS, ast.Module)):
            above = self.source.parents[at]
            block = next((body for body in blocks_of(above) if at in body), [])
            for one in reversed(block[: block.index(at)] if block else ()):
                target, value = _assigned(one)
                for known in list(left):
                    if target is None or value is None:
                        break
                    other = value if loaded(target) == known.text else target if loaded(value) == known.text else None
                    made = way(other, known.shape) if other is not None else None
                    if made is not None and not (known.names | made.names) & lost and made not in left:
                        left.append(made)
                lost |= bound(one)
            if isinstance(above, LOOPS):
                lost |= bound(above)
            if not isinstance(above, ast.stmt):
                break
            at = above
        return left

    # -- changes

    def changes(
        self, statement: ast.AST, ways: Sequence[Way], deep: int = _DEEP, *, surely: bool = True
    ) -> tuple[list[ast.expr], bool]:
        """The changes that a statement makes, ``surely`` before it may wait for somebody; whether nothing in it may."""
        nodes = list(ast.walk(statement))
        if any(isinstance(one, _PERHAPS) for one in nodes):
            return [], not any(isinstance(one, (ast.Call, ast.Await, ast.Yield)) for one in nodes)
        found: list[ast.expr] = []
        for node in nodes:
            if isinstance(node, (ast.Name, ast.Attribute)):
                for known in ways:
                    found += self._change(statement, node, known.shape, deep) if loaded(node) == known.text else ()
        waits, last = [], getattr(statement, "value", None)
        for node in nodes:
            if isinstance(node, ast.Call) and (node not in found or node in self._waiting):
                inner, at_once = ([], False) if node in found else self._called(node, ways, deep)
                found += inner
                waits += [] if at_once else [node]
        if surely and any(one is not last for one in waits):
            # What is worked out before the change may have waited.
            found = []
        return list(dict.fromkeys(found)), not waits

    def _change(self, statement: ast.AST, node: ast.expr, shape: Shape, deep: int) -> Iterator[ast.expr]:
        """The change that what stands at a place in the text undergoes there."""
        above = self.source.parents.get(node)
        if isinstance(above, ast.AugAssign) and above.target is node and above is statement:
            if shape.kind == "plain" and isinstance(above.op, _IN_PLACE):
                yield node
        elif isinstance(above, ast.Attribute):
            yield from self._by_attribute(statement, above, shape, deep)
        elif isinstance(above, ast.Subscript) and above.value is node:
            if not isinstance(above.ctx, ast.Load):
                yield from (above,) if shape.kind == "plain" else ()
            elif isinstance(above.slice, ast.Constant):
                part = shape.part(above.slice.value) if shape.kind != "own" else None
                yield from self._change(statement, above, part, deep) if part is not None else ()
        elif isinstance(above, ast.Call) and node in above.args and shape.kind == "plain":
            if _CHANGING.get(self._name(above.func)) == above.args.index(node):
                yield above

    def _by_attribute(self, statement: ast.AST, above: ast.Attribute, shape: Shape, deep: int) -> Iterator[ast.expr]:
        call = self.source.parents.get(above)
        called = isinstance(call, ast.Call) and call.func is above
        if shape.kind == "plain" and called and above.attr in CHANGERS:
            assert isinstance(call, ast.Call)
            yield call
        if shape.kind != "own":
            return
        method = self._methods.get((shape.cls or "", above.attr)) if shape.file == self.source.path else None
        if called and method is not None and deep and isinstance(call, ast.Call):
            changes, further = self._within(method, _itself(method, shape), deep)
            if changes:
                if not further:
                    self._waiting.add(call)
                yield call
        elif not isinstance(above.ctx, ast.Load):
            # What a property does when it is set is its own affair.
            yield from (above,) if method is None else ()
        else:
            part = shape.part(above.attr)
            yield from self._change(statement, above, part, deep) if part is not None else ()

    def _within(self, function: Function, ways: Sequence[Way], deep: int) -> tuple[list[ast.expr], bool]:
        """The changes that a function is sure to make to what it was handed, and whether it is seen to wait for nobody."""
        if isinstance(function, ast.AsyncFunctionDef) or function.decorator_list or _yields(function):
            return [], False
        body = [one for one in function.body if not _is_text(one)]
        until = next((number for number, one in enumerate(body) if isinstance(one, ast.Return)), len(body))
        found, left = self.behind(body[:until], ways, deep - 1)
        last = body[until] if until < len(body) else None
        if last is not None:
            changes, further = self.changes(last, left, deep - 1)
            return found + changes, further and bool(left)
        return found, bool(left) or not ways

    def _called(self, call: ast.Call, ways: Sequence[Way], deep: int) -> tuple[list[ast.expr], bool]:
        """The changes that the text's own function makes to what it is handed, and whether a call surely waits for nobody."""
        name = self._name(call.func)
        if isinstance(call.func, ast.Attribute) and call.func.attr in CHANGERS | _METHODS:
            return [], not any(method == call.func.attr for _, method in self._methods)
        if name in _CHANGING:
            return [], True
        if isinstance(call.func, ast.Name) and name in _AT_ONCE and name not in self._bound and name not in self._functions:
            return [], True
        function = self.function(call)
        if function is None or not deep:
            return [], False
        landed = [
            way(ast.Name(parameter.arg, ast.Load()), known.shape)
            for parameter, given in _landing(function, call)
            for known in ways
            if is_way(given) and loaded(given) == known.text
        ]
        found, further = self._within(function, landed, deep)
        lost = {name for name in bound(function) if name.startswith(".")}
        return found, further and bool(landed) and not any(known.names & lost for known in ways)

    def function(self, call: ast.Call) -> Function | None:
        """The function of the module that a call means."""
        if not isinstance(call.func, ast.Name) or call.func.id in self._bound or call.func.id in self._imported:
            return None
        found = self._functions.get(call.func.id, [])
        only = found[0] if len(found) == 1 else None
        return only if only is not None and isinstance(self.source.parents.get(only), ast.Module) else None

    def _name(self, func: ast.expr) -> str:
        """The full name of what is called, by what is imported."""
        head, dot, rest = loaded(func).partition(".")
        return f"{self._imported.get(head, head)}{dot}{rest}" if head not in self._bound else ""


def _landing(function: Function, call: ast.Call, skipped: int = 0) -> Iterator[tuple[ast.arg, ast.expr]]:
    """Which parameter each argument of a call lands in."""
    if any(isinstance(one, ast.Starred) for one in call.args):
        return
    taking = parameters(function)[skipped:]
    yield from zip(taking, call.args)
    named = {one.arg: one for one in (*taking, *function.args.kwonlyargs)}
    yield from ((named[one.arg], one.value) for one in call.keywords if one.arg in named)


def landed(function: Function, call: ast.Call, name: str, *, method: bool = False) -> ast.expr | None:
    """What a call of a function gives for one of its parameters; of a method the object for its first one."""
    found = dict((parameter.arg, given) for parameter, given in _landing(function, call, int(method)))
    if method and isinstance(call.func, ast.Attribute):
        found.update((one.arg, call.func.value) for one in parameters(function)[:1])
    return found.get(name)


def _itself(method: Function, shape: Shape) -> list[Way]:
    first = parameters(method)[:1]
    return [way(ast.Name(one.arg, ast.Load()), shape) for one in first]


def _yields(function: Function) -> bool:
    return any(isinstance(one, (ast.Yield, ast.YieldFrom, ast.Await)) for one in ast.walk(function))


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _assigned(statement: ast.stmt) -> tuple[ast.expr | None, ast.expr | None]:
    """The one name that a statement binds to what another stands for."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
        if isinstance(target, (ast.Name, ast.Attribute)) and is_way(target) and is_way(value):
            return target, value
    return None, None


def _aliases(statement: ast.stmt, ways: Sequence[Way]) -> list[Way]:
    target, value = _assigned(statement)
    if target is None or value is None:
        return []
    return [way(target, known.shape) for known in ways if loaded(value) == known.text]
