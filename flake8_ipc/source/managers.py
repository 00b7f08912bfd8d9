"""Managers: what they serve, and what a proxy's methods do."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from ..model import Barrier, Constant, Key, Kind, Lock, Queue, Shared, Verb
from .joining import from_values
from .made import made, number
from .run import Run
from .values import PLAIN, UNKNOWN, Arguments, Ref, Value

_LOCKS = {
    "Lock": Kind.LOCK,
    "RLock": Kind.RLOCK,
    "Semaphore": Kind.SEMAPHORE,
    "BoundedSemaphore": Kind.BOUNDED_SEMAPHORE,
    "Condition": Kind.CONDITION,
}
_PROXIES = {"dict": Kind.DICT, "list": Kind.LIST, "Namespace": Kind.NAMESPACE, "Pool": Kind.PROXY}
# Methods that look and change nothing.
_LOOKS = frozenset("get keys values items copy index count __len__ __contains__ _getvalue".split())


def serve(run: Run, ref: Ref, name: str, args: Arguments, node: cst.CSTNode) -> Value | None:
    """What a manager's method makes: a proxy of one of the kinds it serves (None: another method)."""
    manager = ref.shared
    place = run.place(node)

    def proxy(build: Callable[[], Shared]) -> Ref:
        run.open(*args.values())
        shared = made(run, node, name, build)
        run.emit(Verb.CREATE, shared, node, f"{manager.name}.{name}")
        return Ref(shared)

    if name in _PROXIES:
        return proxy(lambda: Shared(_PROXIES[name], place, manager=manager))
    if name in ("Queue", "JoinableQueue"):
        size = number(args.get(0, "maxsize"), 0)
        kind = Kind.JOINABLE_QUEUE
        return proxy(lambda: Queue(kind, place, manager=manager, maxsize=size))
    if name in _LOCKS:
        count = number(args.get(0, "value"), 1) if "Semaphore" in name else 1
        return proxy(lambda: Lock(_LOCKS[name], place, manager=manager, count=count))
    if name == "Event":
        return proxy(lambda: Shared(Kind.EVENT, place, manager=manager))
    if name == "Barrier":
        parties, timed = number(args.get(0, "parties"), None), args.get(2, "timeout") is not None
        return proxy(lambda: Barrier(Kind.BARRIER, place, manager=manager, parties=parties, timed=timed))
    if name in ("Value", "Array"):
        from .cells import managed_cell

        return managed_cell(run, name, args, node, manager)
    return None


def call_proxy(run: Run, ref: Ref, name: str, args: Arguments, node: cst.CSTNode) -> Value:
    """A method of a dict, list or namespace proxy: the server does each one whole."""
    from .deeds import key_of, read

    if name in ("get", "__getitem__"):
        index = args.get(0, "key")
        return read(run, ref, key_of(index) if index is not None else Key.ANY, node, name)
    if name in _LOOKS:
        return read(run, ref, Key.WHOLE, node, name)
    run.open(*args.values())
    event = run.emit(
        Verb.CALL, ref.shared, node, f"{ref.shared.name}.{name}", inherited=ref.inherited, exact=ref.exact
    )
    return PLAIN if event.target.kind is Kind.LIST and name == "append" else from_values(args.values())


__all__ = ["UNKNOWN", "Constant", "call_proxy", "serve"]
