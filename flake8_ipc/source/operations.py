"""Arithmetic, comparisons and logic."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import libcst as cst

from ..model import Constant, Count, Event, Kind, Test, Verb
from . import contents, copies, dicts
from .ctypes_ import array_of
from .elements import iterated
from .joining import from_values, is_scalar, join
from .proxies import HOLDERS, contains
from .run import Run, evaluates
from .values import PLAIN, UNKNOWN, Cls, Coll, Const, Data, Func, Guard, Inst, Items, Many, Name, Ref, Value

_ARITHMETIC: dict[type[cst.CSTNode], Callable[[Any, Any], Any]] = {
    cst.Add: operator.add,
    cst.Subtract: operator.sub,
    cst.Multiply: operator.mul,
    cst.FloorDivide: operator.floordiv,
    cst.Divide: operator.truediv,
    cst.Modulo: operator.mod,
    cst.Power: operator.pow,
    cst.LeftShift: operator.lshift,
    cst.BitOr: operator.or_,
    cst.BitAnd: operator.and_,
}
_COMPARISONS: dict[type[cst.CSTNode], Callable[[Any, Any], Any]] = {
    cst.Equal: operator.eq,
    cst.NotEqual: operator.ne,
    cst.LessThan: operator.lt,
    cst.GreaterThan: operator.gt,
    cst.LessThanEqual: operator.le,
    cst.GreaterThanEqual: operator.ge,
    cst.Is: operator.is_,
    cst.IsNot: operator.is_not,
}
# What keeps an index apart from every other copy's: sums and products do, remainders and quotients do not.
_KEEPS_APART = frozenset({cst.Add, cst.Subtract, cst.Multiply})
_SET_SIGNS = frozenset({cst.BitOr, cst.BitAnd, cst.BitXor, cst.Subtract})
_DIVISIONS = frozenset({cst.Divide, cst.FloorDivide})
_IDENTITY = frozenset({cst.Is, cst.IsNot})
_LARGEST = 1 << 80


@evaluates(cst.UnaryOperation)
def unary(run: Run, node: cst.UnaryOperation) -> Value:
    value = run.evaluate(node.expression)
    as_number(run, value, node, "-")
    if run.copies:
        copies.read(run, [value], node)
    if isinstance(value, Guard) and type(node.operator) is cst.Not:
        return Guard(not value.truth)
    if isinstance(value, Const):
        try:
            if type(node.operator) is cst.Minus:
                return Const(-value.value)  # type: ignore[operator]
            if type(node.operator) is cst.Not:
                return Const(not value.value)
            if type(node.operator) is cst.Plus:
                return value
        except TypeError:
            return PLAIN
    found = from_values([value], plain=True, keep=True)
    if type(node.operator) is cst.Not and isinstance(value, (Data, Items)) and value.seen is not None:
        return replace(found, seen=value.seen.opposite())
    return found


@evaluates(cst.BinaryOperation)
def binary(run: Run, node: cst.BinaryOperation) -> Value:
    left, right = run.evaluate(node.left), run.evaluate(node.right)
    for value in (left, right):
        as_number(run, value, node, "arithmetic")
    if run.copies:
        copies.read(run, [left, right], node)
    one, other = _number(left), _number(right)
    if isinstance(one, Const) and isinstance(other, Const):
        return fold(node.operator, one, other)
    sign = type(node.operator)
    if sign in _DIVISIONS and isinstance(one, Const) and not isinstance(one.value, str):
        # By zero, for all that is known.
        run.risk()
    if sign is cst.Add and isinstance(left, (Items, Coll)) and isinstance(right, (Items, Coll)):
        return _concatenated(run, left, right)
    if sign is cst.Multiply and isinstance(left, (Items, Coll)):
        return _repeated(run, left, right)
    if sign is cst.Multiply and isinstance(left, (Name, Cls)):
        return array_of(left) or UNKNOWN
    if sign is cst.BitOr and isinstance(left, Coll) and left.kind == "dict":
        whole = dicts.merged(run, run.content(left), right)
        return contents.make(run, "dict", whole.items, whole.element, None, whole.keys)
    if sign in _SET_SIGNS and isinstance(left, Coll):
        return contents.make(run, left.kind, None, contents.elements(run, left)[1], None)
    formats = isinstance(left, Const) and isinstance(left.value, str)
    keep = formats or sign in _KEEPS_APART
    scalar = formats or (is_scalar(left) and is_scalar(right))
    found = from_values([left, right], plain=_numeric(left, right), keep=keep, scalar=scalar)
    if sign is cst.Modulo and isinstance(left, Data) and (left.own or left.varies):
        beside = type(node.left) is cst.BinaryOperation and isinstance(node.left.operator, (cst.Add, cst.Subtract))
        return replace(found, round=True) if beside else found
    return found


def _number(value: Value) -> Value:
    """A number of elements that is known, as a constant."""
    if isinstance(value, Data) and value.count is not None and value.count.exact is not None and not value.reads:
        return Const(value.count.exact)
    return value


def _numeric(left: Value, right: Value) -> bool:
    return any(isinstance(value, Const) or (isinstance(value, Data) and value.plain) for value in (left, right))


def fold(sign: cst.CSTNode, left: Const, right: Const) -> Value:
    """Constant arithmetic, as long as its result stays small."""
    compute = _ARITHMETIC.get(type(sign))
    numbers = all(isinstance(value.value, (int, float)) for value in (left, right))
    if compute is None:
        return PLAIN
    if not numbers:
        if type(sign) is cst.Add and type(left.value) is type(right.value) and isinstance(left.value, (str, bytes)):
            return Const(left.value + right.value)  # type: ignore[operator]
        return PLAIN
    if isinstance(sign, (cst.Power, cst.LeftShift)) and abs(right.value) > 80:  # type: ignore[arg-type]
        return PLAIN
    try:
        result = compute(left.value, right.value)
    except (ArithmeticError, TypeError, ValueError):
        return PLAIN
    if isinstance(result, complex) or (isinstance(result, int) and abs(result) > _LARGEST):
        return PLAIN
    return Const(result, left.reads | right.reads)


def _concatenated(run: Run, left: Value, right: Value) -> Value:
    items = (*contents.parts_or_many(run, left), *contents.parts_or_many(run, right))
    return Items(items) if isinstance(left, Items) else contents.make(run, "list", dict(enumerate(items)), None, None)


def _repeated(run: Run, left: Value, times: Value) -> Value:
    items, element, _ = contents.elements(run, left)
    if items is not None and isinstance(times, Const) and isinstance(times.value, int) and times.value <= 16:
        whole = items * times.value
        if isinstance(left, Items):
            return Items(whole)
        return contents.make(run, "list", dict(enumerate(whole)), None, None)
    count = times.count if isinstance(times, Data) and times.count is not None else Count()
    many: Value = Many(element, count)
    return Items((many,)) if isinstance(left, Items) else contents.make(run, "list", {0: many}, None, None)


@evaluates(cst.BooleanOperation)
def boolean(run: Run, node: cst.BooleanOperation) -> Value:
    from .branches import either

    left = run.evaluate(node.left)
    as_truth(run, left, node.left)
    stop = type(node.operator) is cst.Or
    if isinstance(left, Const) and not left.reads:
        return left if bool(left.value) is stop else run.evaluate(node.right)
    right: list[Value] = []
    either(run, lambda: right.append(run.evaluate(node.right)), lambda: None, reads=from_values([left]).reads)
    if isinstance(left, Guard):
        return left
    if right and isinstance(right[0], Guard):
        return right[0] if not stop else UNKNOWN
    plain = isinstance(left, (Const, Data)) and (not right or isinstance(right[0], (Const, Data)))
    if plain:
        return from_values([left, *right])
    return join(left, right[0]) if right else left


@evaluates(cst.Comparison)
def comparison(run: Run, node: cst.Comparison) -> Value:
    left = run.evaluate(node.left)
    values = [left]
    verdict: Value | None = None
    for target in node.comparisons:
        right = run.evaluate(target.comparator)
        values.append(right)
        if type(target.operator) in (cst.In, cst.NotIn) and isinstance(right, Ref):
            if right.shared.kind in HOLDERS:
                values.append(contains(run, right, (left, node.left), node))
            elif right.shared.kind is Kind.RESULT:
                iterated(run, right, target.comparator)
        if type(target.operator) not in (cst.Is, cst.IsNot):
            as_number(run, left, node, "comparison")
            as_number(run, right, node, "comparison")
        if len(node.comparisons) == 1:
            verdict = compare(left, right, target.operator)
        left = right
    if run.copies:
        copies.read(run, values, node)
    if verdict is None and len(values) == 2:
        verdict = _told(values[0], values[1], node.comparisons[0].operator)
    return verdict if verdict is not None else from_values(values, plain=True)


def _told(left: Value, right: Value, sign: cst.CSTNode) -> Value | None:
    """``last = item is None``, ``late = p.exitcode is None``: what a test would tell, kept under a name."""
    if type(sign) not in (cst.Is, cst.IsNot, cst.Equal, cst.NotEqual) or not isinstance(right, Const):
        return None
    equal = isinstance(sign, (cst.Is, cst.Equal))
    if isinstance(left, Data) and left.seen is not None and left.message is None:
        return Data(plain=True, scalar=True, seen=left.seen.compared(right.value, equal=equal))
    if not isinstance(left, Data) or left.message is None or left.message.verb not in (Verb.GET, Verb.RECV):
        return None
    return Data(plain=True, scalar=True, told=Test(left.message, Constant(right.value), equal))


def compare(left: Value, right: Value, sign: cst.CSTNode) -> Value | None:
    """The outcome of a comparison where it is known."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Name) and one.dotted == "__name__" and isinstance(other, Const):
            truth = other.value == "__main__"
            return Guard(truth if isinstance(sign, (cst.Equal, cst.Is)) else not truth)
        if isinstance(one, Name) and one.dotted == "multiprocessing.main_process" and isinstance(other, Const):
            return Guard(isinstance(sign, (cst.Equal, cst.Is)))
    if type(sign) in _IDENTITY:
        for one, other in ((left, right), (right, left)):
            if isinstance(other, Const) and other.value is None:
                if isinstance(one, Const):
                    return Const((one.value is None) is (type(sign) is cst.Is))
                if isinstance(one, (Ref, Inst, Func, Coll, Items)):
                    return Const(type(sign) is cst.IsNot)
    if isinstance(left, Const) and isinstance(right, Const) and type(sign) in _COMPARISONS:
        try:
            return Const(bool(_COMPARISONS[type(sign)](left.value, right.value)), left.reads | right.reads)
        except TypeError:
            return None
    return None


def as_number(run: Run, value: Value, node: cst.CSTNode, how: str) -> None:
    """A wrapper used as if it were the number in it."""
    if isinstance(value, Ref) and value.shared.kind is Kind.VALUE:
        run.emit(Verb.AS_NUMBER, value.shared, node, how, exact=value.exact)


def as_truth(run: Run, value: Value, node: cst.CSTNode) -> None:
    """The same tested for truth; where there may be none, that asks whether there is one, and is inexact."""
    if isinstance(value, Ref) and value.shared.kind is Kind.VALUE:
        surely = ("optional", value.shared) not in run.made and ("absent", id(node)) not in run.made
        tests: list[Event] = run.made.setdefault(("tests", id(node)), [])
        tests.append(run.emit(Verb.AS_NUMBER, value.shared, node, "truth", exact=surely))
    elif type(value) is Const and value.value is None:
        run.made["absent", id(node)] = True
        for test in run.made.get(("tests", id(node)), ()):
            test.exact = False
