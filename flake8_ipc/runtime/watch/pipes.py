"""Pipes and connections (CPython Lib/multiprocessing/connection.py)."""

from __future__ import annotations

import os
import sys
from typing import Any

from .. import record as records
from ..identity import end
from ..interruptions import hide
from ..patch import Deed, constant, done, replace, safely
from ..places import caller
from ..record import current
from ..slots import Wait, waits


def _send_facts(thing: Any, obj: Any = None, *rest: Any) -> dict[str, Any]:
    return constant(obj)


def _poll_facts(thing: Any, timeout: Any = 0.0) -> dict[str, Any]:
    return {"blocking": "FOREVER" if timeout is None else "TIMED"}


def _exit_facts(thing: Any, *args: Any) -> dict[str, Any]:
    return {}


def _made(original: Any) -> Any:
    def Pipe(duplex: bool = True) -> Any:
        try:
            ends = original(duplex)
        except BaseException as error:
            hide(error)
            raise
        safely(_tell_made)(ends, duplex)
        return ends

    return Pipe


def _tell_made(ends: tuple[Any, Any], duplex: bool) -> None:
    record, who = current(), caller(4)
    names = [end(one) for one in ends]
    if record is None or who is None or None in names:
        return
    for one, mine, peer in zip(ends, names, reversed(names)):
        record.thing(str(mine), "PIPE_END", who, peer=peer, readable=one.readable, writable=one.writable)


def _dropped(original: Any) -> Any:
    # At the interpreter's end a module's names are gone before its last objects are.
    ending, now, tell = sys.is_finalizing, current, safely(_tell_dropped)

    def __del__(self: Any) -> None:
        if not ending() and self._handle is not None:
            record = now()
            if record is not None:
                tell(record, self)
        original(self)

    return __del__


def _tell_dropped(record: Any, connection: Any) -> None:
    name = end(connection)
    who = caller(4)
    if name is not None and who is not None:
        record.event("DROP", name, who)


def end_of(connection: Any) -> int:
    """What the kernel calls an end, as a wait has it, noted for the next time; 0 where it is closed."""
    try:
        found = connection._flake8_ipc_end = waits(Wait.NOTHING, os.fstat(connection._handle).st_ino)
    except (OSError, TypeError):
        return 0
    return found


# What every message goes through is as short as can be, and written out for each method: a call more is a tenth of its cost.


def _send(original: Any) -> Any:
    deed = Deed("SEND", end, _send_facts, often=True)
    frame, dull = sys._getframe, deed.dull

    def send(self: Any, obj: Any) -> None:
        record, slot, event, before = records.now, None, 0, 0
        if record is not None:
            slot = record.here.slot
            try:
                at = frame(1)
            except ValueError:
                at = frame()
            place = dull.get((id(at.f_code) + at.f_lasti, self._flake8_ipc))
            if place is None or obj is None:
                event = deed.news(record, at, self, obj)
            elif place != slot.place and place >= 0:
                slot.stands(place)
            before = slot.what
            # The wait begins when it is pickled: see ``messages``.
            slot.sends = (self._flake8_ipc_end or end_of(self)) | _SEND
        try:
            original(self, obj)
        except BaseException as error:
            if slot is not None:
                slot.sends = slot.sent = 0
                slot.end(before)
            deed.failed(record, event, error)
            hide(error)
            raise
        if slot is not None:
            slot.what = 0
            slot.words[slot.at] = slot.version = slot.version | 1
            if before:
                slot.begin(before)
            if event:
                deed.over(record, self, None, event)

    return send


def _send_bytes(original: Any) -> Any:
    deed = Deed("SEND", end, often=True)
    frame, dull = sys._getframe, deed.dull

    def send_bytes(self: Any, buf: Any, *rest: Any, **named: Any) -> None:
        record, slot, event, before = records.now, None, 0, 0
        if record is not None:
            slot = record.here.slot
            if slot.within:
                slot.within = False
            else:
                try:
                    at = frame(1)
                except ValueError:
                    at = frame()
                place = dull.get((id(at.f_code) + at.f_lasti, self._flake8_ipc))
                if place is None:
                    event = deed.news(record, at, self)
                    slot.sent = 0
                elif place != slot.place and place >= 0:
                    slot.stands(place)
            before, what = slot.what, (self._flake8_ipc_end or end_of(self)) | _SEND
            if before or what != slot.shown:
                slot.begin(what)
            else:
                slot.what = what
                slot.words[slot.at] = slot.version = (slot.version | 1) + 1
        try:
            original(self, buf, *rest, **named) if rest or named else original(self, buf)
        except BaseException as error:
            if slot is not None:
                slot.end(before)
            deed.failed(record, event, error)
            hide(error)
            raise
        if slot is not None:
            slot.what = 0
            slot.words[slot.at] = slot.version = slot.version | 1
            if before:
                slot.begin(before)
            if event:
                deed.over(record, self, None, event)

    return send_bytes


def _receives(original: Any) -> Any:
    deed = Deed("RECV", end, often=True)
    frame, dull = sys._getframe, deed.dull

    def receive(self: Any, maxlength: Any = None) -> Any:
        record, slot, event, before = records.now, None, 0, 0
        if record is not None:
            slot = record.here.slot
            if slot.within:
                slot.within = False
            else:
                try:
                    at = frame(1)
                except ValueError:
                    at = frame()
                place = dull.get((id(at.f_code) + at.f_lasti, self._flake8_ipc))
                if place is None:
                    event = deed.news(record, at, self)
                elif place != slot.place and place >= 0:
                    slot.stands(place)
            before, what = slot.what, (self._flake8_ipc_end or end_of(self)) | (_REPLY if slot.asking else _RECV)
            if before or what != slot.shown:
                slot.begin(what)
            else:
                slot.what = what
                slot.words[slot.at] = slot.version = (slot.version | 1) + 1
        try:
            result = original(self) if maxlength is None else original(self, maxlength)
        except BaseException as error:
            if slot is not None:
                slot.end(before)
            deed.failed(record, event, error)
            hide(error)
            raise
        if slot is not None:
            # A message is no longer waited for while it is unpickled.
            if slot.what or before:
                slot.what = 0
                slot.words[slot.at] = slot.version = slot.version | 1
                if before:
                    slot.begin(before)
            if event:
                deed.over(record, self, result, event)
        return result

    return receive


def _receives_into(original: Any) -> Any:
    watched = _receives(lambda self, given: original(self, *given[0], **given[1]))

    def recv_bytes_into(self: Any, *args: Any, **named: Any) -> Any:
        return watched(self, (args, named))

    return recv_bytes_into


_SEND, _RECV, _REPLY = int(Wait.SEND), int(Wait.RECV), int(Wait.REPLY)


def install(connection: Any) -> None:
    """Watches what both ends can do."""
    replace(connection, "Pipe", _made)
    base = connection._ConnectionBase
    # What each has of its own, once it is known.
    base._flake8_ipc, base._flake8_ipc_end = None, 0
    replace(base, "send", _send)
    replace(base, "send_bytes", _send_bytes)
    for name in ("recv", "recv_bytes"):
        replace(base, name, _receives)
    replace(base, "recv_bytes_into", _receives_into)
    done(base, "poll", "POLL", end, _poll_facts)
    done(base, "close", "CLOSE", end)
    done(base, "__exit__", "CLOSE", end, _exit_facts)
    replace(base, "__del__", _dropped)
