"""Loops, comprehensions and whatever else is iterated."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from ..model import Block, Choice, Constant, Count, Flow, Jump, Loop, Seq, Test
from . import contents
from .calls import call_value, follow
from .changes import another
from .lookup import assign
from .run import Exit, Run, Turn, Vars, executes, join_vars
from .scanning import assigned, takes_from
from .statements import _at_module_level, branch_on, jump_unless
from .values import (
    NOTHING,
    PLAIN,
    UNKNOWN,
    Arguments,
    Cls,
    Coll,
    Const,
    Content,
    Context,
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
    Scope,
    Value,
    fresh_key,
    is_faceless,
    join,
    same,
    spread,
)

# How many elements of a literal collection are taken one by one, where they differ in what matters.
_UNROLLED = 8
# How often a body is read until its next turn brings nothing new.
_ATTEMPTS = 3


@executes(cst.For)
def for_(run: Run, node: cst.For) -> None:
    _at_module_level(run, node)
    iterable = run.evaluate(node.iter)
    leave = Exit(Block(Seq()))

    def one(item: Value) -> None:
        assign(run, node.target, item)
        run.body(node.body)

    with run.writing() as sequence:
        _loop(run, iterable, one, node, leave)
        if node.orelse is not None:
            run.body(node.orelse.body)
    run.close(leave, sequence)


@executes(cst.While)
def while_(run: Run, node: cst.While) -> None:
    _at_module_level(run, node)
    leave, over = Exit(Block(Seq())), Exit(Block(Seq()))
    drained = _drained(run, node)
    count = _count_for(run, drained) if drained is not None else None
    loop = Loop(Seq(), count)
    turn = Turn(leave, Exit(loop), again=True)

    def body() -> None:
        if drained is None:
            jump_unless(run, node.test, over, sense=True)
        run.body(node.body)

    with run.writing() as sequence:
        with run.writing() as inner:
            with _draining(run, drained):
                _repeat(run, node, loop, turn, body, count)
            if drained is None:
                run.vars = None
        run.close(over, inner)
        if node.orelse is not None:
            run.body(node.orelse.body)
    run.close(leave, sequence)


def _drained(run: Run, node: cst.While) -> Coll | None:
    """``while processes: processes.pop()...`` turns once for each element, as a ``for`` loop does."""
    if not isinstance(node.test, (cst.Name, cst.Attribute)):
        return None
    value = run.evaluate(node.test)
    if not isinstance(value, Coll) or value.kind == "dict":
        return None
    known = contents.parts(run, value)
    if known is None or len(known) != 1 or not isinstance(known[0], Many):
        return None
    return value if takes_from(node.body, node.test) else None


@contextmanager
def _draining(run: Run, coll: Coll | None) -> Iterator[None]:
    if coll is None:
        yield
        return
    run.made["drained", coll.key] = True
    try:
        yield
    finally:
        del run.made["drained", coll.key]
        run.store(coll.key, "", Content({}, None, None))


def _repeat(
    run: Run, node: cst.CSTNode, loop: Loop, turn: Turn, body: Callable[[], None], count: Count | None
) -> None:
    """Reads a loop's body until what it leaves behind for its next turn is known."""
    _widen(run, node)
    before = run.fork()
    if before is None:
        return
    end: Vars | None = None
    sequence = Seq()
    for attempt in range(_ATTEMPTS):
        marks = [(exit, len(exit.states), len(exit.again)) for exit in _exits(run, turn)]
        run.vars = dict(before)
        with run.writing() as sequence, _inside(run, node, turn, count):
            body()
        end = run.vars
        for state in turn.next.again:
            end = join_vars(end, state)
        if attempt == _ATTEMPTS - 1 or _settled(before, end):
            break
        for exit, states, again in marks:
            del exit.states[states:]
            del exit.again[again:]
        before = join_vars(dict(before), end) or before
    loop.body = sequence
    if sequence.items:
        run.out.append(loop)
    run.vars = join_vars(end, before if count is None or count.low == 0 else None)


def _exits(run: Run, turn: Turn) -> list[Exit]:
    """Every exit that the body may jump to."""
    frame = run.frame
    found = [turn.leave, turn.next]
    for outer in frame.turns:
        found += [outer.leave, outer.next]
    if frame.exit is not None:
        found.append(frame.exit)
    return found


