"""Expressions -> values."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import libcst as cst

from ..model import CELLS, Count, Kind, Verb
from . import contents
from .attributes import get_attribute
from .calls import call_value, evaluate_call
from .deeds import iterated
from .lookup import assign, lookup
from .names import canonical
from .run import Run, evaluates, join_vars
from .values import (
    PLAIN,
    UNKNOWN,
    Arguments,
    Coll,
    Const,
    Data,
    Func,
    Generator,
    Guard,
    Inst,
    Items,
    Many,
    Name,
    OneOf,
    Pid,
    Ref,
    Value,
    from_values,
    join,
    spread,
)

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
_KEEPS_APART = (cst.Add, cst.Subtract, cst.Multiply)
_SET_SIGNS = (cst.BitOr, cst.BitAnd, cst.BitXor, cst.Subtract)
_LARGEST = 1 << 80


@evaluates(cst.Name)
def name(run: Run, node: cst.Name) -> Value:
    return lookup(run, node.value)


@evaluates(cst.SimpleString)
def string(run: Run, node: cst.SimpleString) -> Value:
    return Const(node.evaluated_value)


@evaluates(cst.ConcatenatedString)
def strings(run: Run, node: cst.ConcatenatedString) -> Value:
    value = node.evaluated_value
    return Const(value) if value is not None else PLAIN


@evaluates(cst.Integer)
def integer(run: Run, node: cst.Integer) -> Value:
    return Const(node.evaluated_value)


@evaluates(cst.Float)
def floating(run: Run, node: cst.Float) -> Value:
    return Const(node.evaluated_value)


@evaluates(cst.Imaginary, cst.Ellipsis)
def plain(run: Run, node: cst.CSTNode) -> Value:
    return PLAIN


@evaluates(cst.FormattedString)
def formatted(run: Run, node: cst.FormattedString) -> Value:
    values = []
    for part in node.parts:
        if isinstance(part, cst.FormattedStringExpression):
            values.append(run.evaluate(part.expression))
    pid = next((value for value in values if isinstance(value, Pid)), None)
    return pid or from_values(values, plain=True)


@evaluates(cst.Attribute)
def attribute(run: Run, node: cst.Attribute) -> Value:
    return get_attribute(run, run.evaluate(node.value), node.attr.value, node)


@evaluates(cst.Call)
def call(run: Run, node: cst.Call) -> Value:
    return evaluate_call(run, node)


@evaluates(cst.Tuple)
def tuple_(run: Run, node: cst.Tuple) -> Value:
    return Items(tuple(_elements(run, node.elements)))


@evaluates(cst.List, cst.Set)
def list_(run: Run, node: cst.List | cst.Set) -> Value:
    kind = "list" if isinstance(node, cst.List) else "set"
    return contents.make(run, kind, dict(enumerate(_elements(run, node.elements))), None, None)


def _elements(run: Run, nodes: Any) -> list[Value]:
    """The values of a display's elements; a starred one of unknown length is a Many."""
    values: list[Value] = []
    for element in nodes:
        value = run.evaluate(element.value)
        if isinstance(element, cst.StarredElement):
            if isinstance(value, (Ref, OneOf)):
                value = Items(*iterated(run, value, element.value))
            values += _parts(run, value)
        else:
            values.append(value)
    return values


def _parts(run: Run, value: Value) -> tuple[Value, ...]:
    known = contents.parts(run, value)
    if known is not None:
        return known
    _, element, count = contents.elements(run, value)
    return (Many(element, count or Count()),)


@evaluates(cst.Dict)
def dict_(run: Run, node: cst.Dict) -> Value:
    items: dict[object, Value] | None = {}
    summary: Value | None = None
    keys: Value | None = None
    for element in node.elements:
        if isinstance(element, cst.StarredDictElement):
            value = run.evaluate(element.value)
            inner = run.content(value) if isinstance(value, Coll) else None
            if inner is not None and inner.items is not None and items is not None:
                items.update(inner.items)
            else:
                items = None
            continue
        key = run.evaluate(element.key) if isinstance(element, cst.DictElement) else UNKNOWN
        value = run.evaluate(element.value)
        if isinstance(key, Const) and items is not None:
            items[key.value] = value
        else:
            items = None
            keys = key if keys is None else join(keys, key)
        summary = value if summary is None else join(summary, value)
    keys = keys if keys is not None and contents.bare(run, keys) else None
    return contents.make(run, "dict", items, summary if items is None else None, None, keys)


