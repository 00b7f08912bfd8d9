"""Pools and what they are given (CPython Lib/multiprocessing/pool.py)."""

from __future__ import annotations

from typing import Any

from ..handing import handover
from ..identity import MARK, also, mark
from ..interruptions import hide
from ..patch import done, replace, safely
from ..places import Caller, caller
from ..record import Record, current
from .tasks import first_of, made, tell_asked, tell_raised, tell_task, works, wraps_error

# Methods that hand in one task, and those that hand in many; whether they wait for the result themselves.
_APPLY = {"apply": True, "apply_async": False}
_MAP = {"map": True, "map_async": False, "imap": False, "imap_unordered": False, "starmap": True, "starmap_async": False}
_MOST = 64


def _made(original: Any) -> Any:
    def __init__(
        self: Any, processes: Any = None, initializer: Any = None, initargs: Any = (), *args: Any, **kwargs: Any
    ) -> None:
        context = kwargs.get("context", args[1] if len(args) > 1 else None)
        kind = "THREAD_POOL" if _of_threads(self) else "POOL"

        def make() -> None:
            original(self, processes, initializer, initargs, *args, **kwargs)

        try:
            made(self, kind, processes, initializer, initargs, context, make, "_inqueue")
        except BaseException as error:
            hide(error)
            raise

    return __init__


def _of_threads(pool: Any) -> bool:
    from multiprocessing.pool import ThreadPool

    return isinstance(pool, ThreadPool)


def _handed_in(name: str) -> Any:
    def make(original: Any) -> Any:
        def hand_in(self: Any, func: Any, *args: Any, **kwargs: Any) -> Any:
            record, pool, who = current(), mark(self), caller(2)
            site, event = None, 0
            if record is not None and pool is not None and who is not None:
                site, event = _tell(record, who, pool, name, func, args, kwargs) or (None, 0)
                if site is not None and (_APPLY.get(name) or _MAP.get(name)):
                    event = tell_asked(record, who, site) or 0
            try:
                result = original(self, func, *args, **kwargs)
            except BaseException as error:
                if record is not None:
                    record.failed(event, error)
                hide(error)
                raise
            return _keep(result, site)

        return hand_in

    return make


@safely
def _tell(
    record: Record, who: Caller, pool: str, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[str, int] | None:
    each = name in _MAP
    given, named = _given(name, args, kwargs)
    handed = handover(func, given if given is not None else (), named)
    if given is None:
        handed["complete"] = False
    plain, on_error = _callbacks(name, args, kwargs)
    facts = {"called_back": True} if plain is not None or on_error is not None else {}
    found: tuple[str, int] | None = tell_task(record, who, pool, name, handed, each=each, **facts)
    if found is not None and on_error is not None:
        tell_asked(record, who, found[0], blocking="NEVER")
    return found


def _given(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The arguments that one task gets: of many, those of the first; None where they are not known before they are taken."""
    if name in _APPLY:
        given = args[0] if args else kwargs.get("args", ())
        return given, args[1] if len(args) > 1 else kwargs.get("kwds", {})
    found = first_of(args[0] if args else kwargs.get("iterable", ()))
    if not found or (name.startswith("starmap") and not isinstance(found[0], (list, tuple))):
        return None, {}
    return (found[0] if name.startswith("starmap") else found), {}


def _callbacks(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """The callback and the error callback."""
    rest = args[2:] if name in ("apply_async", "map_async", "starmap_async") else ()
    plain = rest[0] if rest else kwargs.get("callback")
    return plain, rest[1] if len(rest) > 1 else kwargs.get("error_callback")


def _keep(result: Any, site: str | None) -> Any:
    """Has the result know where it came from: behind a generator over chunks of results, the iterator of these."""
    frame = getattr(result, "gi_frame", None)
    inner = frame.f_locals.get(".0") if frame is not None else result
    if site is not None and hasattr(inner, "_job"):
        setattr(inner, MARK, site)
    return result


def _set(original: Any) -> Any:
    def _set(self: Any, i: Any, obj: Any) -> Any:
        if current() is not None and not obj[0]:
            tell_raised(mark(self))
        return original(self, i, obj)

    return _set


def install(pools: Any) -> None:
    """Watches pools of processes."""
    pool = pools.Pool
    replace(pool, "__init__", _made)
    replace(pools, "worker", works)
    replace(pools.ExceptionWithTraceback, "__init__", wraps_error)
    for name in (*_APPLY, *_MAP):
        replace(pool, name, _handed_in(name))
    done(pool, "close", "CLOSE", mark)
    done(pool, "terminate", "TERMINATE", mark, _unanswered)
    done(pool, "join", "JOIN", mark)
    done(pool, "__exit__", "TERMINATE", mark, _unanswered)
    for cls in (pools.ApplyResult, pools.MapResult, pools.IMapIterator, pools.IMapUnorderedIterator):
        if "_set" in cls.__dict__:
            replace(cls, "_set", _set)
    also("multiprocessing.pool", ("Pool",), mark)


def _unanswered(thing: Any, *args: Any) -> dict[str, Any]:
    """Tells the results that have not come, and will not come any more."""
    record = current()
    if record is not None:
        for site in {mark(one) for one in list(thing._cache.values())} - {None}:
            record.write("unanswered", site)
    return {}