@contextmanager
def _inside(run: Run, node: cst.CSTNode, turn: Turn, count: Count | None) -> Iterator[None]:
    outer = (run.loops, run.counts, run.controls)
    run.frame.turns.append(turn)
    run.loops, run.counts = (*run.loops, id(node)), (*run.counts, count)
    try:
        yield
    finally:
        run.frame.turns.pop()
        run.loops, run.counts, run.controls = outer


def _settled(before: Vars, after: Vars | None) -> bool:
    """Whether a turn leaves nothing behind that its next one would see differently."""
    if after is None:
        return True
    for key, value in before.items():
        now = after.get(key)
        if now is None or now is value:
            continue
        if _another_message(now, value) if isinstance(now, Data) else _matters(now) and not same(now, value):
            return False
    return True


def _another_message(now: Value, before: Value) -> bool:
    """Whether a name holds a message that is another than it held before the turn, or one that was put since."""
    if not isinstance(now, Data):
        return False
    if isinstance(before, Data):
        return before.message not in (None, now.message) or now.puts != before.puts
    return now.message is not None and isinstance(before, Const)


def _matters(value: Value) -> bool:
    return isinstance(value, (Ref, Inst, Func, Coll, Content, OneOf, Method, Context, Cls, Partial))


def _widen(run: Run, node: cst.CSTNode) -> None:
    """Numbers that the loop changes are no longer known inside it."""
    names = assigned(node)
    if run.vars is None or not names:
        return
    for key, value in run.vars.items():
        if key[1] in names and isinstance(value, Const) and not isinstance(value.value, (type(None), str)):
            run.vars[key] = Data(plain=True, reads=value.reads)


# -- iteration


def iterate(run: Run, iterable: Value, one: Callable[[Value], None], node: cst.CSTNode) -> None:
    """Hands each element of an iterable to ``one``; nothing can break out."""
    _loop(run, iterable, one, node, None)


def _loop(run: Run, iterable: Value, one: Callable[[Value], None], node: cst.CSTNode, leave: Exit | None) -> None:
    if run.vars is None:
        return
    if isinstance(iterable, Generator):
        _loop_generator(run, iterable, one, node, leave)
        return
    options = spread(iterable)
    if len(options) > 1 and any(isinstance(option, Generator) for option in options):
        from .statements import one_of

        def separately(option: Value) -> Callable[[], None]:
            return lambda: _loop(run, option, one, node, leave)

        one_of(run, [separately(option) for option in options])
        return
    known = contents.parts(run, iterable)
    items, element, count = contents.elements(run, iterable)
    if isinstance(iterable, Ref):
        from .deeds import iterate_shared

        element = iterate_shared(run, iterable, node)
    if known is not None and len(known) <= _UNROLLED and (len(known) == 1 or any(map(_worth, known))):
        _unrolled(run, known, one, node, leave)
        return
    if items is not None:
        count = Count(len(items), len(items))
        element = _varied(element, node)
    else:
        element = _varied(element, node)
    _counted(run, element, count if count is not None else _count_for(run, iterable), one, node, leave)


def _count_for(run: Run, iterable: Value) -> Count:
    """Loops over the same collection turn equally often."""
    if isinstance(iterable, Coll):
        known = contents.parts(run, iterable)
        if known is not None and len(known) == 1 and isinstance(known[0], Many):
            return known[0].count or Count()
        content = run.content(iterable)
        if content.count is None and content.items is None:
            count = Count()
            run.store(iterable.key, "", Content(None, content.element, count, content.keys))
            return count
        return content.count or Count()
    if isinstance(iterable, Data) and not is_faceless(iterable):
        from .plain import count_of

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


def _varied(element: Value, node: cst.CSTNode) -> Value:
    """The element as seen in one turn: another one in each."""
    if isinstance(element, Data):
        return replace(element, varies=element.varies | {id(node)}, thing=fresh_key())
    if isinstance(element, Items):
        items = tuple(_varied(item, node) for item in element.items) if element.items is not None else None
        inner = _varied(element.element, node) if element.items is None else element.element
        return Items(items, inner, element.count, element.sequence, element.numbers)
    if isinstance(element, OneOf) and all(isinstance(option, (Const, Data)) for option in element.options):
        if all(isinstance(option, Const) and isinstance(option.value, str) for option in element.options):
            return element
        return Data(varies=frozenset({id(node)}))
    return element


