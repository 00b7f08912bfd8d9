"""What is inside a value: the elements of collections, attributes of objects, what a closure holds."""

from __future__ import annotations

import tokenize
from dataclasses import replace

import libcst as cst

from ..model import LOCKS, Count, Key, PipeEnd, Shared
from .joining import from_values, is_faceless, join, spread, with_puts
from .run import Run
from .values import (
    NEVER_PUT,
    UNKNOWN,
    Coll,
    Const,
    Content,
    Data,
    Inst,
    Items,
    Many,
    Method,
    OneOf,
    Puts,
    Ref,
    Value,
)


def make(
    run: Run,
    kind: str,
    items: dict[object, Value] | None,
    element: Value | None,
    count: Count | None,
    keys: Value | None = None,
) -> Coll:
    """A new collection with this content."""
    coll = Coll(kind)
    for value in (*(items or {}).values(), element):
        if type(value) is Data and value.copy is not None:
            value.copy.kept = True
    run.store(coll.key, "", Content(items, element, count, keys))
    return coll


def parts(run: Run, value: Value) -> tuple[Value, ...] | None:
    """The parts of a collection in order, some of which may be Many; None where the order is not known."""
    if isinstance(value, Items):
        return value.items
    if isinstance(value, Coll):
        content = run.content(value)
        if value.kind == "dict":
            if content.items is None or content.keys is not None:
                return None
            return tuple(item if isinstance(item, Many) else Const(key) for key, item in content.items.items())
        if content.items is None:
            return None
        items = tuple(content.items.values())
        if value.puts:
            items = tuple(_put_along(item, value.puts) for item in items)
        return tuple(_inherit(run, value, item) for item in items)
    return None


def _put_along(item: Value, puts: Puts) -> Value:
    """A part of a collection that was put: those that are not told apart went along."""
    return replace(item, element=with_puts(item.element, puts)) if isinstance(item, Many) else item


def parts_or_many(run: Run, value: Value) -> tuple[Value, ...]:
    """The parts of a collection, as ``parts`` tells them; one Many where they are not known."""
    known = parts(run, value)
    if known is not None:
        return known
    _, element, count = elements(run, value)
    return (Many(element, count or Count()),)


def elements(run: Run, value: Value) -> tuple[tuple[Value, ...] | None, Value, Count | None]:
    """What iterating a value gives: its known items or None, a summary of every element, how many there are."""
    known = parts(run, value)
    if known is not None:
        every = summary(known, value.element if isinstance(value, Items) else None)
        if not any(isinstance(item, Many) for item in known):
            return known, every, value.count if isinstance(value, Items) else None
        only = known[0] if len(known) == 1 else None
        return None, every, only.count if isinstance(only, Many) else None
    if isinstance(value, Items):
        return None, value.element, value.count
    if isinstance(value, Coll):
        content = run.content(value)
        held = content.keys if value.kind == "dict" else content.element
        if value.kind != "dict" and content.items is not None:
            held = summary(tuple(content.items.values()), content.element)
        held = _inherit(run, value, held or UNKNOWN)
        return None, with_puts(held, value.puts) if value.puts else held, content.count
    if isinstance(value, OneOf):
        joined: Value | None = None
        for option in value.options:
            _, element, _ = elements(run, option)
            joined = element if joined is None else join(joined, element)
        return None, joined or UNKNOWN, None
    if isinstance(value, Data):
        told = value.reads or value.own or value.varies or value.anything or value.puts
        element = Data(
            reads=value.reads,
            own=value.own,
            varies=value.varies,
            anything=value.anything,
            copy=value.copy,
            puts=value.puts,
        )
        return None, element if told else UNKNOWN, value.count
    return None, UNKNOWN, None


def values(run: Run, coll: Coll) -> Items:
    """A dict's values (a list's elements) in order."""
    content = run.content(coll)
    if content.items is not None:
        items = tuple(_inherit(run, coll, item) for item in content.items.values())
        return Items(items, sequence=False)
    return Items(None, _inherit(run, coll, content.element or UNKNOWN), content.count, sequence=False)


