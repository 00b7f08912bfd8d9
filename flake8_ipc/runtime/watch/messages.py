"""Clocks on messages: what a sender knew travels with what it sent.

A pickle ends at its STOP opcode, and what follows is not looked at (Lib/pickle.py), so the clock is appended there: a receiver
that is not watched never notices. A queue's feeder thread pickles later than ``put``, so the clock is taken along.
"""

from __future__ import annotations

import operator
import struct
import zlib
from typing import Any

from .. import record as records
from ..clock import Clock
from ..interruptions import hide
from ..patch import replace, safely
from ..record import Record, current

_MAGIC = b"\x00ipc!clk"
# The event by which it was sent, the sender's own count, the length of what comes before.
_TAIL = struct.Struct(">QQI")
# What tells one trailer from all others, so that one that comes again need not be read again.
_SUM = struct.Struct(">II")
_KNOWN_BY = _SUM.size + len(_MAGIC)
_END = _TAIL.size + _KNOWN_BY
# In the stead of an end: a message that a queue has told already.
QUEUED = -1
# Trailers that are remembered.
_MOST = 1_000


class Taken(tuple[Any, bytes]):
    """An object on its way through a queue's buffer, with the trailer of its put."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        # Whatever else pickles it gives the object alone.
        return operator.getitem, ((self[0],), 0)


def trailer(clock: Clock, sent: int) -> bytes:
    """What follows a message; kept where no event tells of the message, for the next may carry the same."""
    head, count = clock.stamp()
    text = head + _TAIL.pack(sent, count, len(head))
    made = text + _SUM.pack(zlib.crc32(text), zlib.adler32(text)) + _MAGIC
    if not sent:
        clock.tail = made
    return made


@safely
def _take_in(record: Record, data: Any) -> None:
    known_by = bytes(data[-_KNOWN_BY:])
    if not known_by.endswith(_MAGIC):
        return
    found = record.senders.get(known_by)
    if found is None:
        end = len(data) - _END
        sent, count, length = _TAIL.unpack_from(data, end)
        found = [record.clock.take(bytes(data[end - length : end]), count), sent]
        if len(record.senders) >= _MOST:
            record.senders.clear()
        record.senders[known_by] = found
    record.came, record.sender = known_by, found


def _pickler(original: Any) -> Any:
    plain, pickled, known_by = original.loads, original.dumps, _KNOWN_BY

    class Pickler(original):  # type: ignore[misc]
        """multiprocessing's own pickler, whose pickles carry a clock."""

        @classmethod
        def dumps(cls, obj: Any, protocol: Any = None) -> Any:
            record = records.now
            slot = record.here.slot if record is not None else None
            sends = 0
            if slot is not None:
                # What is pickled within this is no message of its own.
                sends, slot.sends = slot.sends, 0
            tail = None
            if type(obj) is Taken:
                obj, tail = obj
            try:
                data = pickled(obj, protocol)
            except BaseException as error:
                hide(error)
                raise
            if record is None or slot is None:
                return data
            if tail is None and not record.passive:
                sent, slot.sent = slot.sent, 0
                tail = None if sent else record.clock.tail
                if tail is None:
                    tail = trailer(record.clock, sent)
            if sends == QUEUED:
                slot.within = True
            elif sends:
                if slot.what or sends != slot.shown:
                    slot.begin(sends)
                else:
                    slot.what = sends
                    slot.words[slot.at] = slot.version = (slot.version | 1) + 1
            return data if tail is None else b"".join((data, tail))

        @staticmethod
        def loads(data: Any, **named: Any) -> Any:
            record = records.now
            if record is not None:
                slot = record.here.slot
                if slot.what:
                    slot.what = 0
                    slot.words[slot.at] = slot.version = slot.version | 1
                if data[-known_by:] != record.came and not record.passive:
                    _take_in(record, data)
            try:
                return plain(data, **named)
            except BaseException as error:
                hide(error)
                raise

    return Pickler


def _started(original: Any) -> Any:
    def _start_thread(self: Any) -> None:
        told = self._on_queue_feeder_error
        self._on_queue_feeder_error = lambda error, obj: told(error, obj[0] if type(obj) is Taken else obj)
        try:
            original(self)
        except BaseException as error:
            hide(error)
            raise
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


def install(module: Any) -> None:
    """Has every message carry a clock."""
    if module.__name__.endswith("managers"):
        base = module.BaseManager
        base._run_server = _served(base.__dict__["_run_server"])
        return
    module._ForkingPickler = _pickler(module._ForkingPickler)
    if module.__name__.endswith("queues"):
        replace(module.Queue, "_start_thread", _started)
