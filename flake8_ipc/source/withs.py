"""``with`` statements: what is entered, and what leaving does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeGuard

import libcst as cst

from ..model import LOCKS, Block, Blocking, Cell, Count, Handler, Key, Kind, Lock, Loop, Seq, Shared, Try, Verb
from . import contents
from .attributes import member
from .calls import call_method, call_value
from .deeds import leave_with
from .following import follow
from .joining import spread
from .lookup import assign
from .reach import expose
from .run import Exit, Run, executes
from .statements import _at_module_level, last_name
from .values import UNKNOWN, Arguments, Coll, Const, Func, Generator, Inst, Many, Method, Name, OneOf, Partial, Ref, Value
from .variables import join_vars


@executes(cst.With)
def with_(run: Run, node: cst.With) -> None:
    _at_module_level(run, node)
    _enter(run, list(node.items), lambda: run.body(node.body))


# Context managers whose body is expected to raise: what is misused there is misused on purpose.
_EXPECT_FAILURE = frozenset({"assertRaises", "assertRaisesRegex", "raises"})


def _expects_failure(node: cst.BaseExpression) -> bool:
    return type(node) is cst.Call and last_name(node.func) in _EXPECT_FAILURE


def _deliberate(run: Run, body: Callable[[], None]) -> None:
    """Reads a body that is there to fail."""
    outer, run.deliberate = run.deliberate, True
    try:
        _suppressed(run, None, body)
    finally:
        run.deliberate = outer


def _suppressed(run: Run, names: tuple[str, ...] | None, body: Callable[[], None]) -> None:
    """``contextlib.suppress``: a try with handlers that do nothing."""
    before = run.fork()
    with run.writing() as inner:
        body()
    run.vars = join_vars(run.vars, before)
    if inner.items:
        run.out.append(Try(inner, [Handler(names, Seq())]))


def _enter(run: Run, items: list[cst.WithItem], body: Callable[[], None]) -> None:
    if run.vars is None:
        return
    if not items:
        body()
        return
    item, rest = items[0], items[1:]
    if _expects_failure(item.item):
        _deliberate(run, lambda: _enter(run, rest, body))
        return
    if type(item.item) is cst.Call and last_name(item.item.func) == "suppress":
        names = tuple(last_name(arg.value) or "Exception" for arg in item.item.args)
        _suppressed(run, names, lambda: _enter(run, rest, body))
        return
    run.unused.add(id(item.item))
    value = run.evaluate(item.item)
    target = item.asname.name if item.asname is not None else None

    def inside(entered: Value) -> None:
        if target is not None:
            assign(run, target, entered)
        _enter(run, rest, body)

    enter(run, value, inside, item.item)


def enter(run: Run, value: Value, inside: Callable[[Value], None], node: cst.CSTNode) -> None:
    """Enters a context manager, does what is inside, and leaves it."""
    if isinstance(value, Generator) and value.func is not None:
        _enter_generator(run, value, inside)
        return
    if isinstance(value, Ref):
        _enter_shared(run, value, inside, node)
        return
    if isinstance(value, Inst):
        _enter_instance(run, value, inside, node)
        return
    if _closes(value):
        thing = value.args[0]
        _guarded(run, lambda: inside(thing), lambda: _call(run, thing, "close", node))
        return
    if isinstance(value, Coll) and value.kind == "exit stack":
        _guarded(run, lambda: inside(value), lambda: unwind(run, value, node))
        return
    if isinstance(value, OneOf):
        refs = [option for option in spread(value) if isinstance(option, Ref)]
        if refs:
            _enter_one_of(run, refs, lambda: inside(value), node)
            return
    inside(value if not isinstance(value, Const) else UNKNOWN)


def _enter_one_of(run: Run, refs: list[Ref], inside: Callable[[], None], node: cst.CSTNode) -> None:
    """One of several is entered, and left; which is not known."""
    if not refs:
        inside()
        return
    first = Ref(refs[0].shared, refs[0].inherited, False)
    _enter_shared(run, first, lambda _: _enter_one_of(run, refs[1:], inside, node), node)


def _closes(value: Value) -> TypeGuard[Partial]:
    """Whether a value is ``contextlib.closing(thing)``."""
    return isinstance(value, Partial) and isinstance(value.func, Name) and value.func.dotted == "contextlib.closing"


def _call(run: Run, value: Value, name: str, node: cst.CSTNode) -> None:
    if isinstance(value, Inst):
        call_method(run, value, name, Arguments(), node)
    else:
        call_value(run, Method(value, name), Arguments(), node)


def _guarded(run: Run, body: Callable[[], None], final: Callable[[], None]) -> None:
    """A body and what follows it in any case."""
    before = run.fork()
    with run.writing() as inner, run.falling() as early:
        body()
    ended = run.vars is None
    if ended:
        run.vars = before
        for state in early:
            run.vars = join_vars(run.vars, state)
    with run.writing() as last:
        final()
    if ended:
        run.vars = None
    if inner.items or last.items:
        run.out.append(Try(inner, final=last))


def _enter_shared(run: Run, ref: Ref, inside: Callable[[Value], None], node: cst.CSTNode) -> None:
    shared = ref.shared
    lock: Shared | None = shared if shared.kind in LOCKS else None
    if isinstance(shared, Cell) and shared.lock is not None:
        lock = shared.lock
    if lock is not None:
        run.emit(
            Verb.ACQUIRE, lock, node, f"with {shared.name}", inherited=ref.inherited, exact=ref.exact, key=ref.key or Key.WHOLE
        )
    if shared.kind is Kind.MANAGER and ("class of", shared) in run.made:
        run.emit(Verb.START, shared, node, f"with {shared.name}", blocking=Blocking.NEVER)
    leaving = leave_with(run, ref)
    entered: Value = Const(True) if isinstance(lock, Lock) and shared.kind not in (Kind.CONDITION,) else ref
    if leaving is None:
        inside(entered)
        return
    verb, target = leaving

    def leave() -> None:
        blocking = Blocking.FOREVER if verb in (Verb.SHUTDOWN, Verb.JOIN) else Blocking.NEVER
        run.emit(verb, target, node, f"with {shared.name}", inherited=ref.inherited, exact=ref.exact, blocking=blocking)

    _guarded(run, lambda: inside(entered), leave)


_WAYS = (("__enter__", "__exit__"), ("__aenter__", "__aexit__"))


def _enter_instance(run: Run, inst: Inst, inside: Callable[[Value], None], node: cst.CSTNode) -> None:
    ways = next((pair for pair in _WAYS if member(run, inst.cls, pair[0]) is not None), None)
    if ways is None:
        if inst.shared is not None:
            _enter_shared(run, Ref(inst.shared, inst.inherited), lambda _: inside(inst), node)
        else:
            inside(UNKNOWN)
        return
    # What an async with calls is awaited there and then.
    run.awaited.add(id(node))
    entered = call_method(run, inst, ways[0], Arguments(), node)
    nothing = Arguments([(UNKNOWN, node), (UNKNOWN, node), (UNKNOWN, node)])

    def leave() -> None:
        call_method(run, inst, ways[1], nothing, node)

    _guarded(run, lambda: inside(entered), leave)


def _enter_generator(run: Run, generator: Generator, inside: Callable[[Value], None]) -> None:
    """``@contextmanager``: the body runs where the generator yields, with the caller's names."""
    frame, calls, in_async = run.frame, run.calls, run.in_async
    func = generator.func
    if func is None:
        return

    def on_yield(item: Value, at: cst.Yield) -> None:
        inner = (run.frame, run.calls, run.in_async, run.controls)
        run.frame, run.calls, run.in_async = frame, calls, in_async
        try:
            inside(item)
        finally:
            run.frame, run.calls, run.in_async, run.controls = inner

    follow(run, func, generator.args, generator.node or cst.Pass(), on_yield=on_yield)


