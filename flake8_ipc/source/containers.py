"""Methods of plain lists, dicts, sets, strings and of data."""

from __future__ import annotations

import libcst as cst

from ..model import Count
from . import contents, copies, dicts
from .changes import MUTATORS, note_change
from .elements import iterated
from .joining import from_values, join
from .reach import expose
from .run import Run
from .values import PLAIN, UNKNOWN, Arguments, Cls, Coll, Const, Content, Data, Generator, Items, Many, Ref, Value

_ADDS = frozenset({"append", "add", "appendleft", "put", "insert"})
_READS = frozenset({"copy", "keys", "values", "items", "index", "count", "__len__", "__contains__"})

# What goes through all that it is given at once.
_CONSUMES = frozenset("extend extendleft update union intersection difference join writelines".split())
# Methods of a text that give a text.
_TEXTS = frozenset("format join lower upper strip lstrip rstrip title replace zfill center ljust rjust".split())


def call_container(run: Run, owner: Value, name: str, args: Arguments, node: cst.CSTNode) -> Value:
    """What ``owner.name(...)`` does, where the owner is no shared object."""
    if name in MUTATORS:
        note_change(run, owner, node)
    if run.born or run.copies:
        _note(run, owner, name, args, node)
    if name in _CONSUMES and any(isinstance(value, Generator) for value in args.values()):
        args = Arguments([(Items(*iterated(run, value, at)), at) for value, at in args.positional])
    if isinstance(owner, Coll) and owner.kind == "exit stack":
        from .withs import on_stack

        return on_stack(run, owner, name, args, node)
    if isinstance(owner, Coll):
        if name in ("extend", "update") and owner.kind != "dict" and any(isinstance(value, Ref) for value in args.values()):
            args = Arguments([(Items(*iterated(run, value, at)), at) for value, at in args.positional])
        return _call_coll(run, owner, name, args)
    if isinstance(owner, (Const, Items)):
        if name == "join" and args.positional:
            iterated(run, args.positional[0][0], node)
        text = isinstance(owner, Const) and name in _TEXTS
        plain = isinstance(owner, Const)
        return from_values([owner, *args.values()], plain=plain, keep=name == "format", scalar=text)
    if isinstance(owner, Data):
        expose(run, *args.values())
        return from_values([owner, *args.values()])
    if isinstance(owner, (Generator, Cls)):
        return UNKNOWN
    expose(run, *args.values())
    return UNKNOWN


def _note(run: Run, owner: Value, name: str, args: Arguments, node: cst.CSTNode) -> None:
    """What a method of a collection, or a string's ``join``, changes or reads of what children have copies of."""
    if isinstance(owner, Coll) and name in copies.CHANGES:
        copies.collection_changed(run, owner, node, args.get(0, "key") if name == "setdefault" else None)
    elif isinstance(owner, Coll) and name == "get" and args.positional:
        copies.element_seen(run, owner, args.positional[0][0], node)
    elif isinstance(owner, (Coll, Items)) and name not in copies.TAKES:
        copies.read(run, [owner], node)
    if isinstance(owner, (Coll, Items, Const)) and name not in ("append", "add"):
        copies.read(run, args.values(), node)


def _call_coll(run: Run, owner: Coll, name: str, args: Arguments) -> Value:
    values = list(args.values())
    if name in _ADDS and values:
        contents.add(run, owner, None, values[-1], keyed=False)
        if name in ("insert", "appendleft"):
            contents.forget_order(run, owner)
        return Const(None)
    if name == "update" and owner.kind == "dict":
        return _update(run, owner, args)
    if name in ("extend", "update") and values:
        return _extend(run, owner, values[0])
    if name in ("pop", "popleft", "popitem", "get", "setdefault"):
        return _take(run, owner, name, values)
    if name == "copy":
        content = run.content(owner)
        return contents.make(run, owner.kind, content.items, content.element, content.count, content.keys)
    if name == "values":
        return contents.values(run, owner)
    if name == "items":
        return _pairs(run, owner)
    if name == "keys":
        _, element, count = contents.elements(run, owner)
        return Items(contents.parts(run, owner), element, count, sequence=False)
    if name in ("remove", "clear", "discard", "sort", "reverse"):
        if name == "clear":
            run.store(owner.key, "", Content({}, None, None))
        elif name != "discard":
            contents.forget_order(run, owner)
        return Const(None)
    if name in _READS:
        return PLAIN
    return from_values(values)


def _pairs(run: Run, owner: Coll) -> Value:
    content = run.content(owner)
    if content.items is not None and content.keys is None:
        pairs: list[Value] = []
        for key, value in content.items.items():
            if isinstance(value, Many):
                pairs.append(Many(Items((UNKNOWN, value.element)), value.count, value.loop))
            else:
                pairs.append(Items((Const(key), value)))
        return Items(tuple(pairs), sequence=False)
    held = contents.values(run, owner)
    element = Items((content.keys or UNKNOWN, contents.elements(run, held)[1]))
    return Items(None, element, content.count, sequence=False)


def _update(run: Run, owner: Coll, args: Arguments) -> Value:
    content = dicts.of_call(run, run.content(owner), args)
    if ("kept", owner.key) in run.made:
        contents.keep(run, contents.summary(tuple((content.items or {}).values()), content.element))
    run.store(owner.key, "", content)
    return Const(None)


def _extend(run: Run, owner: Coll, value: Value) -> Value:
    known = contents.parts(run, value)
    _, element, count = contents.elements(run, value)
    mine = run.content(owner)
    if mine.items is None or run.loops:
        contents.add(run, owner, None, element, keyed=False)
        return Const(None)
    more = known if known is not None else (Many(element, count or Count()),)
    items: dict[object, Value] = dict(mine.items)
    for item in more:
        items[len(items)] = item
    run.store(owner.key, "", Content(items, None, None, mine.keys))
    return Const(None)


def _take(run: Run, owner: Coll, name: str, values: list[Value]) -> Value:
    content = run.content(owner)
    if owner.kind == "dict" and name in ("get", "setdefault") and values and isinstance(values[0], Const):
        if content.items is not None:
            if values[0].value in content.items:
                return contents.subscript(run, owner, values[0])
            if name == "get" and not any(isinstance(item, Many) for item in content.items.values()):
                return values[1] if len(values) > 1 else Const(None)
    single = not any(isinstance(item, Many) for item in (content.items or {}).values())
    if owner.kind == "list" and name == "pop" and not run.loops and content.items and single:
        last = len(content.items) - 1
        index = values[0].value if values and isinstance(values[0], Const) else (None if values else last)
        if index in (last, -1):
            rest = {key: item for key, item in content.items.items() if key != last}
            run.store(owner.key, "", Content(rest, None, None))
            return content.items[last]
    element = contents.elements(run, contents.values(run, owner))[1]
    if run.made.get(("drained", owner.key)) and name != "get":
        return element
    if name == "setdefault" and len(values) > 1:
        contents.add(run, owner, None, values[1], keyed=False)
        return join(element, values[1])
    if name not in ("get",):
        contents.forget_order(run, owner)
    taken = contents.inexact(element)
    return Items((UNKNOWN, taken)) if name == "popitem" else taken


__all__ = ["call_container"]
