"""What the methods and attributes of shared objects do, as events."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from ..model import (
    CELLS,
    LOCKS,
    QUEUES,
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
)
from . import contents
from .changes import note_put
from .run import Run
from .values import (
    NOTHING,
    PLAIN,
    UNKNOWN,
    Arguments,
    BlockName,
    Coll,
    Const,
    Data,
    Items,
    Method,
    OneOf,
    Ref,
    Value,
    fresh_key,
    from_values,
    spread,
)


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
_POOL = {
    "close": Deed(Verb.CLOSE),
    "terminate": Deed(Verb.TERMINATE),
    "join": Deed(Verb.JOIN),
}
_RESULT = {
    "get": Deed(Verb.RESULT, None, (0, "timeout"), "TimeoutError"),
    "result": Deed(Verb.RESULT, None, (0, "timeout"), "TimeoutError"),
    "exception": Deed(Verb.RESULT, None, (0, "timeout"), "TimeoutError"),
    "wait": Deed(Verb.WAIT, None, (0, "timeout")),
    "ready": Deed(Verb.QUERY),
    "successful": Deed(Verb.QUERY),
    "done": Deed(Verb.QUERY),
    "cancel": Deed(Verb.TERMINATE),
}
_MANAGER = {"shutdown": Deed(Verb.SHUTDOWN), "start": Deed(Verb.START)}
_MEMORY = {"close": Deed(Verb.CLOSE), "unlink": Deed(Verb.UNLINK)}
_SUBPROCESS = {
    "wait": Deed(Verb.WAIT, None, (0, "timeout"), "TimeoutExpired"),
    "communicate": Deed(Verb.JOIN, None, (1, "timeout"), "TimeoutExpired"),
    "poll": Deed(Verb.POLL),
    "kill": Deed(Verb.KILL),
    "terminate": Deed(Verb.TERMINATE),
    "send_signal": Deed(Verb.TERMINATE),
}
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
    Kind.POOL: _POOL,
    Kind.THREAD_POOL: _POOL,
    Kind.EXECUTOR: {"shutdown": Deed(Verb.SHUTDOWN)},
    Kind.RESULT: _RESULT,
    Kind.MANAGER: _MANAGER,
    Kind.SHARED_MEMORY: _MEMORY,
    Kind.LISTENER: {"close": Deed(Verb.CLOSE)},
    Kind.SUBPROCESS: _SUBPROCESS,
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
    if shared.kind in (Kind.POOL, Kind.EXECUTOR, Kind.THREAD_POOL):
        from .tasks import submit

        handled = submit(run, ref, name, args, node)
        if handled is not None:
            return handled
    if shared.kind is Kind.MANAGER:
        from .managers import serve

        served = serve(run, ref, name, args, node)
        if served is not None:
            return served
    if shared.kind in (Kind.DICT, Kind.LIST, Kind.NAMESPACE, Kind.PROXY):
        from .managers import call_proxy

        return call_proxy(run, ref, name, args, node)
    if shared.kind is Kind.LISTENER and name == "accept":
        from .sockets import accept

        return accept(run, ref, node)
    if shared.kind in CELLS and name in ("acquire", "release", "__enter__") and isinstance(shared, Cell):
        if shared.lock is not None:
            return do(run, Ref(shared.lock, ref.inherited, ref.exact), name, args, node)
    deed = METHODS.get(shared.kind, {}).get(name)
    if deed is None:
        return _unknown_method(run, ref, name, args, node)
    return _perform(run, ref, name, deed, args, node)


def _unknown_method(run: Run, ref: Ref, name: str, args: Arguments, node: cst.CSTNode) -> Value:
    run.open(*args.values())
    if ref.shared.kind is Kind.RESULT and name == "add_done_callback":
        run.emit(Verb.RESULT, ref.shared, node, name, blocking=Blocking.NEVER)
    elif name == "fileno" and ref.shared.kind is Kind.PIPE_END:
        ref.shared.open = True
    return from_values(args.values())


def _perform(run: Run, ref: Ref, name: str, deed: Deed, args: Arguments, node: cst.CSTNode) -> Value:
    shared = ref.shared
    facts = {
        "blocking": blocking(deed, args),
        "used": id(node) not in run.unused,
        "inherited": ref.inherited,
        "exact": ref.exact,
    }
    label = f"{shared.name}.{name}"
    if deed.verb in (Verb.PUT, Verb.SEND):
        return _hand_over(run, shared, label, deed, args, node, facts)
    if deed.verb is Verb.WAIT and name == "wait_for":
        return _wait_for(run, shared, label, deed, args, node, facts)
    raises = deed.raises if facts["blocking"] is not Blocking.FOREVER else None
    event = run.emit(deed.verb, shared, node, label, raises=raises, **facts)
    if deed.verb in (Verb.GET, Verb.RECV):
        return Data(message=event, thing=fresh_key())
    if deed.verb is Verb.SIZE:
        return Data(plain=True, sizes=(node,), size_of=(shared,))
    if deed.verb is Verb.GET_LOCK and isinstance(shared, Cell):
        return Ref(shared.lock, ref.inherited, ref.exact) if shared.lock is not None else UNKNOWN
    if deed.verb is Verb.GET_OBJ:
        return ref
    if deed.verb is Verb.RESULT:
        return UNKNOWN
    return PLAIN if deed.verb not in (Verb.QUERY, Verb.JOIN) else UNKNOWN


def _hand_over(
    run: Run, shared: Shared, label: str, deed: Deed, args: Arguments, node: cst.CSTNode, facts: dict[str, object]
) -> Value:
    """A put or send: what is known of its payload decides how many ways it is written down."""
    value = args.get(0, "obj")
    if value is None:
        value = UNKNOWN
    for inside in run.reachable(value):
        inside.open = True
    raises = deed.raises if facts["blocking"] is not Blocking.FOREVER else None
    payloads: list[Constant | None] = []
    for option in spread(value):
        if isinstance(option, Const):
            payloads.append(Constant(option.value))
        else:
            payloads.append(None)
            if isinstance(option, Data) and option.anything:
                payloads.append(Constant(None))
    branches: list[Flow] = []
    for payload in payloads:
        with run.writing() as sequence:
            run.emit(deed.verb, shared, node, label, raises=raises, payload=payload, **facts)
        branches.append(sequence)
    run.out.append(Choice(branches) if len(branches) > 1 else branches[0])
    note_put(run, shared, value, node)
    return PLAIN


def _wait_for(
    run: Run, shared: Shared, label: str, deed: Deed, args: Arguments, node: cst.CSTNode, facts: dict[str, object]
) -> Value:
    """``Condition.wait_for``: looks at its predicate first and waits only while that is false."""
    from .calls import call_value
    from .statements import either

    predicate = args.get(0, "predicate")
    if predicate is not None:
        call_value(run, predicate, Arguments(), node)
    either(run, lambda: _note(run.emit(deed.verb, shared, node, label, **facts)), lambda: None)
    return UNKNOWN


def _note(event: Event) -> None:
    """An event as a branch of its own."""


# -- attributes and elements


def key_of(index: Value) -> Key | Constant:
    """Which element an index names."""
    if isinstance(index, Const):
        return Constant(index.value)
    if isinstance(index, Items) and index.items is None:
        return Key.WHOLE
    if isinstance(index, Data) and index.own:
        return Key.OWN
    return Key.ANY


def read_attribute(run: Run, ref: Ref, name: str, node: cst.CSTNode) -> Value:
    """``shared.name``."""
    shared = ref.shared
    kind = shared.kind
    if kind in CELLS:
        if name in ("value", "raw"):
            return read(run, ref, Key.WHOLE, node, name)
        if name in _CELL or name in ("acquire", "release"):
            return Method(ref, name)
        return read(run, ref, Constant(name), node, name)
    if kind is Kind.NAMESPACE and not name.startswith("__"):
        return read(run, ref, Constant(name), node, name)
    if kind is Kind.SHARED_MEMORY and name in ("buf", "name"):
        return ref if name == "buf" else BlockName(shared)
    if kind in (Kind.PROCESS, Kind.THREAD) and name in ("exitcode", "sentinel", "pid", "ident", "daemon", "name"):
        run.emit(Verb.QUERY, shared, node, name, inherited=ref.inherited, exact=ref.exact)
        return UNKNOWN if name != "sentinel" else ref
    if kind is Kind.LISTENER and name in ("address", "last_accepted"):
        from .sockets import address_of

        return address_of(shared)
    if kind is Kind.SUBPROCESS and name in ("stdout", "stderr", "stdin"):
        return UNKNOWN
    return Method(ref, name)


def read(run: Run, ref: Ref, key: Key | Constant, node: cst.CSTNode, name: str) -> Value:
    """A read of a cell or proxy."""
    event = run.emit(
        Verb.READ, ref.shared, node, f"{ref.shared.name}.{name}", key=key, inherited=ref.inherited, exact=ref.exact
    )
    return Data(reads=frozenset({event}))


def write(run: Run, ref: Ref, key: Key | Constant, value: Value, node: cst.CSTNode, name: str) -> None:
    """A write to a cell or proxy; the reads it was computed from, or depends on, make it a read-modify-write."""
    inner = contents.elements(run, value)[1] if isinstance(value, (Items, Coll)) else value
    reads = from_values([value, inner]).reads | run.controls
    mine = tuple(event for event in reads if event.target is ref.shared and _meet(event.key, key))
    payload = Constant(value.value) if isinstance(value, Const) and not value.reads else None
    run.emit(
        Verb.WRITE,
        ref.shared,
        node,
        f"{ref.shared.name}.{name}",
        key=key,
        payload=payload,
        reads=mine,
        inherited=ref.inherited,
        exact=ref.exact,
    )
    if ref.shared.kind in (Kind.DICT, Kind.LIST, Kind.NAMESPACE):
        run.open(value)


def _meet(one: Key | Constant, other: Key | Constant) -> bool:
    return not (isinstance(one, Constant) and isinstance(other, Constant)) or one == other


def write_attribute(run: Run, ref: Ref, name: str, value: Value, node: cst.CSTNode) -> bool:
    """``shared.name = value``; False where it is no access to shared memory."""
    kind = ref.shared.kind
    if kind in CELLS:
        write(run, ref, Key.WHOLE if name in ("value", "raw") else Constant(name), value, node, name)
        return True
    if kind is Kind.NAMESPACE:
        write(run, ref, Constant(name), value, node, name)
        return True
    return False


_SUBSCRIPTED = CELLS | {Kind.DICT, Kind.LIST, Kind.SHARED_MEMORY, Kind.SHAREABLE_LIST}


def read_element(run: Run, owner: Value, index: Value, node: cst.CSTNode) -> Value:
    """``shared[index]``."""
    results = []
    for option in spread(owner):
        if isinstance(option, Ref) and option.shared.kind in _SUBSCRIPTED:
            results.append(read(run, option, key_of(index), node, "[]"))
        else:
            results.append(UNKNOWN)
    return from_values([*results, index]) if results else UNKNOWN


def write_element(run: Run, ref: Ref, index: Value, value: Value, node: cst.CSTNode) -> None:
    """``shared[index] = value``."""
    if ref.shared.kind in _SUBSCRIPTED:
        write(run, ref, key_of(index), value, node, "[]")
    else:
        run.open(value)


def iterate_shared(run: Run, ref: Ref, node: cst.CSTNode, *, copied: bool = False) -> Value:
    """Iterating a shared object: what each element is."""
    kind = ref.shared.kind
    if kind in CELLS or kind in (Kind.LIST, Kind.SHAREABLE_LIST):
        value = read(run, ref, Key.WHOLE, node, "iteration")
        return Data(reads=from_values([value]).reads)
    if kind is Kind.DICT:
        run.emit(Verb.READ if copied else Verb.CALL, ref.shared, node, "__iter__", exact=ref.exact, used=not copied)
        return UNKNOWN
    if kind is Kind.RESULT:
        run.emit(Verb.RESULT, ref.shared, node, "iteration", exact=ref.exact)
        return UNKNOWN
    return UNKNOWN


def leave_with(run: Run, ref: Ref) -> tuple[Verb, Shared] | None:
    """What the end of a ``with`` block does to a shared object."""
    kind = ref.shared.kind
    if kind in LOCKS:
        return Verb.RELEASE, ref.shared
    if kind in CELLS and isinstance(ref.shared, Cell) and ref.shared.lock is not None:
        return Verb.RELEASE, ref.shared.lock
    if kind in (Kind.PIPE_END, Kind.LISTENER):
        return Verb.CLOSE, ref.shared
    if kind is Kind.POOL:
        return Verb.TERMINATE, ref.shared
    if kind in (Kind.EXECUTOR, Kind.THREAD_POOL, Kind.MANAGER):
        return Verb.SHUTDOWN, ref.shared
    if kind is Kind.SUBPROCESS:
        return Verb.JOIN, ref.shared
    return None


__all__ = ["NOTHING", "Coll", "OneOf", "do", "key_of", "leave_with"]
