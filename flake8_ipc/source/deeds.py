"""What the methods and attributes of shared objects do, as events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from ..model import (
    CELLS,
    LOCKS,
    PROXIES,
    QUEUES,
    Barrier,
    Blocking,
    Cell,
    Choice,
    Constant,
    Event,
    Flow,
    Key,
    Kind,
    Shared,
    Verb,
    events,
)
from . import copies
from .branches import either
from .changes import note_put
from .joining import as_constant, from_values, spread
from .lifetimes import hand_to_server
from .lookup import BUILTINS, parameter_names
from .managers import serve
from .memory import call_view
from .proxies import call_proxy, holdings
from .reach import expose, reachable
from .run import DOERS, Run
from .sockets import accept
from .values import PLAIN, UNKNOWN, Arguments, Const, Data, Ref, Seen, Value, View, fresh_key


@dataclass(frozen=True, slots=True)
class Deed:
    """One method: its verb, where ``block`` and ``timeout`` stand, the exception of a wait that runs out of time."""

    verb: Verb
    block: tuple[int | None, str] | None = None
    timeout: tuple[int | None, str] | None = None
    raises: str | None = None
    never: bool = False


_GET = Deed(Verb.GET, (0, "block"), (1, "timeout"), "Empty")
_PUT = Deed(Verb.PUT, (1, "block"), (2, "timeout"), "Full")
_QUEUE = {
    "put": _PUT,
    "put_nowait": Deed(Verb.PUT, raises="Full", never=True),
    "get": _GET,
    "get_nowait": Deed(Verb.GET, raises="Empty", never=True),
    "empty": Deed(Verb.SIZE),
    "full": Deed(Verb.SIZE),
    "qsize": Deed(Verb.SIZE),
    "close": Deed(Verb.CLOSE),
    "join_thread": Deed(Verb.JOIN_THREAD),
    "cancel_join_thread": Deed(Verb.CANCEL_JOIN_THREAD),
    "task_done": Deed(Verb.TASK_DONE),
    "join": Deed(Verb.JOIN),
}
_PIPE = {
    "send": Deed(Verb.SEND),
    "send_bytes": Deed(Verb.SEND),
    "recv": Deed(Verb.RECV),
    "recv_bytes": Deed(Verb.RECV),
    "recv_bytes_into": Deed(Verb.RECV),
    "poll": Deed(Verb.POLL),
    "close": Deed(Verb.CLOSE),
}
_LOCK = {
    "acquire": Deed(Verb.ACQUIRE, (0, "block"), (1, "timeout")),
    "release": Deed(Verb.RELEASE),
    "wait": Deed(Verb.WAIT, None, (0, "timeout")),
    "wait_for": Deed(Verb.WAIT, None, (1, "timeout")),
    "notify": Deed(Verb.NOTIFY),
    "notify_all": Deed(Verb.NOTIFY),
}
_SIGNAL = {
    "set": Deed(Verb.SET),
    "clear": Deed(Verb.CLEAR),
    "wait": Deed(Verb.WAIT, None, (0, "timeout")),
    "is_set": Deed(Verb.QUERY),
}
_BARRIER = {
    "wait": Deed(Verb.WAIT, None, (0, "timeout"), "BrokenBarrierError"),
    "abort": Deed(Verb.SET),
    "reset": Deed(Verb.CLEAR),
}
_PROCESS = {
    "join": Deed(Verb.JOIN, None, (0, "timeout")),
    "terminate": Deed(Verb.TERMINATE),
    "kill": Deed(Verb.KILL),
    "close": Deed(Verb.CLOSE),
    "is_alive": Deed(Verb.QUERY),
    "cancel": Deed(Verb.TERMINATE),
}
_MANAGER = {"shutdown": Deed(Verb.SHUTDOWN), "start": Deed(Verb.START)}
_MEMORY = {"close": Deed(Verb.CLOSE), "unlink": Deed(Verb.UNLINK)}
_CELL = {"get_lock": Deed(Verb.GET_LOCK), "get_obj": Deed(Verb.GET_OBJ)}

METHODS: dict[Kind, dict[str, Deed]] = {
    **dict.fromkeys(QUEUES, _QUEUE),
    **dict.fromkeys(LOCKS, _LOCK),
    **dict.fromkeys(CELLS, _CELL),
    Kind.PIPE_END: _PIPE,
    Kind.EVENT: _SIGNAL,
    Kind.BARRIER: _BARRIER,
    Kind.PROCESS: _PROCESS,
    Kind.THREAD: _PROCESS,
    Kind.MANAGER: _MANAGER,
    Kind.SHARED_MEMORY: _MEMORY,
    Kind.SHAREABLE_LIST: _MEMORY,
    Kind.LISTENER: {"close": Deed(Verb.CLOSE)},
}


def blocking(deed: Deed, args: Arguments) -> Blocking:
    """How a call waits, by its ``block`` and ``timeout`` arguments."""
    if deed.never:
        return Blocking.NEVER
    if deed.block is not None:
        block = args.get(*deed.block) or args.get(None, "blocking")
        if isinstance(block, Const) and not block.value:
            return Blocking.NEVER
        if block is not None and not isinstance(block, Const):
            return Blocking.TIMED
    if deed.timeout is not None:
        timeout = args.get(*deed.timeout)
        if timeout is not None and not (isinstance(timeout, Const) and timeout.value is None):
            return Blocking.TIMED
    return Blocking.TIMED if args.open else Blocking.FOREVER


def do(run: Run, ref: Ref, name: str, args: Arguments, node: cst.CSTNode) -> Value:
    """Calls a method of a shared object."""
    shared = ref.shared
    if shared.kind in (Kind.PROCESS, Kind.THREAD) and name in ("start", "run"):
        from .launch import run_here, start

        return start(run, shared, node, ref) if name == "start" else run_here(run, shared, node, ref)
    doer = DOERS.get(shared.kind)
    if doer is not None:
        handled = doer(run, ref, name, args, node)
        if handled is not None:
            return handled
    if shared.kind is Kind.MANAGER:
        served = serve(run, ref, name, args, node)
        if served is not None:
            return served
    if shared.kind in PROXIES or (shared.managed and shared.kind in CELLS and name not in _CELL):
        return call_proxy(run, ref, name, args, node)
    if isinstance(ref, View):
        return call_view(run, ref, name, args, node)
    if shared.kind is Kind.LISTENER and name == "accept":
        return accept(run, ref, node)
    if shared.kind in CELLS and name in ("acquire", "release", "__enter__") and isinstance(shared, Cell):
        if shared.lock is not None:
            return do(run, Ref(shared.lock, ref.inherited, ref.exact), name, args, node)
    deed = METHODS.get(shared.kind, {}).get(name)
    if deed is None:
        return _unknown_method(run, ref, name, args, node)
    return _perform(run, ref, name, deed, args, node)


def _unknown_method(run: Run, ref: Ref, name: str, args: Arguments, node: cst.CSTNode) -> Value:
    expose(run, *args.values())
    if name == "fileno" and ref.shared.kind is Kind.PIPE_END:
        ref.shared.open = True
    return from_values(args.values())


# What is asked, beside messages, whose answer is told apart where it decides something.
_TOLD = frozenset({(Verb.POLL, Kind.SUBPROCESS), (Verb.QUERY, Kind.EVENT)})
# What shows, where it decides something, that a process has ended or that an event is set.
_SHOWING = frozenset(
    {("is_alive", Kind.PROCESS), ("is_alive", Kind.THREAD), ("is_set", Kind.EVENT), ("wait", Kind.EVENT)}
)


def _perform(run: Run, ref: Ref, name: str, deed: Deed, args: Arguments, node: cst.CSTNode) -> Value:
    shared = ref.shared
    waits = blocking(deed, args)
    if isinstance(shared, Barrier) and shared.timed and waits is Blocking.FOREVER:
        waits = Blocking.TIMED
    facts = {
        "blocking": waits,
        "used": result_used(run, name, node),
        "inherited": ref.inherited,
        "exact": ref.exact,
    }
    label = f"{shared.name}.{name}"
    if deed.verb in (Verb.PUT, Verb.SEND):
        return _hand_over(run, shared, label, deed, args, node, facts)
    if deed.verb is Verb.WAIT and name == "wait_for":
        return _wait_for(run, shared, label, deed, args, node, facts)
    raises = deed.raises if facts["blocking"] is not Blocking.FOREVER else None
    if ref.key is not None:
        facts["key"] = ref.key
    if deed.verb is Verb.WAIT and shared.kind is Kind.CONDITION:
        facts["reads"] = tuple(run.controls)
    if deed.verb is Verb.RECV:
        # EOFError is how a pipe tells that the other side is gone.
        run.risk()
    event = run.emit(deed.verb, shared, node, label, raises=raises, **facts)
    if (name, shared.kind) in _SHOWING and (deed.verb is Verb.QUERY or event.blocking is not Blocking.FOREVER):
        message = event if (deed.verb, shared.kind) in _TOLD else None
        seen = Seen((shared,), shared.kind is Kind.EVENT, event.exact, node)
        return Data(message=message, thing=fresh_key() if message else 0, plain=True, seen=seen)
    if deed.verb in (Verb.GET, Verb.RECV) or (deed.verb, shared.kind) in _TOLD:
        return Data(message=event, thing=fresh_key())
    if deed.verb is Verb.SIZE:
        return Data(plain=True, sizes=(node,), size_of=(shared,))
    if deed.verb is Verb.GET_LOCK and isinstance(shared, Cell):
        return Ref(shared.lock, ref.inherited, ref.exact) if shared.lock is not None else UNKNOWN
    if deed.verb is Verb.ACQUIRE:
        run.by_hand.add(run.role)
    if deed.verb is Verb.GET_OBJ:
        return Ref(shared, ref.inherited, ref.exact, bare=True)
    if deed.verb is Verb.RESULT:
        return UNKNOWN
    if shared.kind is Kind.BARRIER and deed.verb is Verb.WAIT:
        # Each who comes gets a number of his own (CPython documentation, threading.Barrier.wait).
        return Data(own=True, plain=True, scalar=True)
    return PLAIN if deed.verb not in (Verb.QUERY, Verb.JOIN) else UNKNOWN


def result_used(run: Run, name: str, node: cst.CSTNode) -> bool:
    """Whether the text uses what a method gives back.

    Code that calls whatever function it is given (a parameter, ``map(q.put, items)``) passes on what that returns, and
    does not ask for it.
    """
    if id(node) in run.unused:
        return False
    if type(node) is not cst.Call:
        return True
    if type(node.func) is cst.Attribute:
        return node.func.attr.value == name
    func = run.frame.func
    given = parameter_names(func.node) if func is not None else frozenset()
    return type(node.func) is cst.Name and node.func.value not in BUILTINS | given


def _hand_over(
    run: Run, shared: Shared, label: str, deed: Deed, args: Arguments, node: cst.CSTNode, facts: dict[str, object]
) -> Value:
    """A put or send: what is known of its payload decides how many ways it is written down."""
    value = args.get(0, "obj")
    if value is None:
        value = UNKNOWN
    if run.copies:
        copies.read(run, [value], node)
    hand_to_server(run, value, node)
    for inside in reachable(run, value):
        inside.open = True
    facts["holds"] = holdings(Key.ANY, value)
    raises = deed.raises if facts["blocking"] is not Blocking.FOREVER else None
    ways = [way for option in spread(value) for way in _payloads(option)]
    branches: list[Flow] = []
    for payload, passed in ways if len(ways) > 1 else ():
        with run.writing() as sequence:
            run.emit(deed.verb, shared, node, label, raises=raises, payload=payload, passed=passed, **facts)
        branches.append(sequence)
    if branches:
        run.out.append(Choice(branches))
    else:
        payload, passed = ways[0]
        run.emit(deed.verb, shared, node, label, raises=raises, payload=payload, passed=passed, **facts)
    note_put(run, shared, value, node)
    return PLAIN


def _payloads(value: Value) -> Iterator[tuple[Constant | None, Event | None]]:
    """What may be put: a constant, what a get or receive took, or something unknown."""
    known = as_constant(value)
    if known is not None:
        yield Constant(known.value), None
        return
    message = value.message if isinstance(value, Data) else None
    yield None, message if message is not None and message.verb in (Verb.GET, Verb.RECV) else None
    if isinstance(value, Data) and value.anything:
        yield Constant(None), None


def _wait_for(
    run: Run, shared: Shared, label: str, deed: Deed, args: Arguments, node: cst.CSTNode, facts: dict[str, object]
) -> Value:
    """``Condition.wait_for``: looks at its predicate first and waits only while that is false."""
    from .calls import call_value
    predicate = args.get(0, "predicate")
    if predicate is not None:
        with run.writing() as sequence:
            call_value(run, predicate, Arguments(), node)
        run.out.extend(sequence.items)
        facts["reads"] = tuple(event for event in events(sequence) if event.verb is Verb.READ)
    either(run, lambda: _note(run.emit(deed.verb, shared, node, label, **facts)), lambda: None)
    if facts["blocking"] is Blocking.FOREVER:
        run.emit(Verb.LEARN, shared, node, exact=bool(facts["exact"]))
    return UNKNOWN


def _note(event: Event) -> None:
    """An event as a branch of its own."""


def leave_with(run: Run, ref: Ref) -> tuple[Verb, Shared] | None:
    """What the end of a ``with`` block does to a shared object."""
    kind = ref.shared.kind
    if kind in LOCKS:
        return Verb.RELEASE, ref.shared
    if kind in CELLS and isinstance(ref.shared, Cell) and ref.shared.lock is not None:
        return Verb.RELEASE, ref.shared.lock
    if kind in (Kind.PIPE_END, Kind.LISTENER, Kind.STREAM):
        return Verb.CLOSE, ref.shared
    if kind is Kind.POOL:
        return Verb.TERMINATE, ref.shared
    if kind in (Kind.EXECUTOR, Kind.THREAD_POOL, Kind.MANAGER):
        return Verb.SHUTDOWN, ref.shared
    if kind is Kind.SUBPROCESS:
        return Verb.JOIN, ref.shared
    return None


__all__ = ["do", "leave_with"]
