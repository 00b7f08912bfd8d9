"""Where the main program waits for the world outside: a user, a signal, a client, the clock; and what it leaves for later.

Only told once a process has been started: what a program waits for before is of no concern to its children.
"""

from __future__ import annotations

import builtins
import sys

import libcst as cst

from ..model import Blocking, Kind, Seq, Shared, Verb, events
from .reach import expose
from .run import Run, calls
from .scanning import assigned, own_nodes
from .statements import last_name
from .values import UNKNOWN, Arguments, Const, Data, Method, Ref, Value
from .variables import Vars

# Methods by which programs serve until they are told to stop, or wait for somebody, whatever object they are of.
_SERVES = frozenset(
    """serve_forever run_forever run_until_complete mainloop exec exec_ run serve pause loop_forever spin show block
    start_polling run_polling infinity_polling start_consuming idle handle_request""".split()
)
_WAITS = frozenset({"wait", "join", "get"})
# What waits for the outside in Python's own library, besides what is named after it.
_OUTSIDE = frozenset(
    """input signal.sigwait signal.sigwaitinfo sys.stdin sys.stdin.read sys.stdin.readline sys.stdin.buffer
    os.wait os.waitpid os.waitid os.wait3 os.wait4""".split()
)
_NAMED = frozenset({"serve_forever", "run_forever", "mainloop", "pause"})
_CLOCKS = frozenset({"time", "monotonic", "perf_counter", "now", "utcnow", "process_time"})


def listens(run: Run) -> bool:
    """Whether it matters here that the main program waits."""
    return len(run.program.roles) > 1 and not run.in_child


def pause(run: Run, node: cst.CSTNode, name: str, *, timed: bool = False) -> None:
    """The program waits here for something outside, or (``timed``) for the clock."""
    outside = run.made.get("outside")
    if outside is None:
        outside = run.made["outside"] = Shared(Kind.OUTSIDE, run.place(node), "the outside")
    run.emit(Verb.PAUSE, outside, node, name, blocking=Blocking.TIMED if timed else Blocking.FOREVER)


def note_name(run: Run, dotted: str, node: cst.CSTNode) -> None:
    """A call of something imported: it may wait for the outside, unless Python's own library says otherwise."""
    if not listens(run):
        return
    top, _, _ = dotted.partition(".")
    standard = top in sys.stdlib_module_names or hasattr(builtins, top)
    if dotted == "time.sleep":
        pause(run, node, dotted, timed=True)
    elif not standard or dotted in _OUTSIDE or dotted.rpartition(".")[2] in _NAMED:
        pause(run, node, dotted)


def note_method(run: Run, callee: Value, name: str, args: Arguments, node: cst.CSTNode) -> None:
    """A call of a method that cannot be followed: by its name it may serve until it is told to stop."""
    waits = name in _WAITS
    if not (waits or name in _SERVES) or not listens(run):
        return
    owner = callee.owner if isinstance(callee, Method) else callee
    if isinstance(owner, Ref):
        unknown = owner.shared.kind is Kind.THREAD_ONLY
    else:
        unknown = isinstance(owner, Data) and not (waits and name == "get")
    if unknown and not (waits and (args.positional or args.named)):
        pause(run, node, name)


def note_loop(run: Run, node: cst.While, inner: Seq) -> None:
    """A loop in which nothing is done with shared objects, and which waits: it sleeps, or its end comes from elsewhere."""
    pauses = list(events(inner))
    if not listens(run) or any(event.verb is not Verb.PAUSE for event in pauses):
        return
    parts = [node.test, *own_nodes(node.test)]
    names = {part.value for part in parts if type(part) is cst.Name}
    clock = any(last_name(part.func) in _CLOCKS for part in parts if type(part) is cst.Call)
    counts = clock or bool(names & assigned(node))
    if not pauses and (counts or not names - {"True"}):
        return
    after, run.vars = run.vars, Vars()
    with run.writing() as told:
        pause(run, node, "while", timed=counts and all(event.blocking is Blocking.TIMED for event in pauses))
    run.vars = after
    inner.items[:] = told.items


# -- what is left for later


@calls("atexit.register")
def _at_exit(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    expose(run, *args.values())
    if args.positional:
        leave_for_later(run, args.positional[0][0], Arguments(args.positional[1:], args.named), node)
    return args.positional[0][0] if args.positional else UNKNOWN


@calls("weakref.finalize")
def _finalize(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    expose(run, *args.values())
    if len(args.positional) > 1:
        leave_for_later(run, args.positional[1][0], Arguments(args.positional[2:], args.named), node)
    return UNKNOWN


def leave_for_later(run: Run, function: Value, args: Arguments, node: cst.CSTNode) -> None:
    """A function that the main program calls at some other moment: at its exit, at a signal."""
    if not run.in_child and not isinstance(function, (Const, Data)):
        run.handlers.append((function, args, node))


def read_handlers(run: Run, names: Vars) -> None:
    """What was left for later, each flow for itself: it runs at some moment that the text does not tell."""
    from .calls import call_value

    before, run.guarded = run.vars, True
    for function, args, node in run.handlers[:_HANDLERS]:
        run.vars = (before if before is not None else names).copy()
        with run.writing() as flow:
            call_value(run, function, args, node)
        if flow.items:
            run.program.handlers.append(flow)
    run.vars = before


# More handlers than these are not read.
_HANDLERS = 8
