"""What is inside a value: the elements of collections, attributes of objects, what a closure holds."""

from __future__ import annotations

import libcst as cst

from ..model import Count, PipeEnd, Process, Shared
from .run import Run
from .values import (
    UNKNOWN,
    Cls,
    Coll,
    Const,
    Content,
    Data,
    Func,
    Generator,
    Inst,
    Items,
    Method,
    OneOf,
    Partial,
    Ref,
    Scope,
    Value,
    from_values,
    join,
    spread,
)


def inside(run: Run, value: Value, found: dict[Shared, None]) -> list[Value]:
    """The values directly inside one; shared objects go to ``found``."""
    if isinstance(value, Ref):
        found[value.shared] = None
        return _attributes(run, id(value.shared))
    if isinstance(value, Inst):
        if value.shared is not None:
            found[value.shared] = None
        return _attributes(run, value.key)
    if isinstance(value, Items):
        return [*(value.items or ()), value.element]
    if isinstance(value, OneOf):
        return list(value.options)
    if isinstance(value, Coll):
        content = run.content(value)
        return [*(content.items or {}).values(), *([content.element] if content.element is not None else ())]
    if isinstance(value, Partial):
        return [value.func, *value.args, *(item for _, item in value.kwargs)]
    if isinstance(value, Method):
        return [value.owner]
    if isinstance(value, Func):
        return [*([value.bound] if value.bound is not None else ()), *_closed_over(run, value.scope)]
    if isinstance(value, Generator):
        return list(value.args.values())
    return []


def _attributes(run: Run, key: int) -> list[Value]:
    if run.vars is None:
        return []
    return [value for (owner, _), value in run.vars.items() if owner == key]


def _closed_over(run: Run, scope: Scope | None) -> list[Value]:
    values: list[Value] = []
    while scope is not None and scope.kind == "function":
        values += _attributes(run, scope.key)
        scope = scope.parent
    return values


def make(run: Run, kind: str, items: dict[object, Value] | None, element: Value | None, count: Count | None) -> Coll:
    """A new collection with this content."""
    coll = Coll(kind)
    run.store(coll.key, "", Content(items, element, count))
    return coll


def elements(run: Run, value: Value) -> tuple[tuple[Value, ...] | None, Value, Count | None]:
    """What iterating a value gives: its known items or None, a summary of every element, how many there are."""
    if isinstance(value, Items):
        return value.items, _summary(value.items, value.element), value.count
    if isinstance(value, Coll):
        content = run.content(value)
        if value.kind == "dict":
            if content.items is None:
                return None, UNKNOWN, content.count
            keys = tuple(Const(key) for key in content.items)
            return keys, _summary(keys, None), content.count
        known = tuple(content.items.values()) if content.items is not None else None
        return known, _inherit(value, _summary(known, content.element)), content.count
    if isinstance(value, Const) and isinstance(value.value, (str, bytes)):
        return None, UNKNOWN, None
    if isinstance(value, OneOf):
        summary: Value | None = None
        for option in value.options:
            _, element, _ = elements(run, option)
            summary = element if summary is None else join(summary, element)
        return None, summary or UNKNOWN, None
    if isinstance(value, Data):
        element = Data(reads=value.reads, own=value.own, varies=value.varies, anything=value.anything)
        return None, element if (value.reads or value.own or value.varies or value.anything) else UNKNOWN, value.count
    return None, UNKNOWN, None


def _inherit(coll: Coll, value: Value) -> Value:
    return inherited(value) if coll.inherited else value


def _summary(items: tuple[Value, ...] | None, element: Value | None) -> Value:
    summary = element
    for item in items or ():
        summary = item if summary is None or summary is UNKNOWN else join(summary, item)
    return UNKNOWN if summary is None else summary


def inherited(value: Value) -> Value:
    """The value, reached through a global that this process did not bind."""
    if isinstance(value, Ref):
        return Ref(value.shared, True, value.exact)
    if isinstance(value, Inst):
        return Inst(value.cls, value.shared, True, value.key)
    if isinstance(value, Coll):
        return Coll(value.kind, True, value.key)
    if isinstance(value, Items):
        return Items(
            tuple(map(inherited, value.items)) if value.items is not None else None,
            inherited(value.element),
            value.count,
            value.sequence,
            value.numbers,
        )
    if isinstance(value, OneOf):
        return OneOf(tuple(map(inherited, value.options)))
    if isinstance(value, Method):
        return Method(inherited(value.owner), value.name)
    return value


def inexact(value: Value) -> Value:
    """The value, when it may as well be another one of the same collection."""
    if isinstance(value, Ref):
        return Ref(value.shared, value.inherited, False)
    if isinstance(value, OneOf):
        return OneOf(tuple(map(inexact, value.options)))
    if isinstance(value, Items):
        items = tuple(map(inexact, value.items)) if value.items is not None else None
        return Items(items, inexact(value.element), value.count, value.sequence, value.numbers)
    return value


def subscript(run: Run, value: Value, index: Value) -> Value:
    """``value[index]`` of a plain collection."""
    if isinstance(value, OneOf):
        results = [subscript(run, option, index) for option in value.options]
        joined = results[0]
        for result in results[1:]:
            joined = join(joined, result)
        return joined
    key = index.value if isinstance(index, Const) else None
    if isinstance(value, Items):
        if value.items is not None and isinstance(key, int) and -len(value.items) <= key < len(value.items):
            return value.items[key]
        return inexact(elements(run, value)[1])
    if isinstance(value, Coll):
        content = run.content(value)
        if isinstance(index, Const) and content.items is not None:
            place = key % len(content.items) if value.kind == "list" and isinstance(key, int) and content.items else key
            if place in content.items:
                return _inherit(value, content.items[place])
        summary = _summary(tuple(content.items.values()) if content.items is not None else None, content.element)
        return _inherit(value, inexact(summary))
    return from_values([value, index])


def add(run: Run, coll: Coll, key: object, value: Value, *, keyed: bool) -> None:
    """Puts a value into a collection: under a known key, or as one more of its elements."""
    content = run.content(coll)
    items, element, count = content.items, content.element, content.count
    if items is not None and not run.loops and (keyed or coll.kind == "list"):
        place = key if keyed else len(items)
        run.store(coll.key, "", Content({**items, place: value}, element, Count(len(items) + 1, len(items) + 1)))
        return
    if items is not None and not items and element is None:
        count = run.turn_count()
    else:
        count = count if items is None else None
    summary = _summary(tuple(items.values()) if items is not None else None, element)
    joined = value if (summary is UNKNOWN and element is None and not items) else join(summary, value)
    run.store(coll.key, "", Content(None, joined, count or Count()))


def forget_order(run: Run, coll: Coll) -> None:
    """Something was taken out or moved: what is where is no longer known."""
    content = run.content(coll)
    known = tuple(content.items.values()) if content.items is not None else None
    summary = _summary(known, content.element)
    run.store(coll.key, "", Content(None, None if summary is UNKNOWN else summary, Count()))


def processes_in(value: Value) -> list[Process]:
    """The process objects among a value's alternatives."""
    found = []
    for option in spread(value):
        shared = option.shared if isinstance(option, (Ref, Inst)) else None
        if isinstance(shared, Process):
            found.append(shared)
    return found


def ends_in(value: Value) -> list[PipeEnd]:
    """The pipe ends among a value's alternatives."""
    return [option.shared for option in spread(value) if isinstance(option, Ref) and isinstance(option.shared, PipeEnd)]


def text(run: Run, node: cst.CSTNode) -> str:
    """An expression as the text has it, on one line."""
    return " ".join(run.frame.scope.module.tree.code_for_node(node).split())
