"""Waits within one process: a thread for another thread, for whatever a thread will do, a manager's server for requests.

``threading.Condition`` is what events, futures, asynchronous results and ``queue.Queue`` wait on (CPython
Lib/threading.py); a queue's idle feeder waits on one too.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

from ..interruptions import hide
from ..patch import replace
from ..record import current
from ..slots import Wait
from .waits import Told, around, limited


def _thread_ends(thread: Any, timeout: Any = None) -> Told:
    if timeout is not None:
        return limited()
    if thread.native_id is None:
        return None
    return Wait.THREAD, thread.native_id


def _others_work(condition: Any, timeout: Any = None) -> Told:
    return (Wait.WORK, 0) if timeout is None else limited()


def _threads_end(*args: Any) -> Told:
    """The end of the main thread, which waits for all others that are no daemons; what a program has run there may do more."""
    if len(threading._active) + len(threading._limbo) < 2:  # type: ignore[attr-defined]
        # There is nobody to wait for.
        return None
    known = all(getattr(call, "func", call).__module__.startswith("concurrent.futures.") for call in _at_exit())
    return (Wait.WORK, 0) if known else None


def _at_exit() -> list[Any]:
    return getattr(threading, "_threading_atexits", [None])


def _serves(server: Any, *rest: Any) -> Told:
    """Only a server that a manager has started is known to hear nobody but the program's own processes."""
    record = current()
    return (Wait.SERVE, 0) if record is not None and record.passive else None


def _calls(original: Any) -> Any:
    """A call of a proxy, whose answer comes from the server."""

    def _callmethod(self: Any, *args: Any, **kwargs: Any) -> Any:
        record = current()
        slot = record.here.slot if record is not None else None
        before = slot is not None and slot.asking
        if slot is not None:
            slot.asking = True
        try:
            return original(self, *args, **kwargs)
        except BaseException as error:
            hide(error)
            raise
        finally:
            if slot is not None:
                slot.asking = before

    return _callmethod


def _watch_threads() -> None:
    replace(threading.Thread, "join", around(_thread_ends))
    replace(threading.Condition, "wait", around(_others_work))
    replace(threading, "_shutdown", around(_threads_end))


def install(module: Any) -> None:
    """Has the waits within a process published."""
    if module is threading:
        _watch_threads()
    elif hasattr(module, "SocketListener"):
        replace(module.SocketListener, "accept", around(_serves))
    elif hasattr(module, "BaseProxy"):
        replace(module.BaseProxy, "_callmethod", _calls)
        replace(module.Server, "serve_forever", around(_serves))
    else:
        from .tasklines import Queues

        if module.queue is sys.modules["queue"]:
            module.queue = Queues()
