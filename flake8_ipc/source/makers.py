"""What the library's classes and factories make: queues, pipes, locks, processes, pools, blocks of memory."""

from __future__ import annotations

import libcst as cst

from ..model import (
    Barrier,
    Blocking,
    Kind,
    Lock,
    PipeEnd,
    Pool,
    Queue,
    Raise,
    Shared,
    Verb,
)
from . import contents
from .cells import make_cell
from .contexts import get_context, get_start_method, set_start_method
from .launch import call_base, complete, make_process, pool_initializer
from .made import create, made, number
from .managers import make_manager
from .reach import reachable
from .run import CallReader, Run, calls
from .values import UNKNOWN, Arguments, Const, Context, Guard, Items, Name, Ref, Value

_LOCKS = {
    "Lock": Kind.LOCK,
    "RLock": Kind.RLOCK,
    "Semaphore": Kind.SEMAPHORE,
    "BoundedSemaphore": Kind.BOUNDED_SEMAPHORE,
    "Condition": Kind.CONDITION,
}
_QUEUES = {"Queue": Kind.QUEUE, "SimpleQueue": Kind.SIMPLE_QUEUE, "JoinableQueue": Kind.JOINABLE_QUEUE}
_THREAD_ONLY = {
    "queue": ("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue"),
    "threading": ("Lock", "RLock", "Event", "Condition", "Semaphore", "BoundedSemaphore", "Barrier"),
}


def make(
    run: Run, name: str, args: Arguments, node: cst.CSTNode, context: Context | None
) -> Value | None:
    given = args.get(None, "ctx")
    if isinstance(given, Context):
        context = given
    method = context.method if context is not None else None
    place = run.place(node)
    if name in _QUEUES:
        size = number(args.get(0, "maxsize"), 0)
        return Ref(create(run, node, name, lambda: Queue(_QUEUES[name], place, context=method, maxsize=size)))
    if name in _LOCKS:
        return Ref(make_lock(run, name, args, node, method))
    if name == "Event":
        return Ref(create(run, node, name, lambda: Shared(Kind.EVENT, place, context=method)))
    if name == "Barrier":
        parties, timed = number(args.get(0, "parties"), None), args.get(2, "timeout") is not None
        return Ref(
            create(run, node, name, lambda: Barrier(Kind.BARRIER, place, context=method, parties=parties, timed=timed))
        )
    if name == "Pipe":
        return _pipe(run, args, node, method)
    if name in ("Value", "Array", "RawValue", "RawArray"):
        return make_cell(run, name, args, node, method)
    if name in ("Process", "SpawnProcess", "ForkProcess", "ForkServerProcess"):
        return _process(run, name, args, node, method)
    if name == "Manager":
        return make_manager(run, node, method)
    if name == "Pool":
        return make_pool(run, Kind.POOL, args, node, context)
    if name == "get_context":
        return get_context(run, args, node, method)
    if name == "set_start_method":
        return set_start_method(run, args, node)
    if name == "get_start_method":
        get_start_method(run, args, node)
    if name == "current_process":
        return Name("multiprocessing.this_process")
    if name == "parent_process":
        return Guard(True) if run.frame.scope.kind == "module" else UNKNOWN
    return None


def make_lock(run: Run, name: str, args: Arguments, node: cst.CSTNode, method: str | None) -> Lock:
    """A lock, semaphore or condition."""
    place = run.place(node)
    count = number(args.get(0, "value"), 1) if "Semaphore" in name else 1
    inner: Lock | None = None
    if name == "Condition":
        given = args.get(0, "lock")
        inner = given.shared if isinstance(given, Ref) and isinstance(given.shared, Lock) else None
    lock: Lock = create(
        run, node, name, lambda: Lock(_LOCKS[name], place, context=method, count=count, lock=inner)
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
    fixed = {"SpawnProcess": "spawn", "ForkProcess": "fork", "ForkServerProcess": "forkserver"}.get(name, method)
    process = make_process(run, node, "multiprocessing.Process", None, method=fixed)
    call_base(run, Ref(process), "__init__", args, node)
    complete(run, process, None)
    return Ref(process)


def make_pool(run: Run, kind: Kind, args: Arguments, node: cst.CSTNode, context: Context | None) -> Value:
    place = run.place(node)
    given = args.get(1 if kind is Kind.EXECUTOR else 4, "mp_context" if kind is Kind.EXECUTOR else "context")
    if isinstance(given, Context):
        context = given
    method = context.method if context is not None else None
    size = number(args.get(0, "max_workers" if kind is Kind.EXECUTOR else "processes"), None)
    if size is not None and size < 1:
        # There is no pool without workers (CPython Lib/multiprocessing/pool.py, Pool.__init__).
        run.out.append(Raise("ValueError"))
        run.fall()
        return UNKNOWN
    # A context of the program's own may make workers that are no daemons.
    daemonic = kind is Kind.POOL and (given is None or isinstance(given, (Context, Const)))
    pool: Pool = made(run, node, "pool", lambda: Pool(kind, place, context=method, size=size, daemonic=daemonic))
    pool_initializer(run, pool, kind, args, node)
    run.emit(Verb.CREATE, pool, node, kind.value)
    return Ref(pool)


@calls("multiprocessing.connection.wait")
def _wait(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """``connection.wait``: ready ones of those it is given; it looks, and takes nothing."""
    value = args.get(0, "object_list")
    if value is None:
        return UNKNOWN
    awaited = reachable(run, value)
    for shared in awaited:
        verb = Verb.POLL if shared.kind is Kind.PIPE_END else Verb.QUERY
        run.emit(verb, shared, node, "wait", exact=False, blocking=Blocking.TIMED)
    if len(awaited) == 1 and awaited[0].kind is Kind.PROCESS and args.get(1, "timeout") is None:
        # A process's sentinel is ready once it has ended.
        run.emit(Verb.LEARN, awaited[0], node, exact=not awaited[0].many)
    return Items(None, contents.inexact(contents.elements(run, value)[1]))


def _thread_only(dotted: str) -> CallReader:
    def make_one(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
        place = run.place(node)
        return Ref(create(run, node, "", lambda: Shared(Kind.THREAD_ONLY, place, dotted)))

    return make_one


for _module, _names in _THREAD_ONLY.items():
    for _name in _names:
        calls(f"{_module}.{_name}")(_thread_only(f"{_module}.{_name}"))
