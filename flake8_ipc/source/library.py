"""What the library's functions and classes make: shared objects, contexts, iterators, endings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from ..model import (
    Barrier,
    Blocking,
    Cell,
    Constant,
    Count,
    End,
    Kind,
    Lock,
    PipeEnd,
    Pool,
    Queue,
    Shared,
    Subprocess,
    Verb,
)
from . import contents
from .attributes import PROCESS_BASES, THREAD_BASES
from .names import ENDINGS, HARMLESS, PLAIN_RESULTS
from .run import Run
from .values import (
    PLAIN,
    UNKNOWN,
    Arguments,
    BlockName,
    Cls,
    Coll,
    Const,
    Context,
    Data,
    Func,
    Generator,
    Guard,
    Inst,
    Items,
    Method,
    Name,
    Opaque,
    Partial,
    Ref,
    Value,
    from_values,
    join,
)

_MP_LOCKS = {
    "Lock": Kind.LOCK,
    "RLock": Kind.RLOCK,
    "Semaphore": Kind.SEMAPHORE,
    "BoundedSemaphore": Kind.BOUNDED_SEMAPHORE,
    "Condition": Kind.CONDITION,
}
_MP_QUEUES = {"Queue": Kind.QUEUE, "SimpleQueue": Kind.SIMPLE_QUEUE, "JoinableQueue": Kind.JOINABLE_QUEUE}
_THREAD_ONLY = frozenset(
    {
        *(f"queue.{name}" for name in ("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue")),
        *(f"threading.{name}" for name in ("Lock", "RLock", "Event", "Condition", "Semaphore", "BoundedSemaphore")),
        "threading.Barrier",
    }
)
_EXECUTORS = {
    "concurrent.futures.ProcessPoolExecutor": Kind.EXECUTOR,
    "concurrent.futures.ThreadPoolExecutor": Kind.THREAD_POOL,
    "multiprocessing.pool.ThreadPool": Kind.THREAD_POOL,
    "multiprocessing.dummy.Pool": Kind.THREAD_POOL,
    "multiprocessing.Pool": Kind.POOL,
}
_MANAGERS = frozenset(
    {"multiprocessing.Manager", "multiprocessing.managers.SyncManager", "multiprocessing.managers.SharedMemoryManager"}
)


def made(run: Run, node: cst.CSTNode, part: object, build: Callable[[], Shared]) -> Any:
    """The shared object of this allocation site, on this path; the same one when the site is read again."""
    key = (id(node), part, run.calls, run.path, id(run.role))
    shared = run.made.get(key)
    if shared is None:
        shared = run.made[key] = build()
        shared.many = bool(run.loops) or run.role.many
        run.program.objects.append(shared)
    if shared not in run.frame.made:
        run.frame.made.append(shared)
    return shared


def create(run: Run, node: cst.CSTNode, part: object, build: Callable[[], Shared]) -> Any:
    """The same, with the event that it is made."""
    shared = made(run, node, part, build)
    run.emit(Verb.CREATE, shared, node, shared.kind.value)
    return shared


def number(value: Value | None, default: int | None) -> int | None:
    """A known whole number, or None."""
    if value is None:
        return default
    return value.value if isinstance(value, Const) and isinstance(value.value, int) else None


def call_name(
    run: Run, dotted: str, args: Arguments, node: cst.CSTNode, *, context: Context | None = None
) -> Value:
    """Calls something imported or built in."""
    package, _, name = dotted.rpartition(".")
    if package == "multiprocessing":
        value = _call_multiprocessing(run, name, args, node, context)
        if value is not None:
            return value
    if dotted in _EXECUTORS:
        return _pool(run, _EXECUTORS[dotted], args, node, context)
    if dotted in THREAD_BASES or dotted == "multiprocessing.dummy.Process":
        from .launch import call_base, make_process

        thread = make_process(run, node, "threading.Thread", None)
        call_base(run, Ref(thread), "__init__", args, node, timer=name == "Timer")
        return Ref(thread)
    if dotted in _THREAD_ONLY:
        place = run.place(node)
        shared = create(run, node, "", lambda: Shared(Kind.THREAD_ONLY, place, dotted))
        return Ref(shared)
    if dotted in ENDINGS:
        run.out.append(End(ENDINGS[dotted]))
        run.vars = None
        return UNKNOWN
    special = _SPECIAL.get(dotted)
    if special is not None:
        return special(run, args, node)
    if name in ("__init__", "start", "run", "join") and (package in PROCESS_BASES or package in THREAD_BASES):
        return _unbound(run, name, args, node)
    if dotted in HARMLESS or dotted in PLAIN_RESULTS:
        return PLAIN if dotted in PLAIN_RESULTS and not _dependent(args) else from_values(args.values(), plain=False)
    run.open(*args.values())
    return from_values(args.values())


def _dependent(args: Arguments) -> bool:
    found = from_values(args.values())
    return bool(found.reads or found.sizes)


def _unbound(run: Run, name: str, args: Arguments, node: cst.CSTNode) -> Value:
    """``Process.__init__(self, ...)``: the base's method, called by hand."""
    if args.positional and isinstance(args.positional[0][0], (Inst, Ref)):
        from .launch import call_base

        owner = args.positional[0][0]
        return call_base(run, owner, name, Arguments(args.positional[1:], args.named, args.open), node)
    return UNKNOWN


