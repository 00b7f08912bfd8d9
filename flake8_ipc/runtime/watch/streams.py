"""This side's ends of the pipes to a child of ``subprocess``: what is read, written and closed.

They are plain files of ``io``, whose classes nobody can change; each is put anew into a subclass of its own class, around
the same descriptor, before the program gets hold of it.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any

from ..identity import MARK, mark
from ..interruptions import hide
from ..patch import safely
from ..places import direct
from ..record import Record, current
from ..slots import Wait

# What a method does: the verb, and whether it goes on to the end of the pipe when it is given no size.
_READS = {"read": True, "readlines": True, "readline": False, "read1": False, "readinto": False, "__next__": False}
_WRITES = ("write", "writelines", "flush", "close")


def _method(base: Any, name: str) -> Any:
    plain = getattr(base, name)

    def method(self: Any, *args: Any) -> Any:
        record = current()
        if record is None or sys.is_finalizing():
            return plain(self, *args)
        safely(_tell)(record, self, name, args, direct(2))
        number = getattr(self, "_flake8_ipc_inode", 0)
        if not number or (name == "close" and self._flake8_ipc_reads):
            return plain(self, *args)
        before = record.slots.begin(Wait.SEND if name in _WRITES else Wait.RECV, number)
        try:
            return plain(self, *args)
        except BaseException as error:
            hide(error)
            raise
        finally:
            record.slots.begin(*before)

    method.__name__ = name
    return method


def _tell(record: Record, stream: Any, name: str, args: tuple[Any, ...], who: Any) -> None:
    thing = mark(stream)
    if who is None or thing is None or name == "flush":
        return
    if name in _READS:
        whole = _READS[name] and (not args or args[0] in (None, -1))
        again = ("RECV", thing, who.code, who.instruction)
        if record.epochs.get(again) != record.clock.version:
            record.epochs[again] = record.clock.version
            record.event("RECV", thing, who, **({} if whole else {"any": True}))
    elif name == "close":
        record.event("CLOSE", thing, who)
    else:
        record.event("SEND", thing, who)


def _watched(base: Any) -> Any:
    """The subclass of a class of files whose methods tell what they do."""
    names = [name for name in (*_READS, *_WRITES) if hasattr(base, name)]
    return type(base.__name__, (base,), {"__module__": base.__module__, **{name: _method(base, name) for name in names}})


_CLASSES = {base: _watched(base) for base in (io.BufferedReader, io.BufferedWriter, io.TextIOWrapper)}


def watch(stream: Any, name: str, size: int) -> Any:
    """The same file, watched, with a buffer of a size; None for one of a class that is not known (no buffer)."""
    cls = _CLASSES.get(type(stream))
    if cls is None:
        return None
    if isinstance(stream, io.TextIOWrapper):
        told = {"encoding": stream.encoding, "errors": stream.errors}
        how = {"line_buffering": stream.line_buffering, "write_through": stream.write_through}
        made = cls(stream.detach(), **told, **how)
    else:
        raw = stream.detach()
        made = cls(raw, size if size > 1 else getattr(raw, "_blksize", io.DEFAULT_BUFFER_SIZE))
    setattr(made, MARK, name)
    made._flake8_ipc_inode, made._flake8_ipc_reads = os.fstat(made.fileno()).st_ino, made.readable()
    return made


def install() -> None:
    """Nothing to replace: ``children`` asks for each file as it is made."""