@evaluates(cst.Subscript)
def subscripted(run: Run, node: cst.Subscript) -> Value:
    owner = run.evaluate(node.value)
    index = index_of(run, node)
    for option in spread(owner):
        if isinstance(option, Ref):
            from .deeds import read_element

            return read_element(run, owner, index, node)
        if isinstance(option, Inst):
            from .calls import call_method

            return call_method(run, option, "__getitem__", Arguments([(index, node)]), node)
    if isinstance(owner, (Items, Coll)) and isinstance(node.slice[0].slice, cst.Slice):
        return _slice_of(run, owner, index)
    return contents.subscript(run, owner, index)


def _slice_of(run: Run, owner: Items | Coll, index: Value) -> Value:
    """A piece of a collection: all of it for ``[:]``, else some of its elements."""
    known = contents.parts(run, owner)
    _, element, count = contents.elements(run, owner)
    if isinstance(index, Items):
        if isinstance(owner, Items):
            return owner
        return contents.make(run, owner.kind, dict(enumerate(known)) if known is not None else None, element, count)
    if isinstance(element, Data) and isinstance(index, Data) and (index.own or index.varies):
        element = replace(element, own=element.own or index.own, varies=element.varies | index.varies)
    numbers = isinstance(owner, Items) and owner.numbers
    return Items(None, contents.inexact(element), Count(), numbers=numbers)


def index_of(run: Run, node: cst.Subscript) -> Value:
    """The index of a subscript; a slice gives the data its bounds are made of."""
    values: list[Value] = []
    whole = True
    for element in node.slice:
        if isinstance(element.slice, cst.Index):
            values.append(run.evaluate(element.slice.value))
            whole = False
        elif isinstance(element.slice, cst.Slice):
            bounds = [part for part in (element.slice.lower, element.slice.upper) if part is not None]
            values += [run.evaluate(part) for part in bounds]
            if bounds:
                whole = False
    if whole:
        return Items(None)
    first = node.slice[0].slice
    if isinstance(first, cst.Slice):
        return from_values(values, keep=True)
    return values[0] if len(values) == 1 else from_values(values, keep=True)


@evaluates(cst.UnaryOperation)
def unary(run: Run, node: cst.UnaryOperation) -> Value:
    value = run.evaluate(node.expression)
    as_number(run, value, node, "-")
    if isinstance(value, Guard) and isinstance(node.operator, cst.Not):
        return Guard(not value.truth)
    if isinstance(value, Const):
        try:
            if isinstance(node.operator, cst.Minus):
                return Const(-value.value)  # type: ignore[operator]
            if isinstance(node.operator, cst.Not):
                return Const(not value.value)
            if isinstance(node.operator, cst.Plus):
                return value
        except TypeError:
            return PLAIN
    return from_values([value], plain=True, keep=True)


@evaluates(cst.BinaryOperation)
def binary(run: Run, node: cst.BinaryOperation) -> Value:
    left, right = run.evaluate(node.left), run.evaluate(node.right)
    for value in (left, right):
        as_number(run, value, node, "arithmetic")
    if isinstance(left, Const) and isinstance(right, Const):
        return fold(node.operator, left, right)
    if isinstance(node.operator, cst.Add) and isinstance(left, (Items, Coll)) and isinstance(right, (Items, Coll)):
        return _concatenated(run, left, right)
    if isinstance(node.operator, cst.Multiply) and isinstance(left, (Items, Coll)):
        return _repeated(run, left, right)
    if isinstance(node.operator, _SET_SIGNS) and isinstance(left, Coll):
        return contents.make(run, left.kind, None, contents.elements(run, left)[1], None)
    return from_values([left, right], plain=_numeric(left, right), keep=isinstance(node.operator, _KEEPS_APART))


def _numeric(left: Value, right: Value) -> bool:
    return any(isinstance(value, Const) or (isinstance(value, Data) and value.plain) for value in (left, right))


def fold(sign: cst.CSTNode, left: Const, right: Const) -> Value:
    """Constant arithmetic, as long as its result stays small."""
    compute = _ARITHMETIC.get(type(sign))
    numbers = all(isinstance(value.value, (int, float)) for value in (left, right))
    if compute is None:
        return PLAIN
    if not numbers:
        if isinstance(sign, cst.Add) and type(left.value) is type(right.value) and isinstance(left.value, (str, bytes)):
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
    items = (*_parts(run, left), *_parts(run, right))
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
    from .statements import either

    left = run.evaluate(node.left)
    as_number(run, left, node.left, "truth")
    stop = isinstance(node.operator, cst.Or)
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
        if isinstance(target.operator, (cst.In, cst.NotIn)) and _is_iterator(right):
            iterated(run, right, target.comparator)
        if not isinstance(target.operator, (cst.Is, cst.IsNot)):
            as_number(run, left, node, "comparison")
            as_number(run, right, node, "comparison")
        if len(node.comparisons) == 1:
            verdict = compare(left, right, target.operator)
        left = right
    return verdict if verdict is not None else from_values(values, plain=True)