def _call_multiprocessing(
    run: Run, name: str, args: Arguments, node: cst.CSTNode, context: Context | None
) -> Value | None:
    given = args.get(None, "ctx")
    if isinstance(given, Context):
        context = given
    method = context.method if context is not None else None
    place = run.place(node)
    if name in _MP_QUEUES:
        size = number(args.get(0, "maxsize"), 0)
        return Ref(create(run, node, name, lambda: Queue(_MP_QUEUES[name], place, context=method, maxsize=size)))
    if name in _MP_LOCKS:
        return Ref(make_lock(run, name, args, node, method))
    if name == "Event":
        return Ref(create(run, node, name, lambda: Shared(Kind.EVENT, place, context=method)))
    if name == "Barrier":
        parties = number(args.get(0, "parties"), None)
        return Ref(create(run, node, name, lambda: Barrier(Kind.BARRIER, place, context=method, parties=parties)))
    if name == "Pipe":
        return _pipe(run, args, node, method)
    if name in ("Value", "Array", "RawValue", "RawArray"):
        from .cells import make_cell

        return make_cell(run, name, args, node, method)
    if name in ("Process", "SpawnProcess", "ForkProcess", "ForkServerProcess"):
        return _process(run, name, args, node, method)
    if name == "Manager":
        return _manager(run, node, method)
    if name == "Pool":
        return _pool(run, Kind.POOL, args, node, context)
    if name == "get_context":
        wanted = args.get(0, "method")
        known = wanted.value if isinstance(wanted, Const) and isinstance(wanted.value, str) else method
        return Context(known)
    if name == "set_start_method":
        return _set_start_method(run, args)
    if name == "current_process":
        return Name("multiprocessing.this_process")
    if name == "parent_process":
        return Guard(True) if run.frame.scope.kind == "module" else UNKNOWN
    return None


def _set_start_method(run: Run, args: Arguments) -> Value:
    wanted = args.get(0, "method")
    if isinstance(wanted, Const) and wanted.value in run.program.methods:
        run.program.methods = frozenset({str(wanted.value)})
    return Const(None)


def make_lock(run: Run, name: str, args: Arguments, node: cst.CSTNode, method: str | None) -> Lock:
    """A lock, semaphore or condition."""
    place = run.place(node)
    count = number(args.get(0, "value"), 1) if "Semaphore" in name else 1
    inner: Lock | None = None
    if name == "Condition":
        given = args.get(0, "lock")
        inner = given.shared if isinstance(given, Ref) and isinstance(given.shared, Lock) else None
    lock: Lock = create(
        run, node, name, lambda: Lock(_MP_LOCKS[name], place, context=method, count=count, lock=inner)
    )
    return lock


def _pipe(run: Run, args: Arguments, node: cst.CSTNode, method: str | None) -> Value:
    place = run.place(node)
    duplex = args.get(0, "duplex")
    one_way = isinstance(duplex, Const) and not duplex.value
    unknown = duplex is not None and not isinstance(duplex, Const)
    both_ways = not one_way
    first: PipeEnd = create(
        run, node, 0, lambda: PipeEnd(Kind.PIPE_END, place, "first end", context=method, writable=both_ways or unknown)
    )
    second: PipeEnd = create(
        run, node, 1, lambda: PipeEnd(Kind.PIPE_END, place, "second end", context=method, readable=both_ways or unknown)
    )
    first.peer, second.peer = second, first
    return Items((Ref(first), Ref(second)))


