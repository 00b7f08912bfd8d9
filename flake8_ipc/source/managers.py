"""Managers: how they are made and what they serve, the types that a program registers included."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from ..model import Barrier, Holding, Kind, Lock, Pool, Queue, Shared, Verb
from . import proxies
from .lifetimes import begins
from .made import made, number
from .memory import served_block, tracker
from .reach import expose
from .run import Run, calls
from .values import UNKNOWN, Arguments, Cls, Const, Func, Inst, Name, Ref, Value

BASE = "multiprocessing.managers.BaseManager"
SYNC = "multiprocessing.managers.SyncManager"
MEMORY = "multiprocessing.managers.SharedMemoryManager"
MANAGERS = frozenset({BASE, SYNC, MEMORY})
_LOCKS = {
    "Lock": Kind.LOCK,
    "RLock": Kind.RLOCK,
    "Semaphore": Kind.SEMAPHORE,
    "BoundedSemaphore": Kind.BOUNDED_SEMAPHORE,
    "Condition": Kind.CONDITION,
}
_PROXIES = {"dict": Kind.DICT, "list": Kind.LIST, "Namespace": Kind.NAMESPACE, "set": Kind.SET}
_BLOCKS = {"SharedMemory": Kind.SHARED_MEMORY, "ShareableList": Kind.SHAREABLE_LIST}
# What a registered type is, by the proxy class that it was registered with.
_BY_PROXY = {
    "multiprocessing.managers.NamespaceProxy": Kind.NAMESPACE,
    "multiprocessing.managers.DictProxy": Kind.DICT,
    "multiprocessing.managers.ListProxy": Kind.LIST,
}


# -- making one


def make_manager(run: Run, node: cst.CSTNode, method: str | None) -> Value:
    """``Manager()``: made and started at once."""
    place = run.place(node)
    manager = made(run, node, "Manager", lambda: Shared(Kind.MANAGER, place, context=method))
    run.made["served", manager] = frozenset({SYNC})
    run.emit(Verb.CREATE, manager, node, "Manager()")
    begins(run, manager)
    return Ref(manager)


def new_manager(run: Run, bases: frozenset[str], node: cst.CSTNode, cls: Cls | None = None) -> Shared:
    """An object of a manager class, not started yet."""
    place = run.place(node)
    manager: Shared = made(run, node, "Manager", lambda: Shared(Kind.MANAGER, place, cls.name if cls else "manager"))
    run.made["served", manager] = bases
    run.made["class of", manager] = cls
    begins(run, manager)
    if MEMORY in bases:
        run.emit(Verb.START, tracker(run, node), node, "resource_tracker")
    return manager


def _of_class(dotted: str) -> Callable[[Run, Arguments, cst.CSTNode], Value]:
    return lambda run, args, node: Ref(new_manager(run, frozenset({dotted}), node))


for _dotted in MANAGERS:
    calls(_dotted)(_of_class(_dotted))


def manager_bases(cls: Cls) -> frozenset[str]:
    """The manager classes of the library that a class of the text descends from."""
    from .attributes import lineage

    return frozenset(base.dotted for base in lineage(cls) if isinstance(base, Name) and base.dotted in MANAGERS)


# -- registered types


def register(run: Run, owner: Cls | str, args: Arguments, node: cst.CSTNode) -> Value:
    """``Manager.register("Counter", Counter)``: a type that this manager class serves from now on."""
    name = args.get(0, "typeid")
    if isinstance(name, Const) and isinstance(name.value, str):
        key = owner if isinstance(owner, str) else owner.key
        run.made["class", key, name.value] = (args.get(1, "callable"), args.get(2, "proxytype"))
    return Const(None)


def _register_on(dotted: str) -> Callable[[Run, Arguments, cst.CSTNode], Value]:
    return lambda run, args, node: register(run, dotted, args, node)


for _dotted in MANAGERS:
    calls(f"{_dotted}.register")(_register_on(_dotted))


def _registered(run: Run, manager: Shared, name: str) -> tuple[Value | None, Value | None] | None:
    from .attributes import lineage

    cls = run.made.get(("class of", manager))
    keys: list[object] = []
    if isinstance(cls, Cls):
        keys = [base.key if isinstance(base, Cls) else getattr(base, "dotted", None) for base in lineage(cls)]
    for key in (*keys, *run.made.get(("served", manager), ())):
        found: tuple[Value | None, Value | None] | None = run.made.get(("class", key, name))
        if found is not None:
            return found
    return None


def _kind_of(proxytype: Value | None) -> Kind:
    """What a registered type is used as."""
    from .attributes import lineage

    bases = lineage(proxytype) if isinstance(proxytype, Cls) else [proxytype]
    for base in bases:
        if isinstance(base, Name) and base.dotted in _BY_PROXY:
            return _BY_PROXY[base.dotted]
    return Kind.PROXY


# -- serving


def serve(run: Run, ref: Ref, name: str, args: Arguments, node: cst.CSTNode) -> Value | None:
    """What a manager's method makes: a proxy of one of the kinds it serves (None: another method)."""
    manager = ref.shared
    registered = _registered(run, manager, name)
    if registered is not None:
        return _serve_registered(run, ref, registered, name, args, node)
    if name in _BLOCKS:
        return served_block(run, manager, _BLOCKS[name], node)
    if name == "connect":
        # The server is another program's, and so is all that it serves.
        manager.open = True
        return Const(None)
    if name in ("Value", "Array"):
        from .cells import managed_cell

        return managed_cell(run, name, args, node, manager)
    if name == "Pool":
        return _serve_pool(run, manager, args, node)
    build = _builder(run, manager, name, args, node)
    return _proxy(run, manager, name, build, args, node) if build is not None else None


