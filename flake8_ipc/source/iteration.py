"""Whatever is iterated: its elements, one by one or as many turns of one body, and generators."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import libcst as cst

from ..model import Block, Choice, Constant, Count, Kind, Loop, Seq, Test
from . import contents, copies
from .attributes import member
from .branches import one_of
from .calls import call_method, call_value
from .changes import another
from .elements import iterate_shared, iterated
from .following import follow
from .joining import is_faceless, is_scalar, spread
from .plain import count_of
from .run import Exit, Run, Turn
from .turns import repeat, widen
from .values import (
    SCALAR,
    UNKNOWN,
    UNROLLED,
    Arguments,
    Cls,
    Coll,
    Const,
    Content,
    Data,
    Func,
    Generator,
    Inst,
    Items,
    Many,
    Method,
    OneOf,
    Partial,
    Ref,
    Value,
    fresh_key,
)


# Longer texts are not spelt out.
_LETTERS = 16


def iterate(
    run: Run,
    iterable: Value,
    one: Callable[[Value], None],
    node: cst.CSTNode,
    leave: Exit | None = None,
    *,
    apart: bool = False,
) -> None:
    """Hands each element of an iterable to ``one``, which may break out to ``leave``; with ``apart`` each has a turn of
    its own, if they are known and few."""
    if run.vars is None:
        return
    if run.copies:
        copies.read(run, [iterable], node)
    if isinstance(iterable, Const):
        iterable = _letters(iterable)
    if isinstance(iterable, Inst) and is_iterable(run, iterable):
        iterable = call_method(run, iterable, "__iter__", Arguments(), node)
        if isinstance(iterable, Inst):
            _loop_instance(run, iterable, one, node, leave)
            return
    if isinstance(iterable, Generator):
        _loop_generator(run, iterable, one, node, leave)
        return
    options = spread(iterable)
    if len(options) > 1 and any(isinstance(option, Generator) for option in options):
        def separately(option: Value) -> Callable[[], None]:
            return lambda: iterate(run, option, one, node, leave)

        one_of(run, [separately(option) for option in options])
        return
    known = contents.parts(run, iterable)
    items, element, count = contents.elements(run, iterable)
    if apart and known is None and isinstance(iterable, Items) and iterable.numbers and count is not None and count.exact:
        known = (element,) * count.exact
    if isinstance(iterable, (Ref, OneOf, Data)):
        if isinstance(iterable, Ref) and iterable.shared.kind is Kind.STREAM:
            _loop_stream(run, iterable, one, node, leave)
            return
        items, element, count = iterated(run, iterable, node)
    if known is not None and len(known) <= UNROLLED and (apart or len(known) == 1 or any(map(_worth, known))):
        _unrolled(run, known, one, node, leave)
        return
    if items is not None:
        count = Count(len(items), len(items))
    element = _varied(element, node, len(items) if items is not None else None)
    _counted(run, element, count if count is not None else count_for(run, iterable), one, node, leave)


def _letters(text: Const) -> Value:
    """A short text as its letters."""
    letters = text.value if isinstance(text.value, str) and not text.reads else ""
    return Items(tuple(map(Const, letters))) if 0 < len(letters) <= _LETTERS else text


def count_for(run: Run, iterable: Value) -> Count:
    """Loops over the same collection turn equally often."""
    if isinstance(iterable, Coll):
        content = run.content(iterable)
        known = tuple((content.items or {}).values())
        if len(known) == 1 and isinstance(known[0], Many):
            return known[0].count or Count()
        if content.count is None and content.items is None:
            count = Count()
            run.store(iterable.key, "", Content(None, content.element, count, content.keys))
            return count
        return content.count or Count()
    if isinstance(iterable, Data) and not is_faceless(iterable):
        return count_of(run, iterable)
    return Count()


def _worth(item: Value) -> bool:
    """Whether an element is worth a turn of its own."""
    if isinstance(item, Items):
        return any(map(_worth, item.items or ()))
    if isinstance(item, Many):
        return _worth(item.element)
    if isinstance(item, Const):
        return item.value is None
    return isinstance(item, (Ref, Inst, Func, Coll, Partial, Method, Cls))


def _varied(element: Value, node: cst.CSTNode, turns: int | None = None) -> Value:
    """The element as seen in one turn: another one in each, of ``turns`` where that is known."""
    if isinstance(element, Data):
        return replace(element, varies=element.varies | {id(node)}, thing=fresh_key())
    if isinstance(element, Items):
        items = tuple(_varied(item, node, turns) for item in element.items) if element.items is not None else None
        inner = _varied(element.element, node, turns) if element.items is None else element.element
        return Items(items, inner, element.count, element.sequence, element.numbers)
    if isinstance(element, OneOf) and all(isinstance(option, (Const, Data)) for option in element.options):
        if all(isinstance(option, Const) and isinstance(option.value, str) for option in element.options):
            # The same word may come in several turns.
            return replace(element, varies=element.varies | {id(node)}) if contents.differ(element, turns) else element
        other = Data(varies=frozenset({id(node)}), scalar=all(map(is_scalar, element.options)))
        # A sentinel among other things stays one.
        stops = [option for option in element.options if isinstance(option, Const) and option.value is None]
        return OneOf((stops[0], other)) if stops else other
    return element


def _counted(
    run: Run, element: Value, count: Count, one: Callable[[Value], None], node: cst.CSTNode, leave: Exit | None
) -> None:
    def body() -> None:
        another(run, element)
        one(element)

    _counted_by(run, body, count, node, leave)


def _counted_by(run: Run, body: Callable[[], None], count: Count, node: cst.CSTNode, leave: Exit | None) -> None:
    loop = Loop(Seq(), count)
    turn = Turn(leave or Exit(Block(Seq())), Exit(loop), again=True)
    repeat(run, node, loop, turn, body, count)


def _unrolled(
    run: Run, items: tuple[Value, ...], one: Callable[[Value], None], node: cst.CSTNode, leave: Exit | None
) -> None:
    outer = run.path
    for index, item in enumerate(items):
        if run.vars is None:
            break
        if isinstance(item, Many):
            _counted(run, _varied(item.element, node), item.count or Count(), one, node, leave)
            continue
        next_ = Exit(Block(Seq()))
        turn = Turn(leave or Exit(Block(Seq())), next_, again=False)
        run.path = (*outer, (id(node), index))
        run.frame.turns.append(turn)
        try:
            with run.writing() as sequence:
                one(item)
        finally:
            run.frame.turns.pop()
        run.close(next_, sequence)
    run.path = outer


def _loop_stream(
    run: Run, stream: Ref, one: Callable[[Value], None], node: cst.CSTNode, leave: Exit | None
) -> None:
    """A loop over a pipe's lines: each turn reads one more."""
    _counted_by(run, lambda: one(iterate_shared(run, stream, node, whole=False)), Count(), node, leave)


