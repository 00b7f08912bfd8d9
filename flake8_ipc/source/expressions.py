"""Expressions -> values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import libcst as cst

from ..model import Count
from . import contents, copies, dicts
from .attributes import get_attribute
from .branches import either
from .calls import call_method, evaluate_call
from .comprehensions import comprehend
from .conditions import condition
from .elements import iterated, read_element
from .iteration import iterate
from .joining import from_values, join, spread
from .lookup import assign, lookup
from .proxies import show
from .reach import expose
from .run import Run, evaluates
from .values import (
    PLAIN,
    SCALAR,
    UNKNOWN,
    Arguments,
    Coll,
    Const,
    Content,
    Data,
    Func,
    Generator,
    Inst,
    Items,
    OneOf,
    Pid,
    Ref,
    Value,
)


@evaluates(cst.Name)
def name(run: Run, node: cst.Name) -> Value:
    if run.copies:
        copies.name_seen(run, node)
    return lookup(run, node.value)


@evaluates(cst.SimpleString)
def string(run: Run, node: cst.SimpleString) -> Value:
    text = node.value
    # libcst compiles each literal; most are their own text.
    plain = text[0] == text[-1] and text[0] in "'\"" and "\\" not in text and text[:3] not in ("\"\"\"", "'''")
    return Const(text[1:-1] if plain else node.evaluated_value)


@evaluates(cst.ConcatenatedString)
def strings(run: Run, node: cst.ConcatenatedString) -> Value:
    value = node.evaluated_value
    return Const(value) if value is not None else SCALAR


@evaluates(cst.Integer)
def integer(run: Run, node: cst.Integer) -> Value:
    return Const(int(node.value) if node.value.isdecimal() else node.evaluated_value)


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
        if type(part) is cst.FormattedStringExpression:
            values.append(run.evaluate(part.expression))
            show(run, values[-1], part)
    if run.copies:
        copies.read(run, values, node)
    pid = next((value for value in values if isinstance(value, Pid)), None)
    # The text that is made of something of one's own is one's own.
    return pid or from_values(values, scalar=True, keep=True)


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
    kind = "list" if type(node) is cst.List else "set"
    return contents.make(run, kind, dict(enumerate(_elements(run, node.elements))), None, None)


def _elements(run: Run, nodes: Any) -> list[Value]:
    """The values of a display's elements; a starred one of unknown length is a Many."""
    values: list[Value] = []
    for element in nodes:
        value = run.evaluate(element.value)
        if type(element) is cst.StarredElement:
            if isinstance(value, (Ref, OneOf, Generator)):
                value = Items(*iterated(run, value, element.value))
            values += contents.parts_or_many(run, value)
        else:
            values.append(value)
    return values


@evaluates(cst.Dict)
def dict_(run: Run, node: cst.Dict) -> Value:
    content = Content({})
    for element in node.elements:
        if type(element) is cst.StarredDictElement:
            content = dicts.merged(run, content, run.evaluate(element.value))
        else:
            key = run.evaluate(element.key) if type(element) is cst.DictElement else UNKNOWN
            dicts.enter(content, key, run.evaluate(element.value))
    keys = content.keys if content.keys is not None and contents.bare(run, content.keys) else None
    return contents.make(run, "dict", content.items, content.element, None, keys)


@evaluates(cst.Subscript)
def subscripted(run: Run, node: cst.Subscript) -> Value:
    owner = run.evaluate(node.value)
    index = index_of(run, node)
    if run.copies:
        copies.element_seen(run, owner, index, node)
    for option in spread(owner):
        if isinstance(option, Ref):
            return read_element(run, owner, index, node)
        if isinstance(option, Inst):
            return call_method(run, option, "__getitem__", Arguments([(index, node)]), node)
    if isinstance(owner, (Items, Coll)) and type(node.slice[0].slice) is cst.Slice:
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
        if type(element.slice) is cst.Index:
            values.append(run.evaluate(element.slice.value))
            whole = False
        elif type(element.slice) is cst.Slice:
            bounds = [part for part in (element.slice.lower, element.slice.upper) if part is not None]
            values += [run.evaluate(part) for part in bounds]
            if bounds:
                whole = False
    if whole:
        return Items(None)
    first = node.slice[0].slice
    if type(first) is cst.Slice:
        piece = _piece(first, values) if len(node.slice) == 1 else None
        return piece or from_values(values, keep=True)
    return values[0] if len(values) == 1 else from_values(values, keep=True)


def _piece(node: cst.Slice, bounds: list[Value]) -> Value | None:
    """The numbers from the first bound up to the second one, where both are known; none where they count from the end."""
    known = [bound.value for bound in bounds if isinstance(bound, Const) and isinstance(bound.value, int) and bound.value >= 0]
    if node.upper is None or node.step is not None or len(known) != len(bounds):
        return None
    return Data(plain=True, span=range(*known))


@evaluates(cst.IfExp)
def conditional(run: Run, node: cst.IfExp) -> Value:
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
    run.awaited.add(id(node.expression))
    return run.evaluate(node.expression)


@evaluates(cst.Yield)
def yielded(run: Run, node: cst.Yield) -> Value:
    if type(node.value) is cst.From:
        source = run.evaluate(node.value.item)
        iterate(run, source, lambda item: _hand_out(run, item, node), node)
        return UNKNOWN
    _hand_out(run, run.evaluate(node.value) if node.value is not None else Const(None), node)
    return Data(anything=True)


def _hand_out(run: Run, value: Value, node: cst.Yield) -> None:
    if run.frame.on_yield is not None:
        run.frame.on_yield(value, node)
    else:
        expose(run, value)


@evaluates(cst.ListComp, cst.SetComp, cst.GeneratorExp, cst.DictComp)
def comprehension(run: Run, node: cst.ListComp | cst.SetComp | cst.GeneratorExp | cst.DictComp) -> Value:
    return comprehend(run, node)


@evaluates(cst.StarredElement)
def starred(run: Run, node: cst.StarredElement) -> Value:
    return run.evaluate(node.value)