def _builder(
    run: Run, manager: Shared, name: str, args: Arguments, node: cst.CSTNode
) -> Callable[[], Shared] | None:
    """How the proxy of one of the library's own types is made."""
    place = run.place(node)
    if name in _PROXIES:
        return lambda: Shared(_PROXIES[name], place, manager=manager)
    if name in ("Queue", "JoinableQueue"):
        # A manager's Queue is a queue.Queue, which can be joined as well.
        size = number(args.get(0, "maxsize"), 0)
        return lambda: Queue(Kind.JOINABLE_QUEUE, place, manager=manager, maxsize=size)
    if name in _LOCKS:
        count = number(args.get(0, "value"), 1) if "Semaphore" in name else 1
        given = args.get(0, "lock") if name == "Condition" else None
        inner = given.shared if isinstance(given, Ref) and isinstance(given.shared, Lock) else None
        return lambda: Lock(_LOCKS[name], place, manager=manager, count=count, lock=inner)
    if name == "Event":
        return lambda: Shared(Kind.EVENT, place, manager=manager)
    if name == "Barrier":
        parties, timed = number(args.get(0, "parties"), None), args.get(2, "timeout") is not None
        return lambda: Barrier(Kind.BARRIER, place, manager=manager, parties=parties, timed=timed)
    return None


def _proxy(
    run: Run, manager: Shared, name: str, build: Callable[[], Shared], args: Arguments, node: cst.CSTNode
) -> Ref:
    shared: Shared = made(run, node, name, build)
    shared.open = shared.open or manager.open
    holds: tuple[Holding, ...] = ()
    if shared.kind in proxies.HOLDERS:
        holds = proxies.start_with(run, shared, shared.kind, args)
    elif shared.kind is not Kind.CONDITION:
        expose(run, *args.values())
    run.emit(Verb.CREATE, shared, node, f"{manager.name}.{name}", holds=holds)
    return Ref(shared)


def _serve_registered(
    run: Run,
    ref: Ref,
    registered: tuple[Value | None, Value | None],
    name: str,
    args: Arguments,
    node: cst.CSTNode,
) -> Value:
    """An object of a registered type: it lives in the server, which runs its methods."""
    made_by, proxytype = registered
    manager, place = ref.shared, run.place(node)
    kind = _kind_of(proxytype)
    build = None
    if made_by is None or isinstance(made_by, Func):
        # It gives out something that the server has, and may give it to others.
        return _proxy(run, manager, name, lambda: Shared(kind, place, manager=manager, open=True), args, node)
    if isinstance(made_by, Name):
        last = made_by.dotted.rpartition(".")[2]
        wanted = kind is not Kind.PROXY or last not in _PROXIES
        build = _builder(run, manager, last, args, node) if wanted else None
    return _proxy(run, manager, name, build or (lambda: Shared(kind, place, manager=manager)), args, node)


def _serve_pool(run: Run, manager: Shared, args: Arguments, node: cst.CSTNode) -> Value:
    """A pool in the server's process: its workers run the tasks as any pool's do."""
    from .launch import pool_initializer

    place = run.place(node)
    size = number(args.get(0, "processes"), None)
    pool: Pool = made(run, node, "pool", lambda: Pool(Kind.POOL, place, manager=manager, size=size))
    pool_initializer(run, pool, Kind.POOL, args, node)
    run.emit(Verb.CREATE, pool, node, f"{manager.name}.Pool")
    return Ref(pool)


__all__ = ["UNKNOWN", "Inst", "make_manager", "manager_bases", "new_manager", "register", "serve"]