# -- contextlib.ExitStack


def on_stack(run: Run, stack: Coll, name: str, args: Arguments, node: cst.CSTNode) -> Value:
    """``enter_context``, ``callback``, ``push``, ``close``: what the stack does when it is left."""
    values = [value for value, _ in args.positional]
    if name in ("enter_context", "enter_async_context") and values:
        return _enter_for_stack(run, stack, values[0], node)
    if name == "push" and values:
        contents.add(run, stack, None, values[0], keyed=False)
        return values[0]
    if name == "callback" and values:
        named = tuple((key, value) for key, (value, _) in args.named.items())
        contents.add(run, stack, None, Partial(values[0], tuple(values[1:]), named), keyed=False)
        return values[0]
    if name in ("close", "__exit__"):
        unwind(run, stack, node)
        contents.keep(run, stack)
    elif name == "pop_all":
        expose(run, stack)
    return UNKNOWN


def _enter_for_stack(run: Run, stack: Coll, value: Value, node: cst.CSTNode) -> Value:
    if isinstance(value, Generator):
        expose(run, *value.args.values())
        return UNKNOWN
    contents.add(run, stack, None, value, keyed=False)
    if isinstance(value, Ref):
        shared = value.shared
        lock = shared.lock if isinstance(shared, Cell) else shared
        if lock is not None and lock.kind in LOCKS:
            run.emit(Verb.ACQUIRE, lock, node, f"with {shared.name}", inherited=value.inherited, exact=value.exact)
        return value
    if isinstance(value, Inst) and member(run, value.cls, "__enter__") is not None:
        return call_method(run, value, "__enter__", Arguments(), node)
    return value.args[0] if _closes(value) else value


def unwind(run: Run, stack: Coll, node: cst.CSTNode) -> None:
    """Leaving the stack: the last thing first; what was pushed in a loop, as often as that."""
    content = run.content(stack)
    values = list((content.items or {}).values())
    if content.items is None and content.element is not None:
        values = list(spread(content.element))
    for held in reversed(values):
        with run.writing() as sequence:
            # What each turn has pushed is left the last first, too.
            for value in reversed(spread(held.element)) if isinstance(held, Many) else spread(held):
                _leave_for_stack(run, value, node)
        if isinstance(held, Many) and sequence.items:
            run.out.append(Loop(sequence, held.count or Count()))
        else:
            run.out.extend(sequence.items)


def _leave_for_stack(run: Run, value: Value, node: cst.CSTNode) -> None:
    if _closes(value):
        _call(run, value.args[0], "close", node)
    elif isinstance(value, (Partial, Method, Func)):
        call_value(run, value, Arguments(), node)
    elif isinstance(value, Ref):
        leaving = leave_with(run, value)
        if leaving is not None:
            run.emit(leaving[0], leaving[1], node, "exit stack", exact=value.exact)
    elif isinstance(value, Inst):
        call_method(run, value, "__exit__", Arguments(), node)


__all__ = ["Block", "Exit", "Func", "Seq", "enter", "on_stack", "unwind"]