def _process(run: Run, name: str, args: Arguments, node: cst.CSTNode, method: str | None) -> Value:
    from .launch import call_base, complete, make_process

    fixed = {"SpawnProcess": "spawn", "ForkProcess": "fork", "ForkServerProcess": "forkserver"}.get(name, method)
    process = make_process(run, node, "multiprocessing.Process", None, method=fixed)
    call_base(run, Ref(process), "__init__", args, node)
    complete(run, process, None)
    return Ref(process)


def _manager(run: Run, node: cst.CSTNode, method: str | None) -> Value:
    place = run.place(node)
    manager = made(run, node, "Manager", lambda: Shared(Kind.MANAGER, place, context=method))
    run.emit(Verb.CREATE, manager, node, "Manager()")
    return Ref(manager)


def _pool(run: Run, kind: Kind, args: Arguments, node: cst.CSTNode, context: Context | None) -> Value:
    from .launch import pool_initializer

    place = run.place(node)
    given = args.get(None, "mp_context") or args.get(None, "context")
    if isinstance(given, Context):
        context = given
    method = context.method if context is not None else None
    size = number(args.get(0, "max_workers" if kind is Kind.EXECUTOR else "processes"), None)
    pool: Pool = made(run, node, "pool", lambda: Pool(kind, place, context=method, size=size))
    pool_initializer(run, pool, kind, args, node)
    run.emit(Verb.CREATE, pool, node, kind.value)
    return Ref(pool)


# -- plain functions whose result matters


