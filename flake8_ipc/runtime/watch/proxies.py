"""Proxies: what is asked of a manager's server (CPython Lib/multiprocessing/managers.py, BaseProxy._callmethod).

Every kind of proxy asks through one method, so that is where all thirteen of them, and those that a program registers,
are seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..identity import named, reachable
from ..interruptions import hide
from ..patch import by_loop, constant, replace, safely, waiting
from ..places import Caller, asker
from ..record import Record, current

# Which class of proxy stands for what; the first that fits.
_CLASSES = (
    ("DictProxy", "DICT"),
    ("ListProxy", "LIST"),
    ("BaseListProxy", "LIST"),
    ("SetProxy", "SET"),
    ("NamespaceProxy", "NAMESPACE"),
    ("ValueProxy", "VALUE"),
    ("ArrayProxy", "ARRAY"),
    ("ConditionProxy", "CONDITION"),
    ("AcquirerProxy", "LOCK"),
    ("EventProxy", "EVENT"),
    ("BarrierProxy", "BARRIER"),
)
_LOOKS_AT_ONE = frozenset({"get", "__getitem__", "__contains__", "has_key"})
_LOOKS = frozenset(
    "keys values items copy index count __len__ __add__ __mul__ __rmul__ __reversed__ #GETVALUE __and__ __or__".split()
)
_ADDS = frozenset({"append", "extend", "add"})
_NAMED = frozenset({"pop", "setdefault", "__delitem__"})
_SIGNALS = frozenset({"SEMAPHORE", "BOUNDED_SEMAPHORE"})

Deed = tuple[str, dict[str, Any]]


def sort_of(cls: type) -> str:
    """What a class of proxies stands for."""
    from multiprocessing import managers

    for name, kind in _CLASSES:
        known = getattr(managers, name, None)
        if known is not None and issubclass(cls, known):
            return kind
    return "PROXY"


def _deed(proxy: Any, method: str, args: Any, kwargs: Any) -> Deed | None:
    """What a call is, in the model's words."""
    kind = sort_of(type(proxy))
    if method == "__repr__" or method == "__str__":
        return "SHOW", {}
    if kind == "PROXY":
        exposed = getattr(type(proxy), "_exposed_", ())
        queue = _QUEUE.get(method) if "task_done" in exposed and "put" in exposed else None
        return queue(*args, **kwargs) if queue is not None else ("CALL", {"none": True})
    if kind in _TABLES:
        found = _TABLES[kind].get(method)
        return found(*args, **kwargs) if found is not None else None
    return _on_container(kind, method, args, kwargs)


def _on_container(kind: str, method: str, args: Any, kwargs: Any) -> Deed | None:
    if kind in ("VALUE", "NAMESPACE"):
        return _on_attribute(kind, method, args)
    if method == "__iter__":
        return "ITERATE", {}
    if method == "__setitem__":
        return "WRITE", {**_key(args[0]), "holds": [[_plain(args[0]), named(args[1])]] if args[1] is not None else []}
    if method in _LOOKS_AT_ONE and (kind == "DICT" or method == "__getitem__"):
        return "READ", _key(args[0])
    if method in _LOOKS or method in _LOOKS_AT_ONE:
        return "READ", {}
    return "CALL", {**_changed(kind, method, args, kwargs), "holds": list(_put_in(kind, method, args, kwargs))}


def _on_attribute(kind: str, method: str, args: Any) -> Deed | None:
    if kind == "VALUE":
        return {"get": ("READ", {}), "set": ("WRITE", {})}.get(method)
    if method == "__getattribute__":
        return "READ", _key(args[0])
    if method == "__setattr__":
        return "WRITE", {**_key(args[0]), "holds": [[args[0], named(args[1])]] if args[1] is not None else []}
    return "CALL", _key(args[0])


def _changed(kind: str, method: str, args: Any, kwargs: Any) -> dict[str, Any]:
    if method in _ADDS:
        return {"new": True}
    if method in _NAMED and kind == "DICT" and args:
        return _key(args[0])
    if method == "update" and (not args or (isinstance(args[0], dict) and not args[1:])):
        keys = {**dict(*args), **kwargs}
        return _key(next(iter(keys))) if len(keys) == 1 else {"any": True}
    return {"any": True}


def _put_in(kind: str, method: str, args: Any, kwargs: Any) -> Any:
    if method in ("append", "insert", "add") and args:
        yield [None, named(args[-1])]
    elif method == "setdefault" and len(args) > 1:
        yield [_plain(args[0]), named(args[1])]
    elif method == "update":
        given = dict(args[0]) if args and isinstance(args[0], dict) else {}
        for key, value in [*given.items(), *kwargs.items()][:64]:
            yield [_plain(key), named(value)]
    elif method == "extend" and args and isinstance(args[0], (list, tuple)):
        for value in args[0][:64]:
            yield [None, named(value)]


def _plain(key: Any) -> Any:
    return key if isinstance(key, (int, str)) and len(repr(key)) < 60 else None


def _key(key: Any) -> dict[str, Any]:
    known = _plain(key)
    return {"key": known} if known is not None else {"any": True}


def _simple(verb: str) -> Callable[..., Deed]:
    return lambda *args, **kwargs: (verb, {})


def _put(item: Any = None, block: Any = True, timeout: Any = None) -> Deed:
    return "PUT", {**constant(item), **waiting(block, timeout)}


