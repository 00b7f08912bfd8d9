"""Queues: Queue, JoinableQueue, SimpleQueue (CPython Lib/multiprocessing/queues.py)."""

from __future__ import annotations

from multiprocessing.queues import JoinableQueue
from typing import Any

from ..identity import queue
from ..interruptions import hide
from ..patch import constant, done, replace, safely, waiting
from ..places import caller
from ..record import Record, current
from .locks import owned

_KINDS = {"Queue": "QUEUE", "JoinableQueue": "JOINABLE_QUEUE", "SimpleQueue": "SIMPLE_QUEUE"}


def _put_facts(thing: Any, obj: Any = None, block: Any = True, timeout: Any = None) -> dict[str, Any]:
    mutable = {"mutable": True} if type(obj) in (list, dict, set, bytearray) else {}
    return {**constant(obj), **mutable, **waiting(block, timeout)}


def _get_facts(thing: Any, block: Any = True, timeout: Any = None) -> dict[str, Any]:
    return waiting(block, timeout)


def _made(original: Any) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            original(self, *args, **kwargs)
        except BaseException as error:
            hide(error)
            raise
        safely(_tell_made)(self)

    return __init__


def _tell_made(thing: Any) -> None:
    record, who = current(), caller(4)
    name = queue(thing)
    if record is None or who is None or name is None:
        return
    kind = next((_KINDS[cls.__name__] for cls in type(thing).__mro__ if cls.__name__ in _KINDS), "QUEUE")
    size = getattr(thing, "_maxsize", 0)
    bounded = 0 < size < 2**31 - 1
    record.thing(name, kind, who, maxsize=size if bounded else 0)


def _got(record: Record, thing: Any, result: Any, event: int) -> None:
    """Tells whose message was taken: one that comes back to the process that put it, and each that is acknowledged."""
    if event and (record.sender[0] == record.name or isinstance(thing, JoinableQueue)):
        record.write("took", event, *record.sender)


def _set_up(original: Any) -> Any:
    """A queue's own locks are only ever released by who holds them."""

    def sets_up(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            hide(error)
            raise
        for name in ("_rlock", "_wlock"):
            owned(getattr(self, name, None))
        return result

    return sets_up


def install() -> None:
    """Watches the three classes."""
    from multiprocessing import queues

    replace(queues.Queue, "_reset", _set_up)
    replace(queues.SimpleQueue, "__init__", _set_up)
    replace(queues.SimpleQueue, "__setstate__", _set_up)
    replace(queues.Queue, "__init__", _made)
    replace(queues.JoinableQueue, "__init__", _made)
    replace(queues.SimpleQueue, "__init__", _made)
    for cls in (queues.Queue, queues.JoinableQueue):
        done(cls, "put", "PUT", queue, _put_facts)
    done(queues.Queue, "get", "GET", queue, _get_facts, _got)
    done(queues.Queue, "close", "CLOSE", queue)
    done(queues.Queue, "join_thread", "JOIN_THREAD", queue)
    done(queues.Queue, "cancel_join_thread", "CANCEL_JOIN_THREAD", queue)
    done(queues.JoinableQueue, "task_done", "TASK_DONE", queue)
    done(queues.JoinableQueue, "join", "JOIN", queue)
    done(queues.SimpleQueue, "put", "PUT", queue, _put_facts)
    done(queues.SimpleQueue, "get", "GET", queue, None, _got)
    done(queues.SimpleQueue, "close", "CLOSE", queue)
