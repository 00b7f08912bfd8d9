"""Python's own functions over iterables: what they give is what they were given, one by one, in whole or in part."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from ..model import LOCKS, Count, Kind
from . import contents
from .elements import iterated
from .joining import from_values, join
from .reach import expose
from .run import Run, calls
from .values import UNKNOWN, Arguments, Const, Data, Generator, Inst, Items, OneOf, Ref, Value


@calls("filter")
def _filter(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    value = args.get(1, "iterable")
    if value is None or isinstance(value, Generator):
        expose(run, *args.values())
        return UNKNOWN
    return Items(None, iterated(run, value, node)[1], sequence=False)


@calls("iter")
def _iter(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    if len(args.positional) == 2:
        return Generator(None, Arguments(), args.positional[0][0], args.positional[1][0], node)
    if args.positional and isinstance(args.positional[0][0], Ref) and args.positional[0][0].shared.kind is Kind.DICT:
        # What a dict proxy's iterator needs, it needs at once.
        return Items(*iterated(run, args.positional[0][0], node))
    return args.positional[0][0] if args.positional else UNKNOWN


@calls("enumerate")
def _enumerate(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    value = args.get(0, "iterable")
    if value is None:
        return UNKNOWN
    if isinstance(value, Generator):
        return Generator(None, Arguments(), value, None, node)
    items, element, count = iterated(run, value, node)
    if items is not None:
        return Items(tuple(Items((Const(i), item)) for i, item in enumerate(items)))
    return Items(None, Items((Data(plain=True, scalar=True, loop_item=True), element)), count)


@calls("zip")
def _zip(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    columns = [iterated(run, value, node) for value, _ in args.positional]
    if not columns:
        return UNKNOWN
    if all(items is not None for items, _, _ in columns):
        rows = zip(*(items for items, _, _ in columns if items is not None), strict=False)
        return Items(tuple(Items(row) for row in rows))
    counts = [count for items, _, count in columns if count is not None]
    known = [Count(len(items), len(items)) for items, _, _ in columns if items is not None]
    row = Items(tuple(_counted(value, element) for (value, _), (_, element, _) in zip(args.positional, columns)))
    return Items(None, row, (counts or known or [Count()])[0])


def _counted(column: Value, element: Value) -> Value:
    """An element of a column: one that counts has another number in each row."""
    if isinstance(column, Items) and column.numbers and isinstance(element, Data):
        return replace(element, loop_item=True)
    return element


@calls("sorted")
def _through(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    value = args.get(0, "iterable")
    if value is None:
        return UNKNOWN
    if isinstance(value, Generator):
        from .iteration import collect

        return collect(run, value, "list", node)
    items, element, count = iterated(run, value, node)
    _by_key(run, args, element, node)
    beside = items is not None and any(isinstance(item, Data) and item.round for item in items)
    if items is not None and len(items) > 1 and (beside or all(map(_may_be_locked, items))):
        # Which of them comes first is not known; only that it is the same one wherever they are sorted.
        items = (contents.inexact(element),) * len(items)
    return Items(items, element, count)


def _may_be_locked(value: Value) -> bool:
    """Whether a value is a lock, or an object of the program that may have one."""
    return (isinstance(value, Ref) and value.shared.kind in LOCKS) or (isinstance(value, Inst) and value.shared is None)


@calls("reversed")
def _reversed(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    value = _through(run, args, node)
    if isinstance(value, Items) and value.items is not None:
        return Items(tuple(reversed(value.items)), value.element, value.count)
    return value


@calls("next")
def _next(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    value = args.get(0, "iterator")
    if isinstance(value, Generator):
        found: list[Value] = []
        from .iteration import iterate

        iterate(run, value, found.append, node)
        joined: Value = found[0] if found else UNKNOWN
        return contents.inexact(joined)
    if value is None:
        return UNKNOWN
    element = contents.inexact(iterated(run, value, node, whole=False)[1])
    # Whatever it is, it is another one the next time.
    return replace(element, varies=frozenset(run.loops)) if element is UNKNOWN and run.loops else element


@calls("itertools.islice")
def _islice(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """Some of what an iterable gives; what is iterated of a shared object is told here, though it is taken later."""
    value = args.get(0, "iterable")
    if value is None or isinstance(value, Generator):
        expose(run, *args.values())
        return UNKNOWN
    return Items(None, contents.inexact(iterated(run, value, node, whole=False)[1]), sequence=False)


@calls("itertools.repeat")
def _repeat(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """The same thing as often as it is asked for."""
    value, times = args.get(0, "object"), args.get(1, "times")
    number = times.value if isinstance(times, Const) and isinstance(times.value, int) else None
    count = times.count if isinstance(times, Data) else Count(number, number) if number is not None else None
    return Items(None, value if value is not None else UNKNOWN, count, sequence=False)


@calls("itertools.chain")
def _chain(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """All that several iterables give, one after the other."""
    if args.open or any(isinstance(value, Generator) for value in args.values()):
        expose(run, *args.values())
        return UNKNOWN
    parts: list[Value] = []
    for value in args.values():
        whole = Items(*iterated(run, value, node)) if isinstance(value, (Ref, OneOf)) else value
        parts += contents.parts_or_many(run, whole)
    return Items(tuple(parts), sequence=False)


@calls("map")
def _map(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    from .calls import call_value

    if len(args.positional) < 2:
        return UNKNOWN
    function = args.positional[0][0]
    results: list[Value] = []
    from .iteration import iterate

    def one(item: Value) -> None:
        results.append(call_value(run, function, Arguments([(item, node)]), node))

    iterate(run, args.positional[1][0], one, node)
    for value, _ in args.positional[2:]:
        iterated(run, value, node)
    joined: Value = results[0] if results else UNKNOWN
    for value in results[1:]:
        joined = join(joined, value)
    return contents.make(run, "generator", None, joined, None)


@calls("any")
def _any(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    return _of_all(run, args, node, False)


@calls("all")
def _all(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    return _of_all(run, args, node, True)


def _of_all(run: Run, args: Arguments, node: cst.CSTNode, outcome: bool) -> Value:
    """``any`` or ``all``: where it comes out so, what it is given shows of each what it shows of one."""
    found = _aggregate(run, args, node)
    if len(args.positional) != 1 or not isinstance(found, Data):
        return found
    element = contents.elements(run, args.positional[0][0])[1]
    seen = element.seen if isinstance(element, Data) else None
    return replace(found, seen=seen) if seen is not None and seen.when is outcome else found


@calls("sum")
def _aggregate(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    values = [value for value, _ in args.positional]
    for value, _ in args.positional:
        if isinstance(value, Generator):
            from .iteration import collect

            collect(run, value, "list", node)
        else:
            element = iterated(run, value, node)[1]
            values.append(element)
            _by_key(run, args, element, node)
    return from_values(values, plain=False)


@calls("min", "max")
def _extreme(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """One of what it is given: what a bound is cut off at leaves each its own."""
    found = _aggregate(run, args, node)
    return from_values([found, *args.values()], keep=True) if len(args.positional) > 1 else found


def _by_key(run: Run, args: Arguments, element: Value, node: cst.CSTNode) -> None:
    """``key=``: a function that each element is asked by."""
    key = args.get(None, "key")
    if key is not None and not isinstance(key, Const):
        from .calls import call_value

        call_value(run, key, Arguments([(element, node)]), node)
