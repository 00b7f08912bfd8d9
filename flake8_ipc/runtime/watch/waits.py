"""The waits themselves, at the lowest level: where a thread blocks with no time limit.

Every queue, pipe, pool and manager goes through a Connection, which has a room of its own (``pipes``), as have locks and the
waits within one process; every join goes through ``Popen.wait``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from ..interruptions import hide
from ..patch import replace, safely
from ..record import Record, current
from ..slots import Wait, waits

# How a call waits: the kind and the resource, None where it does not wait, or not without a limit.
Told = tuple[Wait, int] | None
# A limited wait within another: that of a signal's handler, which will come to its end.
LIMITED = Wait.NOTHING, 0


def limited() -> Told:
    """How a limited wait is told: not at all within a manager's server, which wakes up only to look at the time."""
    record = current()
    return LIMITED if record is not None and record.here.slot.kind != Wait.SERVE else None


def around(told: Callable[..., Told], after: Callable[[Record, Any], None] | None = None) -> Any:
    """Publishes the wait of a call while it lasts; ``after`` is told what the call gave back."""
    ask = safely(told)
    over = safely(after) if after is not None else None

    def make(original: Any) -> Any:
        def watched(*args: Any, **kwargs: Any) -> Any:
            record = current()
            wait = ask(*args, **kwargs) if record is not None else None
            slot = record.here.slot if record is not None and wait is not None else None
            before = slot.begin(waits(*wait)) if slot is not None and wait is not None else None
            try:
                result = original(*args, **kwargs)
            except BaseException as error:
                hide(error)
                raise
            finally:
                if slot is not None and before is not None:
                    slot.end(before)
            if over is not None and record is not None:
                over(record, result)
            return result

        return watched

    return make


def _exits(popen: Any, timeout: Any = None) -> Told:
    if timeout is not None:
        return limited()
    return (Wait.EXIT, popen.pid) if popen.returncode is None else None


def _any_of(object_list: Any, timeout: Any = None) -> Told:
    """``connection.wait``: on ends and sentinels, or anything else with a descriptor."""
    record = current()
    if timeout is not None:
        return limited()
    if record is None or record.here.slot.kind == Wait.EXIT:
        # A join of a child of the fork server comes here too, and is told already.
        return None
    sentinels = {child._popen.sentinel: child.pid for child in list(_children()) if child._popen is not None}
    found = tuple(sorted(_awaited(one, sentinels) for one in object_list))
    number = record.slots.listed(found)
    return (Wait.ANY, number) if number is not None else None


def _ready(record: Record, ready: Any) -> None:
    """A child whose sentinel is ready has ended."""
    from .processes import ended

    found = {one for one in ready if isinstance(one, int)}
    for child in list(_children()) if found else ():
        if child._popen is not None and child._popen.sentinel in found:
            ended(record, child)


def _children() -> set[Any]:
    return getattr(sys.modules["multiprocessing.process"], "_children", set())


def _awaited(one: Any, sentinels: dict[int, int]) -> int:
    """The inode that is to be readable; for a sentinel, the negative id of the process that is to end."""
    descriptor = one if isinstance(one, int) else one.fileno()
    return -sentinels[descriptor] if descriptor in sentinels else os.fstat(descriptor).st_ino


def _feeder_ends(twr: Any) -> Told:
    thread = twr()
    return (Wait.THREAD, thread.native_id) if thread is not None and thread.native_id is not None else None


def install(module: Any) -> None:
    """Has every wait between processes published."""
    if module.__name__.endswith("popen_fork"):
        replace(module.Popen, "wait", around(_exits))
    elif module.__name__.endswith("connection"):
        replace(module, "wait", around(_any_of, _ready))
    elif module.__name__.endswith("queues"):
        feeder = module.Queue
        feeder._finalize_join = staticmethod(around(_feeder_ends)(feeder._finalize_join))
    else:
        # One that had it before it was watched.
        watched = vars(sys.modules["multiprocessing.connection"])["wait"]
        if module.wait is getattr(watched, "__wrapped__", None):
            module.wait = watched
