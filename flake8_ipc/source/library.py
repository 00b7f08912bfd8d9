"""Calls of what is imported or built in: who knows what each of them gives and does."""

from __future__ import annotations

import libcst as cst

from ..model import End, Kind
from . import copies, ctypes_, iterables, keys, makers, managers, memory, plain, sockets, subprocesses, tasks
from .attributes import PROCESS_BASES, THREAD_BASES
from .elements import iterate_shared
from .joining import from_values
from .launch import call_base, make_process
from .names import ENDINGS, HARMLESS, PLAIN_RESULTS, may_raise
from .pauses import note_name
from .proxies import CHANGING_CALLS, change_copy, show
from .reach import expose
from .run import CALLS, Run
from .values import PLAIN, UNKNOWN, Arguments, Const, Context, Generator, Inst, Ref, Value, View

_EXECUTORS = {
    "concurrent.futures.ProcessPoolExecutor": Kind.EXECUTOR,
    "concurrent.futures.ThreadPoolExecutor": Kind.THREAD_POOL,
    "multiprocessing.pool.ThreadPool": Kind.THREAD_POOL,
    "multiprocessing.dummy.Pool": Kind.THREAD_POOL,
    "multiprocessing.Pool": Kind.POOL,
}
_REGISTERED = (ctypes_, iterables, managers, memory, plain, sockets, subprocesses, tasks)
# What only wraps what it is given, or asks what it is.
_KEEP = frozenset({"functools.partial", "isinstance", "id", "type", "getattr", "setattr", "hasattr"})
_SHOWING = frozenset({"print", "format", "pprint.pprint", "sys.stdout.write"})


def call_name(
    run: Run, dotted: str, args: Arguments, node: cst.CSTNode, *, context: Context | None = None
) -> Value:
    """Calls something imported or built in."""
    package, _, name = dotted.rpartition(".")
    if package == "multiprocessing":
        value = makers.make(run, name, args, node, context)
        if value is not None:
            return value
    if dotted in _EXECUTORS:
        return makers.make_pool(run, _EXECUTORS[dotted], args, node, context)
    if dotted in THREAD_BASES or dotted == "multiprocessing.dummy.Process":
        thread = make_process(run, node, "threading.Thread", None)
        call_base(run, Ref(thread), "__init__", args, node, timer=name == "Timer")
        return Ref(thread)
    if dotted in ENDINGS:
        run.out.append(End(ENDINGS[dotted], run.place(node), dotted))
        run.fall()
        return UNKNOWN
    if may_raise(dotted) and not all(isinstance(value, Const) and not isinstance(value.value, str) for value in args.values()):
        run.risk()
    if keys.takes_key(dotted):
        keys.given(run, dotted, args)
    if run.copies and dotted not in _KEEP:
        copies.read(run, args.values(), node)
    special = CALLS.get(dotted)
    if special is not None:
        return special(run, args, node)
    if name in ("__init__", "start", "run", "join") and (package in PROCESS_BASES or package in THREAD_BASES):
        return _unbound(run, name, args, node)
    note_name(run, dotted, node)
    if dotted in HARMLESS or dotted in PLAIN_RESULTS:
        if "file" in args.named:
            subprocesses.printed(run, args, node)
        for value in args.values():
            if isinstance(value, View):
                iterate_shared(run, value, node)
            elif isinstance(value, Generator):
                expose(run, value)
            elif dotted in _SHOWING:
                show(run, value, node)
        return PLAIN if dotted in PLAIN_RESULTS and not _dependent(args) else from_values(args.values(), plain=False)
    if dotted in CHANGING_CALLS and args.positional:
        change_copy(run, args.positional[0][0], node, name)
    expose(run, *args.values())
    return from_values(args.values())


def _dependent(args: Arguments) -> bool:
    found = from_values(args.values())
    return bool(found.reads or found.sizes)


def _unbound(run: Run, name: str, args: Arguments, node: cst.CSTNode) -> Value:
    """``Process.__init__(self, ...)``: the base's method, called by hand."""
    if args.positional and isinstance(args.positional[0][0], (Inst, Ref)):
        owner = args.positional[0][0]
        return call_base(run, owner, name, Arguments(args.positional[1:], args.named, args.open), node)
    return UNKNOWN