def _inherit(run: Run, coll: Coll, value: Value) -> Value:
    """What a collection holds, as this process has it: only what it held at birth came along with it."""
    if not coll.inherited or run.birth is None:
        return inherited(value) if coll.inherited else value
    before = run.birth.get(coll.key, "")
    if type(before) is not Content:
        return value
    held = {id(option) for part in (*(before.items or {}).values(), before.element, before.keys) for option in _options(part)}
    if not any(id(option) in held for option in _options(value)):
        return value
    if isinstance(value, OneOf):
        return OneOf(tuple(inherited(option) if id(option) in held else option for option in value.options))
    return inherited(value)


def _options(value: Value | None) -> tuple[Value, ...]:
    """The alternatives of what a collection holds, those of a part of it included."""
    if value is None:
        return ()
    return spread(value.element) if isinstance(value, Many) else spread(value)


def summary(items: tuple[Value, ...] | None, element: Value | None) -> Value:
    """What stands for every element."""
    found = None if element is UNKNOWN else element
    for item in items or ():
        value = item.element if isinstance(item, Many) else item
        found = value if found is None else join(found, value)
    return UNKNOWN if found is None else found


def bare(run: Run, *values: Value) -> frozenset[Shared]:
    """The shared objects in these values themselves, or in plain collections of them."""
    found: set[Shared] = set()
    pending = list(values)
    seen: set[int] = set()
    while pending:
        value = pending.pop()
        if isinstance(value, Ref):
            found.add(value.shared)
        elif isinstance(value, Items):
            pending += [*(value.items or ()), value.element]
        elif isinstance(value, OneOf):
            pending += value.options
        elif isinstance(value, Many):
            pending.append(value.element)
        elif isinstance(value, Coll) and value.key not in seen:
            seen.add(value.key)
            content = run.content(value)
            pending += [*(content.items or {}).values(), *([content.element] if content.element is not None else [])]
    return frozenset(found)


def inherited(value: Value) -> Value:
    """The value, reached through a global that this process did not bind."""
    if isinstance(value, Ref):
        return replace(value, inherited=True)
    if isinstance(value, Inst):
        return replace(value, inherited=True)
    if isinstance(value, Coll):
        return replace(value, inherited=True)
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
    if isinstance(value, Many):
        return Many(inherited(value.element), value.count, value.loop)
    if isinstance(value, Method):
        return Method(inherited(value.owner), value.name)
    return value


def inherited_from(run: Run, key: int, name: str, value: Value) -> Value:
    """What an inherited object holds under a name: what it held at this process's birth came along with it."""
    return inherited(value) if run.birth is None or run.birth.get(key, name) is value else value


def inexact(value: Value) -> Value:
    """The value, when it may as well be another one of the same collection."""
    if isinstance(value, Ref):
        return replace(value, exact=False)
    if isinstance(value, OneOf):
        return OneOf(tuple(map(inexact, value.options)))
    if isinstance(value, Items):
        items = tuple(map(inexact, value.items)) if value.items is not None else None
        return Items(items, inexact(value.element), value.count, value.sequence, value.numbers)
    return with_puts(value, NEVER_PUT)


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
        known = elements(run, value)[0]
        if known is not None and isinstance(key, int) and -len(known) <= key < len(known):
            return known[key]
        return _picked(inexact(elements(run, value)[1]), known, index)
    if isinstance(value, Coll):
        content = run.content(value)
        items = content.items
        single = items is not None and not any(isinstance(item, Many) for item in items.values())
        if isinstance(index, Const) and items is not None and (single or value.kind == "dict"):
            place = key % len(items) if value.kind == "list" and isinstance(key, int) and items else key
            if place in items and not isinstance(items[place], Many):
                return _inherit(run, value, items[place])
        some = _inherit(run, value, summary(tuple(items.values()) if items is not None else None, content.element))
        if isinstance(some, Ref) and some.shared.kind in LOCKS and isinstance(index, Data):
            own = Key.OWN if index.own or index.varies else None
            return replace(some, exact=False, key=Key.ROUND if index.round else own)
        return _picked(with_puts(inexact(some), value.puts), tuple(items.values()) if single and items else None, index)
    computed = from_values([value, index])
    if isinstance(value, Data) and (value.copy is not None or value.puts):
        return replace(computed, copy=value.copy, puts=value.puts)
    return computed