def _get(block: Any = True, timeout: Any = None) -> Deed:
    return "GET", waiting(block, timeout)


def _acquire(blocking: Any = True, timeout: Any = None) -> Deed:
    return "ACQUIRE", waiting(blocking, timeout)


def _wait(timeout: Any = None) -> Deed:
    return "WAIT", waiting(True, timeout)


_LOCK = {"acquire": _acquire, "release": _simple("RELEASE")}
_QUEUE: dict[str, Callable[..., Deed]] = {
    "put": _put,
    "get": _get,
    "put_nowait": lambda item=None: _put(item, False),
    "get_nowait": lambda: _get(False),
    "task_done": _simple("TASK_DONE"),
    "join": _simple("JOIN"),
}
_TABLES: dict[str, dict[str, Callable[..., Deed]]] = {
    "LOCK": _LOCK,
    "CONDITION": {**_LOCK, "wait": _wait, "notify": _simple("NOTIFY"), "notify_all": _simple("NOTIFY")},
    "EVENT": {"set": _simple("SET"), "clear": _simple("CLEAR"), "is_set": _simple("QUERY"), "wait": _wait},
    "BARRIER": {"wait": _wait, "abort": _simple("SET"), "reset": _simple("CLEAR")},
}
# What tells others something, and what is told by it.
_TELLS = frozenset({"PUT", "SET", "NOTIFY", "TASK_DONE"})
_HEARS = frozenset({"GET", "WAIT", "QUERY", "JOIN"})


def _called(original: Any) -> Any:
    def _callmethod(self: Any, methodname: str, args: Any = (), kwds: Any = {}) -> Any:  # noqa: B006 - the method's own
        record = current()
        who = asker(2) if record is not None else None
        event, verb = 0, ""
        if record is not None and who is not None:
            event, verb = _tell(record, who, self, methodname, args, kwds) or (0, "")
        try:
            result = original(self, methodname, args, kwds)
        except BaseException as error:
            if event and record is not None:
                record.failed(event, error)
            hide(error)
            raise
        if record is not None and who is not None:
            safely(_learnt)(record, who, self, verb, event, result)
        return result

    return _callmethod


@safely
def _tell(record: Record, who: Caller, proxy: Any, method: str, args: Any, kwargs: Any) -> tuple[int, str] | None:
    from .managers import proxy as name_of

    name = name_of(proxy)
    found = _deed(proxy, method, args, kwargs)
    if found is None or name is None:
        return None
    verb, facts = found
    if record.child and any(value is proxy for value in who.frame.f_globals.values()):
        facts["global"] = True
    if verb == "ITERATE" and object.__getattribute__(proxy, "_manager") is None:
        facts["received"] = True
    if by_loop(verb, who):
        facts["async"] = True
    event = record.event(verb, name, who, **facts)
    if verb in _TELLS or _signals(proxy, verb, "RELEASE") or sort_of(type(proxy)) == "BARRIER":
        record.pass_on(name)
    return event, verb


def _signals(proxy: Any, verb: str, wanted: str) -> bool:
    """Whether a semaphore is released or taken, which may be a signal."""
    token = object.__getattribute__(proxy, "_token")
    return verb == wanted and "Semaphore" in token.typeid


def _learnt(record: Record, who: Caller, proxy: Any, verb: str, event: int, result: Any) -> None:
    from .managers import proxy as name_of

    if result is False and verb in ("ACQUIRE", "WAIT"):
        if event:
            record.write("failed", event, "False")
    elif verb in _HEARS or _signals(proxy, verb, "ACQUIRE"):
        record.take_in(str(name_of(proxy)))
        if verb == "GET" and event and constant(result):
            record.write("got", event, constant(result)["payload"])
    elif verb in ("READ", "CALL") and event and type(result) not in _IMMUTABLE and named(result) is None:
        told = (who.code, who.instruction, type(result).__name__)
        # What is a proxy itself, or holds some, may be changed for good.
        if record.epochs.get(told) is None and not callable(result) and not any(True for _ in reachable(result)):
            record.epochs[told] = 1
            record.write("gave", event, type(result).__name__)


_IMMUTABLE = (type(None), bool, int, float, str, bytes, tuple, frozenset)


def _tell_lost(record: Record, args: tuple[Any, ...], error: BaseException) -> None:
    """Tells a proxy that found no server: in the middle of the program, or before it could do anything."""
    from .managers import proxy_name

    who = asker(5)
    if who is None:
        record.write("raised", {"type": type(error).__name__})
    elif len(args) > 1:
        # The program may go on all the same.
        record.failed(record.event("CALL", proxy_name(args[1].address, args[1].id), who, none=True), error)


def _rebuilt(original: Any) -> Any:
    """A proxy that comes up in another process, which may find no server any more (Lib/multiprocessing/managers.py)."""

    def RebuildProxy(*args: Any, **kwargs: Any) -> Any:
        try:
            return original(*args, **kwargs)
        except (OSError, EOFError) as error:
            record = current()
            if record is not None:
                safely(_tell_lost)(record, args, error)
            hide(error)
            raise

    return RebuildProxy


def install(managers: Any) -> None:
    """Watches what proxies ask."""
    replace(managers, "RebuildProxy", _rebuilt)
    replace(managers.BaseProxy, "_callmethod", _called)