def _counted(
    run: Run, element: Value, count: Count, one: Callable[[Value], None], node: cst.CSTNode, leave: Exit | None
) -> None:
    loop = Loop(Seq(), count)
    turn = Turn(leave or Exit(Block(Seq())), Exit(loop), again=True)

    def body() -> None:
        another(run, element)
        one(element)

    _repeat(run, node, loop, turn, body, count)


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


def _loop_generator(
    run: Run, generator: Generator, one: Callable[[Value], None], node: cst.CSTNode, leave: Exit | None
) -> None:
    if generator.func is not None:
        _follow_generator(run, generator, one, node, leave)
    elif isinstance(generator.call, Generator):
        index = _varied(PLAIN, node)
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
        _repeat(run, node, loop, turn, body, None)
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

    def on_yield(item: Value) -> None:
        inner = (run.frame, run.calls, run.in_async, run.controls)
        run.frame, run.calls, run.in_async = frame, calls, in_async
        next_ = Exit(Block(Seq()))
        frame.turns.append(Turn(leave or Exit(Block(Seq())), next_, again=False))
        try:
            with run.writing() as sequence, _another_turn(run, node):
                one(_varied(item, node))
        finally:
            frame.turns.pop()
            run.frame, run.calls, run.in_async, run.controls = inner
        run.close(next_, sequence)

    follow(run, func, generator.args, generator.node or node, on_yield=on_yield)


@contextmanager
def _another_turn(run: Run, node: cst.CSTNode) -> Iterator[None]:
    """Each yield is one more turn of the loop that iterates the generator."""
    outer = run.loops
    run.loops = (*outer, id(node)) if outer else outer
    try:
        yield
    finally:
        run.loops = outer


def collect(run: Run, generator: Generator, kind: str, node: cst.CSTNode) -> Value:
    """A collection of all that a generator gives."""
    coll = contents.make(run, kind, {}, None, None)
    iterate(run, generator, lambda item: contents.add(run, coll, None, item, keyed=False), node)
    return coll


# -- comprehensions


def comprehend(run: Run, node: cst.ListComp | cst.SetComp | cst.GeneratorExp | cst.DictComp) -> Value:
    """A comprehension: its loops, with what it collects."""
    kinds = {cst.DictComp: "dict", cst.SetComp: "set", cst.GeneratorExp: "generator"}
    kind = kinds.get(type(node), "list")
    coll = contents.make(run, kind, {}, None, None)
    outer = run.frame.scope
    scope = Scope("function", outer, outer.module)
    scope.captured = True
    scope.globals = outer.globals

    def element() -> None:
        if isinstance(node, cst.DictComp):
            key, value = run.evaluate(node.key), run.evaluate(node.value)
            contents.add(run, coll, key.value if isinstance(key, Const) else None, value, keyed=isinstance(key, Const))
        else:
            contents.add(run, coll, None, run.evaluate(node.elt), keyed=False)

    run.frame.scope = scope
    try:
        _comprehend_for(run, node.for_in, element)
    finally:
        run.frame.scope = outer
    return coll


def _comprehend_for(run: Run, clause: cst.CompFor, element: Callable[[], None]) -> None:
    iterable = run.evaluate(clause.iter)

    def one(item: Value) -> None:
        assign(run, clause.target, item)
        _filtered(run, list(clause.ifs), inner)

    def inner() -> None:
        if clause.inner_for_in is not None:
            _comprehend_for(run, clause.inner_for_in, element)
        else:
            element()

    iterate(run, iterable, one, clause)


def _filtered(run: Run, tests: list[cst.CompIf], inner: Callable[[], None]) -> None:
    if not tests:
        inner()
        return
    branch_on(run, tests[0].test, lambda: _filtered(run, tests[1:], inner), lambda: None)


__all__ = ["NOTHING", "Flow", "Jump", "collect", "comprehend", "iterate", "join"]
