"""Managers: how they are made, started and ended, and what they serve (CPython Lib/multiprocessing/managers.py)."""

from __future__ import annotations

import itertools
import sys
import zlib
from types import FunctionType
from typing import Any

from ..identity import MARK, also, mark
from ..interruptions import hide
from ..patch import done, replace, safely
from ..places import asker
from ..record import Record, current
from .memory import keeping
from .processes import outside
from .proxies import sort_of

_numbers = itertools.count(1)
# The managers of this process by the addresses of their servers.
_served: dict[str, str] = {}
# The types that SyncManager serves, as far as their proxies do not tell what they are.
_KINDS = {
    "Queue": "JOINABLE_QUEUE",
    "JoinableQueue": "JOINABLE_QUEUE",
    "Lock": "LOCK",
    "RLock": "RLOCK",
    "Semaphore": "SEMAPHORE",
    "BoundedSemaphore": "BOUNDED_SEMAPHORE",
}


def proxy_name(address: Any, ident: str) -> str:
    """What an object in a server is called everywhere."""
    return f"proxy:{zlib.crc32(repr(address).encode()):x}:{ident}"


def proxy(thing: Any) -> str | None:
    """The name of what a proxy stands for."""
    token = object.__getattribute__(thing, "_token")
    return proxy_name(token.address, token.id)


def _made(original: Any) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        if current() is not None:
            safely(_tell_made)(self)
        try:
            original(self, *args, **kwargs)
        except BaseException as error:
            hide(error)
            raise

    return __init__


def _tell_made(self: Any) -> None:
    record, who = current(), asker(4)
    if record is None or who is None:
        return
    name = f"manager:{record.name}/{next(_numbers)}"
    object.__setattr__(self, MARK, name)
    facts: dict[str, Any] = {}
    if sys._getframe(3).f_code.co_name == "Manager":
        # ``Manager()`` makes one and starts it at once.
        facts["payload"] = [True]
    record.thing(name, "MANAGER", outside(self, who), **facts)


def _begun(record: Record, thing: Any, result: Any, event: int) -> None:
    name = mark(thing)
    if name is not None:
        _served[repr(thing._address)] = name


def _connected(record: Record, thing: Any, result: Any, event: int) -> None:
    name = mark(thing)
    if name is not None:
        record.write("foreign", name)


def _created(original: Any) -> Any:
    def _create(self: Any, typeid: str, /, *args: Any, **kwargs: Any) -> Any:
        try:
            found = original(self, typeid, *args, **kwargs)
        except BaseException as error:
            if current() is not None and typeid == "Array" and type(error).__name__ == "RemoteError":
                safely(_tell_refused)(self, args, error)
            hide(error)
            raise
        if current() is not None:
            safely(_tell_created)(self, found[0], args, kwargs)
        return found

    return _create


def _tell_created(manager: Any, token: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    record, who = current(), asker(4)
    if record is None or who is None:
        return
    made_by, _, _, proxytype = manager._registry[token.typeid]
    standard = token.typeid if _standard(token.typeid, made_by) else None
    kind = _KINDS.get(standard or "") or (sort_of(proxytype) if isinstance(proxytype, type) else "PROXY")
    if standard == "Pool":
        return
    # What a function of the program gives out may be known to the server already.
    shown = standard is None and (made_by is None or isinstance(made_by, FunctionType))
    facts: dict[str, Any] = {"manager": mark(manager), "open": shown}
    if kind in ("VALUE", "ARRAY"):
        facts.update(typecode=args[0] if args and isinstance(args[0], str) else None, raw=False, lock=None, length=None)
    elif kind == "JOINABLE_QUEUE":
        facts["maxsize"] = args[0] if args and isinstance(args[0], int) else kwargs.get("maxsize", 0)
    elif kind in ("SEMAPHORE", "BOUNDED_SEMAPHORE"):
        facts["count"] = args[0] if args and isinstance(args[0], int) else 1
    elif kind == "CONDITION":
        facts["lock"] = proxy(args[0]) if args else None
    elif kind == "BARRIER":
        facts["parties"] = args[0] if args and isinstance(args[0], int) else kwargs.get("parties")
    record.thing(proxy_name(token.address, token.id), kind, who, **facts)


def _tell_refused(manager: Any, args: tuple[Any, ...], error: BaseException) -> None:
    """Tells an array that its server could not make: why is in its arguments."""
    from .cells import constant

    record, who = current(), asker(4)
    if record is None or who is None or len(args) != 2 or not isinstance(args[0], str):
        return
    name = f"proxy:{record.name}/{next(_numbers)}"
    facts: dict[str, Any] = {"typecode": args[0], "raw": False, "lock": None, "length": None, **constant(args[1])}
    record.failed(record.thing(name, "ARRAY", who, manager=mark(manager), **facts), error)


def _standard(typeid: str, made_by: Any) -> bool:
    """Whether a type is one that every SyncManager serves."""
    from multiprocessing.managers import SyncManager

    own: dict[str, Any] = SyncManager._registry  # type: ignore[attr-defined]
    return made_by is not None and typeid in own and own[typeid][0] is made_by


def _finalized(original: Any) -> Any:
    def _finalize_manager(process: Any, address: Any, *args: Any, **kwargs: Any) -> Any:
        safely(_tell_ended)(address)
        return original(process, address, *args, **kwargs)

    return staticmethod(_finalize_manager)


def _tell_ended(address: Any) -> None:
    """Tells how a manager comes to its end: shut down, or nobody held it any more. At the exit of the process it just ends."""
    record, who, name = current(), asker(4), _served.get(repr(address))
    if record is None or name is None or sys.is_finalizing():
        return
    frame = sys._getframe(3)
    dropped = frame.f_locals.get("wr") is not None
    if who is None:
        if dropped:
            # By a thread that none of the program's text runs in.
            record.write("let go", name)
        return
    above: Any = frame
    while above is not None and above is not who.frame:
        if above.f_code.co_name == "_exit_function":
            return
        above = above.f_back
    record.event("DROP" if dropped else "SHUTDOWN", name, who)


def _keeps(original: Any) -> Any:
    def make(self: Any, *args: Any, **kwargs: Any) -> Any:
        keeping.name = mark(self)
        try:
            return original(self, *args, **kwargs)
        finally:
            keeping.name = None

    return make


def install(managers: Any) -> None:
    """Watches managers of every class."""
    base = managers.BaseManager
    replace(base, "__init__", _made)
    done(base, "start", "START", mark, None, _begun, who_calls=asker)
    done(base, "connect", "ATTACH", mark, None, _connected, who_calls=asker)
    replace(base, "_create", _created)
    if not isinstance(base.__dict__["_finalize_manager"], _Watched):
        base._finalize_manager = _Watched(_finalized(base._finalize_manager).__func__)
    memory: Any = getattr(managers, "SharedMemoryManager", None)
    for name in ("SharedMemory", "ShareableList"):
        if memory is not None:
            replace(memory, name, _keeps)
    also("multiprocessing.managers", ("BaseProxy",), proxy)
    also("multiprocessing.managers", ("BaseManager",), mark)


class _Watched(staticmethod):  # type: ignore[type-arg]
    """A static method that is watched already."""
