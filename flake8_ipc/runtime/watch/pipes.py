"""Pipes and connections (CPython Lib/multiprocessing/connection.py)."""

from __future__ import annotations

import sys
from typing import Any

from ..identity import end
from ..interruptions import hide
from ..patch import constant, done, replace, safely
from ..places import caller
from ..record import current


def _send_facts(thing: Any, obj: Any = None, *rest: Any) -> dict[str, Any]:
    return constant(obj)


def _poll_facts(thing: Any, timeout: Any = 0.0) -> dict[str, Any]:
    return {"blocking": "FOREVER" if timeout is None else "TIMED"}


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


def install() -> None:
    """Watches what both ends can do."""
    from multiprocessing import connection

    replace(connection, "Pipe", _made)
    base = connection._ConnectionBase
    for name in ("send", "send_bytes"):
        done(base, name, "SEND", end, _send_facts)
    for name in ("recv", "recv_bytes", "recv_bytes_into"):
        done(base, name, "RECV", end)
    done(base, "poll", "POLL", end, _poll_facts)
    done(base, "close", "CLOSE", end)
    replace(base, "__del__", _dropped)
