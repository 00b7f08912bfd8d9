"""Python's own functions and its library's, as far as what they give carries shared objects or their numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import libcst as cst

from ..model import Blocking, Count, Kind, RoleKind, Verb, events
from . import contents, dicts
from .attributes import get_attribute, set_attribute
from .conditions import decide
from .elements import iterate_shared, iterated
from .joining import from_values, is_faceless
from .operations import as_number
from .pauses import leave_for_later
from .proxies import HOLDERS, length, show
from .reach import expose
from .run import Run, calls
from .values import (
    PLAIN,
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
    Items,
    Many,
    Name,
    Opaque,
    Partial,
    Pid,
    Ref,
    Seen,
    Value,
    View,
)


@calls("os.fork", "os.forkpty", "pty.fork")
def _fork_by_hand(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """Two processes go on from here, which one flow cannot tell."""
    run.program.whole = False
    return UNKNOWN


@calls("os.getpid")
def _process_id(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """No other process has the same."""
    return Data(own=True, plain=True, scalar=True)


@calls("str", "repr")
def _text(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """The text of a number is as much a process's own as the number."""
    for value in args.values():
        if isinstance(value, Pid):
            # Another program may be told it.
            return value
        if isinstance(value, View):
            iterate_shared(run, value, node)
        show(run, value, node)
    return from_values(args.values(), scalar=True, keep=True)