def _iter(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    if len(args.positional) == 2:
        return Generator(None, Arguments(), args.positional[0][0], args.positional[1][0], node)
    return args.positional[0][0] if args.positional else UNKNOWN


def _range(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    values = [value for value, _ in args.positional]
    known = [value.value for value in values if isinstance(value, Const) and isinstance(value.value, int)]
    for value in values:
        _number_check(run, value, node)
    element = from_values(values, keep=True)
    own = Data(reads=element.reads, own=element.own, varies=element.varies, plain=True)
    if len(known) == len(values) and values:
        try:
            turns = len(range(*known))
        except (TypeError, ValueError, OverflowError):
            return Items(None, own, Count(), numbers=True)
        return Items(None, own, Count(turns, turns), numbers=True)
    if len(values) == 1 and isinstance(values[0], Data):
        if values[0].sizes:
            _decide(run, values[0])
        return Items(None, own, count_of(run, values[0]), numbers=True)
    return Items(None, own, Count(), numbers=True)


def _number_check(run: Run, value: Value, node: cst.CSTNode) -> None:
    from .expressions import as_number

    as_number(run, value, node, "number")


def _decide(run: Run, value: Data) -> None:
    from .statements import decide

    decide(run, value)


def count_of(run: Run, value: Data) -> Count:
    """The Count that stands for a number; the same value gives the same one."""
    if value.count is not None:
        return value.count
    if value is UNKNOWN or value is PLAIN:
        return Count()
    count: Count = run.made.setdefault(("count", id(value)), Count())
    run.made.setdefault(("count of", id(value)), value)
    return count


def _len(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    value = args.get(0, "obj")
    if isinstance(value, Ref):
        return PLAIN
    if value is None:
        return PLAIN
    items, _, count = contents.elements(run, value)
    if items is not None:
        return Const(len(items))
    return Data(plain=True, count=count, reads=from_values([value]).reads)


def _sequence(kind: str | None) -> Callable[[Run, Arguments, cst.CSTNode], Value]:
    def convert(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
        value = args.get(0, "iterable")
        if value is None:
            return contents.make(run, kind, {}, None, None) if kind else Items(())
        if isinstance(value, Generator):
            from .loops import collect

            return collect(run, value, kind or "list", node)
        if isinstance(value, Ref):
            from .deeds import iterate_shared

            element = iterate_shared(run, value, node)
            return contents.make(run, kind or "list", None, element, None)
        items, element, count = contents.elements(run, value)
        ordered = items if kind != "set" else None
        if kind is None:
            return Items(ordered, element, count)
        return contents.make(run, kind, dict(enumerate(ordered)) if ordered is not None else None, element, count)

    return convert


def _dict(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    base = args.get(0, "")
    items: dict[object, Value] | None = {}
    if isinstance(base, Coll) and base.kind == "dict":
        items = run.content(base).items
    elif base is not None:
        if isinstance(base, Ref):
            from .deeds import iterate_shared

            iterate_shared(run, base, node, copied=True)
        items = None
    named: dict[object, Value] = {name: value for name, (value, _) in args.named.items()}
    if items is None or args.open:
        return contents.make(run, "dict", None, None, None)
    return contents.make(run, "dict", {**items, **named}, None, None)


def _enumerate(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    value = args.get(0, "iterable")
    if value is None:
        return UNKNOWN
    if isinstance(value, Generator):
        return Generator(None, Arguments(), value, None, node)
    items, element, count = contents.elements(run, value)
    if items is not None:
        return Items(tuple(Items((Const(i), item)) for i, item in enumerate(items)))
    return Items(None, Items((Data(plain=True, loop_item=True), element)), count)


def _zip(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    columns = [contents.elements(run, value) for value in (value for value, _ in args.positional)]
    if not columns:
        return UNKNOWN
    if all(items is not None for items, _, _ in columns):
        rows = zip(*(items for items, _, _ in columns if items is not None), strict=False)
        return Items(tuple(Items(row) for row in rows))
    counts = [count for items, _, count in columns if count is not None]
    known = [Count(len(items), len(items)) for items, _, _ in columns if items is not None]
    row = Items(tuple(element for _, element, _ in columns))
    return Items(None, row, (counts or known or [Count()])[0])


def _through(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    value = args.get(0, "iterable")
    if value is None:
        return UNKNOWN
    if isinstance(value, Generator):
        from .loops import collect

        return collect(run, value, "list", node)
    if isinstance(value, Ref):
        from .deeds import iterate_shared

        return contents.make(run, "list", None, iterate_shared(run, value, node), None)
    items, element, count = contents.elements(run, value)
    return Items(items, element, count)


def _reversed(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    value = _through(run, args, node)
    if isinstance(value, Items) and value.items is not None:
        return Items(tuple(reversed(value.items)), value.element, value.count)
    return value


def _next(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    value = args.get(0, "iterator")
    if isinstance(value, Generator):
        found: list[Value] = []
        from .loops import iterate

        iterate(run, value, found.append, node)
        joined: Value = found[0] if found else UNKNOWN
        return contents.inexact(joined)
    if isinstance(value, Ref):
        from .deeds import iterate_shared

        return iterate_shared(run, value, node)
    return contents.inexact(contents.elements(run, value)[1]) if value is not None else UNKNOWN


def _map(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    from .calls import call_value

    if len(args.positional) < 2:
        return UNKNOWN
    function = args.positional[0][0]
    results: list[Value] = []
    from .loops import iterate

    def one(item: Value) -> None:
        results.append(call_value(run, function, Arguments([(item, node)]), node))

    iterate(run, args.positional[1][0], one, node)
    joined: Value = results[0] if results else UNKNOWN
    for value in results[1:]:
        joined = join(joined, value)
    return contents.make(run, "generator", None, joined, None)


def _aggregate(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    for value, _ in args.positional:
        if isinstance(value, Generator):
            from .loops import collect

            collect(run, value, "list", node)
        elif isinstance(value, Ref):
            from .deeds import iterate_shared

            iterate_shared(run, value, node)
    return from_values([value for value, _ in args.positional], plain=False)


def _partial(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    if not args.positional or args.open:
        run.open(*args.values())
        return UNKNOWN
    func, *rest = [value for value, _ in args.positional]
    return Partial(func, tuple(rest), tuple((name, value) for name, (value, _) in args.named.items()))


def _getattr(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    from .attributes import get_attribute

    if len(args.positional) >= 2 and isinstance(args.positional[1][0], Const):
        return get_attribute(run, args.positional[0][0], str(args.positional[1][0].value), node)
    run.open(*args.values())
    return UNKNOWN


def _setattr(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    from .attributes import set_attribute

    if len(args.positional) == 3 and isinstance(args.positional[1][0], Const):
        set_attribute(run, args.positional[0][0], str(args.positional[1][0].value), args.positional[2][0], node)
    else:
        run.open(*args.values())
    return Const(None)


def _int(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    value = args.get(0, "x")
    if value is not None:
        _number_check(run, value, node)
        if isinstance(value, Const) and isinstance(value.value, (int, float)):
            return value
        return from_values([value], plain=True, keep=True)
    return PLAIN


def _field(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    factory = args.get(None, "default_factory")
    if factory is not None:
        return Partial(factory, (), ())
    return args.get(None, "default") or UNKNOWN


def _closing(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    value = args.get(0, "thing")
    return Partial(Name("contextlib.closing"), (value,), ()) if value is not None else UNKNOWN


def _exit_stack(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    return contents.make(run, "exit stack", {}, None, None)


def _to_thread(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    from .calls import call_value

    if not args.positional:
        return UNKNOWN
    outer, run.in_async = run.in_async, False
    try:
        return call_value(run, args.positional[0][0], Arguments(args.positional[1:], args.named, args.open), node)
    finally:
        run.in_async = outer


def _run_coroutine(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    return args.positional[0][0] if args.positional else UNKNOWN


def _popen(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    def piped(name: str) -> bool:
        value = args.get(None, name)
        return isinstance(value, Name) and value.dotted == "subprocess.PIPE"

    place = run.place(node)
    ends = [piped(name) for name in ("stdin", "stdout", "stderr")]
    shared = made(
        run,
        node,
        "Popen",
        lambda: Subprocess(Kind.SUBPROCESS, place, stdin=ends[0], stdout=ends[1], stderr=ends[2]),
    )
    run.emit(Verb.CREATE, shared, node, "Popen")
    return Ref(shared)


def _shared_memory(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    place = run.place(node)
    create = args.get(1, "create")
    fresh = isinstance(create, Const) and bool(create.value)
    name = args.get(0, "name")
    if not fresh and isinstance(name, BlockName):
        run.emit(Verb.ATTACH, name.shared, node, "SharedMemory", payload=Constant(fresh))
        return Ref(name.shared)
    block = made(run, node, "SharedMemory", lambda: Cell(Kind.SHARED_MEMORY, place, raw=True))
    run.emit(Verb.CREATE if fresh else Verb.ATTACH, block, node, "SharedMemory", payload=Constant(fresh))
    if not fresh:
        block.open = True
    return Ref(block)


def _wait(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """``connection.wait``: ready ones of those it is given; it looks, and takes nothing."""
    value = args.get(0, "object_list")
    if value is None:
        return UNKNOWN
    for shared in run.reachable(value):
        verb = Verb.POLL if shared.kind is Kind.PIPE_END else Verb.QUERY
        run.emit(verb, shared, node, "wait", exact=False, blocking=Blocking.TIMED)
    return Items(None, contents.inexact(contents.elements(run, value)[1]))


def _all_of_them(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """``as_completed``: every future it is given, in another order."""
    value = args.get(0, "fs")
    if value is None:
        return UNKNOWN
    _, element, count = contents.elements(run, value)
    return Items(None, element, count)


def _managers_class(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    place = run.place(node)
    manager = made(run, node, "Manager", lambda: Shared(Kind.MANAGER, place))
    return Ref(manager)


_SPECIAL: dict[str, Callable[[Run, Arguments, cst.CSTNode], Value]] = {
    "iter": _iter,
    "range": _range,
    "len": _len,
    "list": _sequence("list"),
    "set": _sequence("set"),
    "frozenset": _sequence("set"),
    "tuple": _sequence(None),
    "collections.deque": _sequence("list"),
    "dict": _dict,
    "collections.OrderedDict": _dict,
    "enumerate": _enumerate,
    "zip": _zip,
    "sorted": _through,
    "reversed": _reversed,
    "object": lambda run, args, node: Opaque(),
    "next": _next,
    "map": _map,
    "sum": _aggregate,
    "any": _aggregate,
    "all": _aggregate,
    "min": _aggregate,
    "max": _aggregate,
    "int": _int,
    "float": _int,
    "functools.partial": _partial,
    "getattr": _getattr,
    "setattr": _setattr,
    "dataclasses.field": _field,
    "contextlib.closing": _closing,
    "contextlib.ExitStack": _exit_stack,
    "asyncio.to_thread": _to_thread,
    "asyncio.run": _run_coroutine,
    "asyncio.create_task": _run_coroutine,
    "asyncio.wait_for": _run_coroutine,
    "subprocess.Popen": _popen,
    "multiprocessing.shared_memory.SharedMemory": _shared_memory,
    "multiprocessing.connection.wait": _wait,
    "concurrent.futures.as_completed": _all_of_them,
    "multiprocessing.managers.SyncManager": _managers_class,
    "multiprocessing.managers.SharedMemoryManager": _managers_class,
}

__all__ = ["Cls", "Func", "Method", "call_name", "count_of", "made", "make_lock", "number"]
