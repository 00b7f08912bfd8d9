"""What is known where either of several values may be, and whether two tell the same."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import libcst as cst

from ..model import Count, Event, Shared
from .values import (
    NEVER_PUT,
    NOTHING,
    NO_LOOPS,
    PLAIN,
    SCALAR,
    UNKNOWN,
    Coll,
    Const,
    Content,
    Context,
    Data,
    Func,
    Inst,
    Items,
    Many,
    Method,
    Name,
    OneOf,
    Partial,
    Puts,
    Ref,
    Value,
    View,
)


def same(one: Value, other: Value) -> bool:
    """Whether two values tell the same."""
    if one is other:
        return True
    kind = type(one)
    alike = _ALIKE.get(kind)
    return alike is not None and kind is type(other) and alike(one, other)


def _same_constant(one: Const, other: Const) -> bool:
    return type(one.value) is type(other.value) and one.value == other.value and one.reads == other.reads


def _same_ref(one: Ref, other: Ref) -> bool:
    same_way = one.inherited == other.inherited and one.exact == other.exact and one.received == other.received
    return one.shared is other.shared and same_way and one.key is other.key


def _same_items(one: Items, other: Items) -> bool:
    if one.items is None or other.items is None:
        return one.items is other.items and same(one.element, other.element)
    return len(one.items) == len(other.items) and all(map(same, one.items, other.items))


def _same_inst(one: Inst, other: Inst) -> bool:
    known = one.key == other.key or (one.shared is not None and one.shared is other.shared)
    return known and one.puts == other.puts


def _same_partial(one: Partial, other: Partial) -> bool:
    alike = len(one.args) == len(other.args) and one.kwargs == other.kwargs
    return alike and same(one.func, other.func) and all(map(same, one.args, other.args))


def _same_content(one: Content, other: Content) -> bool:
    """Whether two contents tell the same; that a loop has begun to fill a collection makes no difference."""
    if (one.items is None) is not (other.items is None) or one.keys is not other.keys:
        return False
    if one.items is None or other.items is None:
        return one.element is other.element or (
            one.element is not None and other.element is not None and same(one.element, other.element)
        )
    known = list(one.items)
    if list(other.items)[: len(known)] != known:
        return False
    return all(
        same(one.items[key], value) if key in one.items else isinstance(value, Many) for key, value in other.items.items()
    )


# How two values of one kind are compared; those of other kinds are the same where they are one.
_ALIKE: dict[type[Value], Callable[[Any, Any], bool]] = {
    Const: _same_constant,
    Ref: _same_ref,
    View: _same_ref,
    Name: lambda one, other: bool(one.dotted == other.dotted),
    Context: lambda one, other: bool(one.method == other.method),
    Coll: lambda one, other: bool(one.key == other.key and one.puts == other.puts),
    Items: _same_items,
    Func: lambda one, other: one.node is other.node and one.bound is other.bound,
    Inst: _same_inst,
    Partial: _same_partial,
    Method: lambda one, other: one.name == other.name and same(one.owner, other.owner),
    Many: lambda one, other: one.loop == other.loop and same(one.element, other.element),
    Content: _same_content,
    OneOf: lambda one, other: len(one.options) == len(other.options) and all(map(same, one.options, other.options)),
}


# More alternatives than these are not kept apart.
_OPTIONS = 6
_CONSTANTS = 16


def join(one: Value, other: Value) -> Value:
    """What is known where either may be."""
    if type(one) is Content and type(other) is Content:
        return one if one is other else join_content(one, other)
    if same(one, other):
        return one
    merged = _merged(one, other)
    if merged is not None:
        return merged
    options: list[Value] = []
    for value in (*spread(one), *spread(other)):
        if not any(same(value, known) for known in options):
            _add_option(options, value)
    data = [value for value in options if type(value) is Data]
    rest = [value for value in options if type(value) is not Data]
    if data:
        rest.append(functools.reduce(both, data))
    if len(rest) > (_CONSTANTS if all(type(value) is Const for value in rest) else _OPTIONS):
        return from_values(rest)
    return rest[0] if len(rest) == 1 else OneOf(tuple(rest))


def _merged(one: Value, other: Value) -> Value | None:
    """Two values of one kind as one of that kind, where they are alike enough."""
    if isinstance(one, Data):
        return both(one, other) if isinstance(other, Data) else None
    if isinstance(one, (Coll, Inst)):
        if isinstance(other, (Coll, Inst)) and one.key == other.key:
            return replace(one, puts=one.puts | other.puts)
        return None
    if isinstance(one, Many) and isinstance(other, Many):
        return Many(join(one.element, other.element), one.count if one.count is other.count else Count(), one.loop)
    if isinstance(one, Items) and isinstance(other, Items) and _alike(one, other):
        pairs = zip(one.items or (), other.items or ())
        return Items(tuple(join(left, right) for left, right in pairs), UNKNOWN, one.count, one.sequence)
    return None


def _add_option(options: list[Value], value: Value) -> None:
    """One more option; an object that is there already is only told apart by where it was put."""
    if isinstance(value, (Coll, Inst)):
        for index, known in enumerate(options):
            if isinstance(known, (Coll, Inst)) and known.key == value.key:
                options[index] = replace(known, puts=known.puts | value.puts)
                return
    options.append(value)


def _alike(one: Items, other: Items) -> bool:
    """Whether two tuples have the same form: as many items, none of them Many."""
    if one.items is None or other.items is None or len(one.items) != len(other.items):
        return False
    return not any(isinstance(item, Many) for item in (*one.items, *other.items))


def join_content(one: Content, other: Content) -> Content:
    """The content of a collection after either of two paths."""
    keys = one.keys if other.keys is None else other.keys
    if one.items is not None and other.items is not None:
        less, more = sorted((one.items, other.items), key=len)
        if list(more)[: len(less)] == list(less) and all(isinstance(more[key], Many) for key in more if key not in less):
            filled: dict[object, Value] = {}
            for key, value in more.items():
                filled[key] = join(less[key], value) if key in less else value
            return Content(filled, None, None, keys)
    element = one.element if other.element is None else other.element
    if one.element is not None and other.element is not None:
        element = join(one.element, other.element)
    count = one.count if one.count is other.count else Count()
    for content in (one, other):
        for item in (content.items or {}).values():
            # Which element is where is not known any more, nor which of them was put and taken out since.
            value = with_puts(item.element if isinstance(item, Many) else item, NEVER_PUT)
            element = value if element is None else join(element, value)
    # An empty collection that one path filled is what the filling path made of it.
    if one.items == {} and other.items is None:
        count = other.count
    if other.items == {} and one.items is None:
        count = one.count
    return Content(None, element, count, keys)


def both(one: Data, other: Data) -> Data:
    """Data that is either, or made of both."""
    if one is other:
        return one
    return Data(
        reads=one.reads | other.reads,
        varies=one.varies & other.varies,
        own=one.own and other.own,
        message=one.message if one.message is other.message else None,
        sizes=tuple(dict.fromkeys(one.sizes + other.sizes)),
        size_of=tuple(dict.fromkeys(one.size_of + other.size_of)),
        plain=one.plain and other.plain,
        scalar=one.scalar and other.scalar,
        anything=one.anything or other.anything,
        copy=one.copy if one.copy is other.copy else None,
        thing=one.thing or other.thing,
        mutable=one.mutable and other.mutable,
        puts=one.puts | other.puts,
        told=one.told if one.told is other.told else None,
        seen=one.seen if one.seen is other.seen else None,
    )


def from_values(values: Iterable[Value], *, plain: bool = False, keep: bool = False, scalar: bool = False) -> Data:
    """Data computed from these values: it depends on all they depend on.

    With ``keep`` it still differs from turn to turn where one of them does (a sum with a loop's own index). A ``scalar``
    is plain, too.
    """
    reads: frozenset[Event] = NOTHING
    sizes: tuple[cst.CSTNode, ...] = ()
    size_of: tuple[Shared, ...] = ()
    varies: frozenset[int] = NO_LOOPS
    own = False
    for value in values:
        for one in spread(value):
            if type(one) is Data:
                if one is UNKNOWN or one is PLAIN:
                    continue
                reads |= one.reads
                sizes += one.sizes
                size_of += one.size_of
                if keep:
                    varies |= one.varies
                    own = own or one.own
            elif type(one) is Const:
                reads |= one.reads
            elif isinstance(one, Items):
                inner = from_values([*(one.items or ()), one.element])
                reads |= inner.reads
    if not reads and not sizes and not varies and not own:
        return SCALAR if scalar else PLAIN if plain else UNKNOWN
    return Data(reads=reads, sizes=sizes, size_of=size_of, plain=plain or scalar, scalar=scalar, varies=varies, own=own)


def spread(value: Value) -> tuple[Value, ...]:
    """The options of a OneOf, or the value itself."""
    return value.options if type(value) is OneOf else (value,)


def is_scalar(value: Value) -> bool:
    """Whether a value is surely a number or a text."""
    if isinstance(value, Data):
        return value.scalar
    return isinstance(value, Const) and isinstance(value.value, (int, float, str))


def as_constant(value: Value) -> Const | None:
    """The constant that a value is, a tuple of constants included."""
    if isinstance(value, Const):
        return value
    if isinstance(value, Items) and value.items and value.sequence:
        parts = [as_constant(item) for item in value.items]
        known = tuple(part.value for part in parts if part is not None)
        return Const(known) if len(known) == len(parts) else None
    return None


def with_puts(value: Value, puts: Puts) -> Value:
    """The value, known to have been put at these places, and at no other."""
    if isinstance(value, (Coll, Inst, Data)) and value.puts != puts:
        return replace(value, puts=puts)
    if isinstance(value, OneOf):
        options = tuple(with_puts(option, puts) for option in value.options)
        unchanged = all(one is other for one, other in zip(options, value.options))
        return value if unchanged else OneOf(options)
    return value


def is_faceless(value: Value) -> bool:
    """Whether nothing is known of a value but, perhaps, that it is an object of its own."""
    if value is UNKNOWN or value is PLAIN or value is SCALAR:
        return True
    if not isinstance(value, Data) or not value.thing:
        return False
    told = value.reads or value.message or value.sizes or value.own or value.varies or value.anything or value.copy
    return not (told or value.plain or value.count is not None or value.loop_item)


def is_boring(value: Value) -> bool:
    """Whether a value says nothing that a called function could care for."""
    if isinstance(value, Data):
        told = value.reads or value.message or value.sizes or value.own or value.varies
        return not (told or value.copy or value.puts)
    if isinstance(value, Const):
        return not value.reads
    if isinstance(value, Items):
        return all(map(is_boring, value.items or ())) and is_boring(value.element)
    if isinstance(value, Many):
        return is_boring(value.element)
    return isinstance(value, Name)