@calls("range")
def _range(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    values = [value for value, _ in args.positional]
    known = [value.value for value in values if isinstance(value, Const) and isinstance(value.value, int)]
    for value in values:
        _number_check(run, value, node)
    element = from_values(values, keep=True)
    own = Data(reads=element.reads, own=element.own, varies=element.varies, plain=True, scalar=True)
    if len(known) == len(values) and values:
        try:
            span = range(*known)
            turns = len(span)
        except (TypeError, ValueError, OverflowError):
            return Items(None, own, Count(), numbers=True)
        return Items(None, replace(own, span=span), Count(turns, turns), numbers=True)
    if len(values) == 1 and isinstance(values[0], Data):
        if values[0].sizes:
            _decide(run, values[0])
        return Items(None, own, count_of(run, values[0]), numbers=True)
    return Items(None, own, Count(), numbers=True)


@calls("divmod")
def _divmod(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """Row and column: both together tell each number from every other."""
    part = from_values(args.values(), scalar=True, keep=True)
    return Items((part, part))


def _number_check(run: Run, value: Value, node: cst.CSTNode) -> None:
    as_number(run, value, node, "number")


def _decide(run: Run, value: Data) -> None:
    decide(run, value)


def count_of(run: Run, value: Data) -> Count:
    """The Count that stands for a number; the same value gives the same one."""
    if value.count is not None:
        return value.count
    if is_faceless(value):
        return Count()
    count: Count = run.made.setdefault(("count", id(value)), Count())
    run.made.setdefault(("count of", id(value)), value)
    return count


@calls("len")
def _len(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    value = args.get(0, "obj")
    if isinstance(value, Ref):
        return length(run, value, node) if value.shared.kind in HOLDERS else SCALAR
    if value is None:
        return SCALAR
    items, _, count = contents.elements(run, value)
    if isinstance(value, Coll):
        run.counted.add(value.key)
    if items is not None:
        return Const(len(items))
    return Data(plain=True, scalar=True, count=count, reads=from_values([value]).reads)


def _sequence(kind: str | None) -> Callable[[Run, Arguments, cst.CSTNode], Value]:
    def convert(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
        value = args.get(0, "iterable")
        if value is None:
            return contents.make(run, kind, {}, None, None) if kind else Items(())
        if isinstance(value, Generator):
            from .iteration import collect

            return collect(run, value, kind or "list", node)
        items, element, count = iterated(run, value, node)
        ordered = items if kind != "set" else None
        if kind is None:
            return Items(ordered, element, count)
        return contents.make(run, kind, dict(enumerate(ordered)) if ordered is not None else None, element, count)

    return convert


@calls("dict", "collections.OrderedDict")
def _dict(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    given: list[tuple[Value, cst.CSTNode]] = []
    for value, at in args.positional:
        if isinstance(value, Ref):
            iterate_shared(run, value, node, copied=True)
            value = UNKNOWN
        elif isinstance(value, Generator):
            from .iteration import collect

            value = collect(run, value, "list", node)
        given.append((value, at))
    content = dicts.of_call(run, Content({}), Arguments(given, args.named, args.open))
    return contents.make(run, "dict", content.items, content.element, None, content.keys)


@calls("functools.partial")
def _partial(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    if not args.positional or args.open:
        expose(run, *args.values())
        return UNKNOWN
    func, *rest = [value for value, _ in args.positional]
    return Partial(func, tuple(rest), tuple((name, value) for name, (value, _) in args.named.items()))


@calls("getattr")
def _getattr(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    if len(args.positional) >= 2 and isinstance(args.positional[1][0], Const):
        return get_attribute(run, args.positional[0][0], str(args.positional[1][0].value), node)
    expose(run, *args.values())
    return UNKNOWN


@calls("setattr")
def _setattr(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    if len(args.positional) == 3 and isinstance(args.positional[1][0], Const):
        set_attribute(run, args.positional[0][0], str(args.positional[1][0].value), args.positional[2][0], node)
    else:
        expose(run, *args.values())
    return Const(None)


@calls("int", "float")
def _int(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    value = args.get(0, "x")
    if value is not None:
        _number_check(run, value, node)
        if isinstance(value, Const) and isinstance(value.value, (int, float)):
            return value
        return from_values([value], scalar=True, keep=True)
    return SCALAR


@calls("typing.cast")
def _cast(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    return args.get(1, "val") or UNKNOWN


@calls("copy.copy")
def _copy(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    value = args.get(0, "x")
    if isinstance(value, Coll):
        content = run.content(value)
        return contents.make(run, value.kind, content.items, content.element, content.count, content.keys)
    return from_values(args.values())
# What a signal handler may give, whenever the signal comes, to somebody who waits for it.


_GIVEN_BY_HANDLERS = frozenset({Verb.SET, Verb.RELEASE, Verb.NOTIFY, Verb.PUT, Verb.SEND})


@calls("signal.signal")
def _signal(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """A handler runs at any time, or never: whoever waits for what it gives waits for code outside the flow."""
    from .calls import call_value

    handler = args.get(1, "handler")
    signal = args.get(0, "signalnum")
    if isinstance(signal, Name) and signal.dotted == "signal.SIGTERM" and isinstance(handler, (Func, Name)):
        run.role.heeds = isinstance(handler, Func)
    if handler is not None:
        before = run.fork()
        with run.writing() as sequence:
            call_value(run, handler, Arguments([(UNKNOWN, node), (UNKNOWN, node)]), node)
        if before is not None and run.vars is not None:
            # What it sets may have been set at any later moment, or not yet.
            for owner, name, _, _ in list(before.flags(run.vars)):
                before.set(owner, name, UNKNOWN)
        run.vars = before
        leave_for_later(run, handler, Arguments([(UNKNOWN, node), (UNKNOWN, node)]), node)
        for event in events(sequence):
            if event.verb in _GIVEN_BY_HANDLERS:
                event.target.open = True
            elif event.target.kind in (Kind.POOL, Kind.EXECUTOR):
                event.target.kept = True
    return UNKNOWN


@calls("dataclasses.field")
def _field(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    factory = args.get(None, "default_factory")
    if factory is not None:
        return Partial(factory, (), ())
    return args.get(None, "default") or UNKNOWN


@calls("contextlib.closing")
def _closing(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    value = args.get(0, "thing")
    return Partial(Name("contextlib.closing"), (value,), ()) if value is not None else UNKNOWN


@calls("contextlib.ExitStack", "contextlib.AsyncExitStack")
def _exit_stack(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    return contents.make(run, "exit stack", {}, None, None)


@calls("asyncio.to_thread", "anyio.to_thread.run_sync", "trio.to_thread.run_sync")
def _to_thread(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    from .calls import call_value

    if not args.positional:
        return UNKNOWN
    outer, run.in_async = run.in_async, False
    try:
        return call_value(run, args.positional[0][0], Arguments(args.positional[1:], args.named, args.open), node)
    finally:
        run.in_async = outer


@calls("asyncio.run", "asyncio.create_task", "asyncio.wait_for")
def _run_coroutine(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    return args.positional[0][0] if args.positional else UNKNOWN


@calls("multiprocessing.active_children")
def _active_children(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """The processes that this one has started, those of which several are alive as often as they are."""
    home = run.role.home
    mine = [role for role in run.program.roles if role.parent is not None and role.parent.home is home]
    found = [role.process for role in mine if role.kind is RoleKind.PROCESS and role.process is not None]
    for process in found:
        # Those that are closed are not among them.
        run.emit(Verb.QUERY, process, node, "active_children", exact=False, blocking=Blocking.NEVER)
    seen = Seen(tuple(found), False, True, node)
    if len(found) <= UNROLLED:
        return Items(tuple(Many(Ref(process), Count()) for process in found), seen=seen)
    for process in found:
        process.open = True
    return Data(seen=seen)


@calls("collections.Counter")
def _counter(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    for value, _ in args.positional:
        iterated(run, value, node)
    return contents.make(run, "dict", None, PLAIN, Count())


@calls("collections.defaultdict")
def _default_dict(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """A dict that makes what it does not have: any of its elements may be what the factory gives."""
    from .calls import call_value

    factory = args.get(0, "default_factory")
    made = isinstance(factory, (Name, Func, Cls, Partial))
    element = call_value(run, factory, Arguments(), node) if factory is not None and made else UNKNOWN
    return contents.make(run, "dict", None, element, Count())


@calls("object")
def _object(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    return Opaque()


calls("list", "collections.deque")(_sequence("list"))
calls("set", "frozenset")(_sequence("set"))
calls("tuple")(_sequence(None))
