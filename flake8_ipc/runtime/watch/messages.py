"""Clocks on messages: what a sender knew travels with what it sent.

A pickle ends at its STOP opcode, and what follows is not looked at (Lib/pickle.py), so the clock is appended there: a receiver
that is not watched never notices. A queue's feeder thread pickles later than ``put``, so the clock is taken along.
"""

from __future__ import annotations

import operator
import struct
from typing import Any

from ..interruptions import hide
from ..patch import replace, safely
from ..record import Record, current

_MAGIC = b"\x00ipc!clk"
# The event by which it was sent, the sender's own count, the length of what comes before.
_TAIL = struct.Struct(">QQI")
_END = _TAIL.size + len(_MAGIC)


class Taken:
    """An object on its way through a queue's buffer, with the clock and the number of its put."""

    __slots__ = ("clock", "sent", "value")

    def __init__(self, value: Any, clock: tuple[bytes, int], sent: int) -> None:
        self.value = value
        self.clock = clock
        self.sent = sent

    def __reduce__(self) -> tuple[Any, ...]:
        # Whatever else pickles it gives the object alone.
        return operator.getitem, ((self.value,), 0)


def _trailer(clock: tuple[bytes, int], sent: int) -> bytes:
    head, count = clock
    return head + _TAIL.pack(sent, count, len(head)) + _MAGIC


@safely
def _take_in(data: Any) -> None:
    record = current()
    if record is None or record.passive or data[-len(_MAGIC) :] != _MAGIC:
        return
    end = len(data) - _END
    sent, count, length = _TAIL.unpack_from(data, end)
    record.sender = [record.clock.take(bytes(data[end - length : end]), count), sent]


def _pickler(original: Any) -> Any:
    class Pickler(original):  # type: ignore[misc]
        """multiprocessing's own pickler, whose pickles carry a clock."""

        @classmethod
        def dumps(cls, obj: Any, protocol: Any = None) -> Any:
            taken = obj if isinstance(obj, Taken) else None
            value = taken.value if taken is not None else obj
            try:
                data = original.dumps(value, protocol)
            except BaseException as error:
                hide(error)
                raise
            record = current()
            if record is None or record.passive:
                return data
            if taken is not None:
                return bytes(data) + _trailer(taken.clock, taken.sent)
            return bytes(data) + _trailer(record.clock.stamp(), record.sent())

        @staticmethod
        def loads(data: Any, *args: Any, **kwargs: Any) -> Any:
            _take_in(data)
            try:
                return original.loads(data, *args, **kwargs)
            except BaseException as error:
                hide(error)
                raise

    return Pickler


# The feeder of the class itself, and whether it is that of a class derived from it.
_feeders: list[Any] = []
_as_ever: dict[type, bool] = {}


def _feeds_as_ever(cls: type, record: Record) -> bool:
    """Whether what is put goes through multiprocessing's own feeder, which pickles with multiprocessing's own pickler.

    Else the messages carry no clock, and what they order is not known: only what was seen to fail is told then.
    """
    found = _as_ever.get(cls)
    if found is None:
        found = _as_ever[cls] = [getattr(cls, name) for name in _FEEDER] == _feeders
        if not found:
            record.write("deaf", cls.__name__)
    return found


_FEEDER = ("_feed", "_start_thread")


def _put(original: Any) -> Any:
    def put(self: Any, obj: Any, block: bool = True, timeout: Any = None) -> Any:
        record = current()
        told = obj
        if record is not None and not record.passive and _feeds_as_ever(type(self), record):
            told = Taken(obj, record.clock.stamp(), record.sent())
        try:
            return original(self, told, block, timeout)
        except BaseException as error:
            hide(error)
            raise

    return put


def _started(original: Any) -> Any:
    def _start_thread(self: Any) -> None:
        told = self._on_queue_feeder_error
        self._on_queue_feeder_error = lambda error, obj: told(error, obj.value if isinstance(obj, Taken) else obj)
        try:
            original(self)
        finally:
            del self._on_queue_feeder_error

    return _start_thread


def _served(original: Any) -> Any:
    def _run_server(cls: Any, registry: Any, address: Any, *args: Any, **kwargs: Any) -> Any:
        record = current()
        if record is not None:
            # A server passes nothing on from one client to the next but what they put into it.
            record.passive = True
            # At an address that was chosen for it, anybody may be a client.
            record.write("server", address is not None)
        return original.__func__(cls, registry, address, *args, **kwargs)

    return classmethod(_run_server)


def install() -> None:
    """Has every message carry a clock."""
    from multiprocessing import connection, managers, queues

    modules: tuple[Any, ...] = (connection, queues)
    for module in modules:
        module._ForkingPickler = _pickler(module._ForkingPickler)
    for cls in (queues.Queue, queues.JoinableQueue):
        replace(cls, "put", _put)
    replace(queues.Queue, "_start_thread", _started)
    _feeders[:] = [getattr(queues.Queue, name) for name in _FEEDER]
    managers.BaseManager._run_server = _served(managers.BaseManager.__dict__["_run_server"])  # type: ignore[attr-defined]