def _picked(some: Value, known: tuple[Value, ...] | None, index: Value) -> Value:
    """One of some constants, none of which comes twice: it differs as its index does."""
    if known is None or not isinstance(index, (Data, OneOf)) or not isinstance(some, OneOf) or not differ(some, len(known)):
        return some
    if isinstance(index, Data) and index.own:
        return Data(own=True, plain=True, scalar=True)
    return replace(some, varies=some.varies | index.varies)


def differ(element: OneOf, count: int | None) -> bool:
    """Whether that many elements are constants that all differ; where their number is not known, they may."""
    constants = all(isinstance(option, Const) for option in element.options)
    return constants and (count is None or count == len(element.options))


def add(run: Run, coll: Coll, key: object, value: Value, *, keyed: bool) -> None:
    """Puts a value into a collection: under a known key, or as one more of its elements."""
    content = run.content_to_fill(coll)
    items = content.items
    if type(value) is Data and value.copy is not None:
        value.copy.kept = True
    if ("kept", coll.key) in run.made:
        keep(run, value)
    if items is None:
        element = value if content.element is None else join(content.element, value)
        run.store(coll.key, "", Content(None, element, content.count or Count(), content.keys))
    elif keyed or not run.loops:
        place = key if keyed else ("", len(items)) if coll.kind == "dict" else len(items)
        run.store(coll.key, "", Content({**items, place: value}, None, None, content.keys))
    else:
        run.store(coll.key, "", Content(_one_more(run, items, value), None, None, content.keys))


def _one_more(run: Run, items: dict[object, Value], value: Value) -> dict[object, Value]:
    """The items with one more for each turn of the loop that this code stands in."""
    last = next(reversed(items), None)
    held = items.get(last)
    if isinstance(held, Many) and held.loop == run.loops[-1]:
        return {**items, last: Many(join(held.element, value), held.count, held.loop)}
    return {**items, len(items): Many(value, run.turn_count() or Count(), run.loops[-1])}


def keep(run: Run, value: Value) -> None:
    """An object or class holds a value from now on, with what is in it, and what is put into it later."""
    for shared in bare(run, value):
        shared.kept = True
    for option in spread(value):
        if isinstance(option, Coll):
            run.made["kept", option.key] = True


def forget_order(run: Run, coll: Coll) -> None:
    """Something was taken out or moved: what is where is no longer known."""
    content = run.content(coll)
    known = tuple(content.items.values()) if content.items is not None else None
    every = summary(known, content.element)
    run.store(coll.key, "", Content(None, None if is_faceless(every) else every, Count(), content.keys))


def ends_in(value: Value) -> list[PipeEnd]:
    """The pipe ends among a value's alternatives."""
    return [option.shared for option in spread(value) if isinstance(option, Ref) and isinstance(option.shared, PipeEnd)]


def text(run: Run, node: cst.CSTNode) -> str:
    """An expression as the text has it, on one line and without its comments."""
    if type(node) is cst.Name and not node.lpar:
        return node.value
    code = run.frame.scope.module.tree.code_for_node(node)
    return " ".join((_uncommented(code) if "#" in code else code).split())


def _uncommented(code: str) -> str:
    # In parentheses, so that line ends within an expression stay such.
    lines = f"({code}\n)".splitlines(keepends=True)
    for token in tokenize.generate_tokens(iter(tuple(lines)).__next__):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column] + "\n"
    return "".join(lines)[1:-1]