def _loop_instance(
    run: Run, inst: Inst, one: Callable[[Value], None], node: cst.CSTNode, leave: Exit | None
) -> None:
    """A loop over an iterator of the text's own."""
    _counted_by(run, lambda: one(call_method(run, inst, "__next__", Arguments(), node)), Count(), node, leave)


def _loop_generator(
    run: Run, generator: Generator, one: Callable[[Value], None], node: cst.CSTNode, leave: Exit | None
) -> None:
    if generator.func is not None:
        _follow_generator(run, generator, one, node, leave)
    elif isinstance(generator.call, Generator):
        index = _varied(SCALAR, node)
        _loop_generator(run, generator.call, lambda item: one(Items((index, item))), node, leave)
    elif generator.call is not None and generator.sentinel is not None:
        _loop_until(run, generator, one, node, leave)


def _loop_until(
    run: Run, generator: Generator, one: Callable[[Value], None], node: cst.CSTNode, leave: Exit | None
) -> None:
    """``for x in iter(call, sentinel)``."""
    over = Exit(Block(Seq()))
    loop = Loop(Seq())
    turn = Turn(leave or over, Exit(loop), again=True)

    def body() -> None:
        value = call_value(run, generator.call or UNKNOWN, Arguments(), generator.node or node)
        test = None
        if isinstance(value, Data) and value.message is not None and isinstance(generator.sentinel, Const):
            test = Test(value.message, Constant(generator.sentinel.value))
        with run.writing() as stop:
            kept = run.fork()
            run.jump(over)
            run.vars = kept
        run.out.append(Choice([stop, Seq()], test))
        one(value)

    with run.writing() as sequence:
        repeat(run, node, loop, turn, body, None)
        run.vars = None
    run.close(over, sequence)


def _follow_generator(
    run: Run, generator: Generator, one: Callable[[Value], None], node: cst.CSTNode, leave: Exit | None
) -> None:
    """The loop's body runs where the generator yields, in the loop's own names."""
    frame, calls, in_async = run.frame, run.calls, run.in_async
    func = generator.func
    if func is None:
        return

    def on_yield(item: Value, at: cst.Yield) -> None:
        inner = (run.frame, run.calls, run.in_async, run.controls, run.path)
        run.frame, run.calls, run.in_async = frame, calls, in_async
        # What the body makes for one yield is not what it makes for another.
        run.path = (*run.path, id(at))
        next_ = Exit(Block(Seq()))
        frame.turns.append(Turn(leave or Exit(Block(Seq())), next_, again=False))
        try:
            with run.writing() as sequence, _another_turn(run, node):
                widen(run, node)
                one(_varied(item, node))
        finally:
            frame.turns.pop()
            run.frame, run.calls, run.in_async, run.controls, run.path = inner
        run.close(next_, sequence)

    # One that came from another file is told by the loop over it.
    where = generator.node if generator.module is run.frame.scope.module else None
    follow(run, func, generator.args, where or node, on_yield=on_yield)


@contextmanager
def _another_turn(run: Run, node: cst.CSTNode) -> Iterator[None]:
    """Each yield is one more turn of the loop that iterates the generator."""
    outer = run.loops
    run.loops = (*outer, id(node)) if outer else outer
    try:
        yield
    finally:
        run.loops = outer


def is_iterable(run: Run, value: Generator | Inst) -> bool:
    """Whether the text tells how something of its own is iterated."""
    return isinstance(value, Generator) or member(run, value.cls, "__iter__") is not None


def collect(run: Run, source: Generator | Inst, kind: str, node: cst.CSTNode) -> Value:
    """A collection of all that a generator, or an iterable object of the text, gives."""
    coll = contents.make(run, kind, {}, None, None)
    iterate(run, source, lambda item: contents.add(run, coll, None, item, keyed=False), node)
    return coll