def _is_iterator(value: Value) -> bool:
    return isinstance(value, Ref) and value.shared.kind is Kind.RESULT


def compare(left: Value, right: Value, sign: cst.CSTNode) -> Value | None:
    """The outcome of a comparison where it is known."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Name) and one.dotted == "__name__" and isinstance(other, Const):
            truth = other.value == "__main__"
            return Guard(truth if isinstance(sign, (cst.Equal, cst.Is)) else not truth)
        if isinstance(one, Name) and one.dotted == "multiprocessing.main_process" and isinstance(other, Const):
            return Guard(isinstance(sign, (cst.Equal, cst.Is)))
    if isinstance(sign, (cst.Is, cst.IsNot)):
        for one, other in ((left, right), (right, left)):
            if isinstance(other, Const) and other.value is None:
                if isinstance(one, Const):
                    return Const((one.value is None) is isinstance(sign, cst.Is))
                if isinstance(one, (Ref, Inst, Func, Coll, Items)):
                    return Const(isinstance(sign, cst.IsNot))
    if isinstance(left, Const) and isinstance(right, Const) and type(sign) in _COMPARISONS:
        try:
            return Const(bool(_COMPARISONS[type(sign)](left.value, right.value)), left.reads | right.reads)
        except TypeError:
            return None
    return None


def as_number(run: Run, value: Value, node: cst.CSTNode, how: str) -> None:
    """A wrapper used as if it were the number in it."""
    if isinstance(value, Ref) and value.shared.kind is Kind.VALUE and value.shared.kind in CELLS:
        run.emit(Verb.AS_NUMBER, value.shared, node, how, exact=value.exact)


@evaluates(cst.IfExp)
def conditional(run: Run, node: cst.IfExp) -> Value:
    from .statements import condition, either

    results: list[Value] = []
    test = condition(run, node.test)
    either(
        run,
        lambda: results.append(run.evaluate(node.body)),
        lambda: results.append(run.evaluate(node.orelse)),
        test=test,
    )
    joined = results[0] if results else UNKNOWN
    for value in results[1:]:
        joined = join(joined, value)
    return joined


@evaluates(cst.NamedExpr)
def walrus(run: Run, node: cst.NamedExpr) -> Value:
    value = run.evaluate(node.value)
    assign(run, node.target, value)
    return value


@evaluates(cst.Lambda)
def lambda_(run: Run, node: cst.Lambda) -> Value:
    run.frame.scope.captured = True
    return Func(node, run.frame.scope, "lambda", nested=True, defaults=defaults_of(run, node.params))


def defaults_of(run: Run, params: cst.Parameters) -> dict[str, Value]:
    """The values of a function's parameter defaults, worked out where it is defined."""
    found = {}
    for param in (*params.posonly_params, *params.params, *params.kwonly_params):
        if param.default is not None:
            found[param.name.value] = run.evaluate(param.default)
    return found


@evaluates(cst.Await)
def awaited(run: Run, node: cst.Await) -> Value:
    return run.evaluate(node.expression)


@evaluates(cst.Yield)
def yielded(run: Run, node: cst.Yield) -> Value:
    if isinstance(node.value, cst.From):
        source = run.evaluate(node.value.item)
        from .loops import iterate

        iterate(run, source, lambda item: _hand_out(run, item), node)
        return UNKNOWN
    _hand_out(run, run.evaluate(node.value) if node.value is not None else Const(None))
    return Data(anything=True)


def _hand_out(run: Run, value: Value) -> None:
    if run.frame.on_yield is not None:
        run.frame.on_yield(value)
    else:
        run.open(value)


@evaluates(cst.ListComp, cst.SetComp, cst.GeneratorExp, cst.DictComp)
def comprehension(run: Run, node: cst.ListComp | cst.SetComp | cst.GeneratorExp | cst.DictComp) -> Value:
    from .loops import comprehend

    return comprehend(run, node)


@evaluates(cst.StarredElement)
def starred(run: Run, node: cst.StarredElement) -> Value:
    return run.evaluate(node.value)


__all__ = ["Generator", "OneOf", "call_value", "canonical", "join_vars"]
