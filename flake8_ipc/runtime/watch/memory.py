"""Blocks of shared memory and lists over them (CPython Lib/multiprocessing/shared_memory.py).

A mapping has a name of its own where the program attaches it by the block's name; one that comes by a pickle is the one
that was sent, seen from another process.
"""

from __future__ import annotations

import itertools
import sys
import threading
from typing import Any

from ..identity import MARK, also, mark
from ..interruptions import hide
from ..patch import done, replace, safely
from ..places import Caller, asker, caller
from ..record import Record, current

_numbers = itertools.count(1)
# Which manager makes a block of shared memory now, by thread.
keeping = threading.local()


def _name_of(block: Any) -> str:
    return f"block:{block.name.lstrip('/')}"


def _made(original: Any) -> Any:
    def __init__(self: Any, name: Any = None, create: bool = False, *args: Any, **kwargs: Any) -> None:
        try:
            original(self, name, create, *args, **kwargs)
        except BaseException as error:
            if isinstance(error, FileNotFoundError):
                safely(_tell_missing)(name, create)
            hide(error)
            raise
        safely(_tell_made)(self, create)

    return __init__


def _who() -> Caller | None:
    """Who makes or attaches a block: the program, by itself or by a manager; unpickling one is neither."""
    return asker(5) if getattr(keeping, "name", None) is not None else caller(5)


def _tell_made(self: Any, create: bool) -> None:
    record, who = current(), _who()
    if record is None:
        return
    name = _name_of(self)
    if who is None:
        setattr(self, MARK, name)
        return
    own = name if create else f"{name}@{record.name}/{next(_numbers)}"
    setattr(self, MARK, own)
    _tell(record, self, own, name, "SHARED_MEMORY", who, create)


def _tell_missing(name: Any, create: bool) -> None:
    """Tells an attachment that found nothing: its name was gone."""
    record, who = current(), caller(4)
    if record is None or who is None or create or not isinstance(name, str):
        return
    own = f"block:{name.lstrip('/')}@{record.name}/{next(_numbers)}"
    record.thing(own, "SHARED_MEMORY", who, of=f"block:{name.lstrip('/')}", fresh=False, tracked=True)
    record.failed(record.event("ATTACH", own, who, payload=[False]), FileNotFoundError())


def _tell(record: Record, block: Any, own: str, name: str, kind: str, who: Caller, fresh: bool) -> None:
    facts: dict[str, Any] = {"fresh": fresh, "tracked": getattr(block, "_track", True) and _told_to_tracker()}
    if not fresh:
        facts["of"] = name
    keeper = getattr(keeping, "name", None)
    if keeper is not None:
        facts["keeper"] = keeper
    record.thing(own, kind, who, payload=[fresh], **facts)


def _told_to_tracker() -> bool:
    """Whether the tracker hears of a block: a program may have put something of its own in the place of ``register``."""
    from multiprocessing import resource_tracker

    return hasattr(resource_tracker.register, "__wrapped__")


def _list_made(original: Any) -> Any:
    def __init__(self: Any, sequence: Any = None, *, name: Any = None) -> None:
        try:
            original(self, sequence, name=name)
        except BaseException as error:
            hide(error)
            raise
        safely(_tell_list)(self, sequence is not None)

    return __init__


def _tell_list(self: Any, fresh: bool) -> None:
    record, who = current(), asker(4) if getattr(keeping, "name", None) is not None else caller(4)
    if record is None:
        return
    name = _name_of(self.shm)
    own = name if fresh or who is None else f"{name}@{record.name}/{next(_numbers)}"
    setattr(self.shm, MARK, own)
    setattr(self, MARK, own)
    if who is not None:
        _tell(record, self.shm, own, name, "SHAREABLE_LIST", who, fresh)


def _looked(original: Any) -> Any:
    def buf(self: Any) -> Any:
        safely(_tell_looked)(self)
        return original.fget(self)

    return property(buf, doc=original.__doc__)


def _tell_looked(self: Any) -> None:
    record, who = current(), caller(4)
    name = mark(self)
    if record is None or who is None or name is None:
        return
    again = ("QUERY", name, who.code, who.instruction)
    closed = self._buf is None
    if record.epochs.get(again) == (record.clock.version if not closed else -1):
        return
    record.epochs[again] = record.clock.version
    record.event("QUERY", name, who)


def _dropped(original: Any) -> Any:
    # At the interpreter's end the names of this module may be gone before the last block is.
    tell, ends = safely(_tell_dropped), sys.is_finalizing

    def __del__(self: Any) -> None:
        if not ends():
            tell(self)
        original(self)

    return __del__


def _tell_dropped(self: Any) -> None:
    """Tells a mapping that dies open: the function whose name it had has returned."""
    record, who, name = current(), caller(4), mark(self)
    if record is not None and who is not None and name is not None and getattr(self, "_buf", None) is not None:
        if sys.exc_info()[0] is None and "__del__" not in who.code.co_name:
            record.event("DROP", name, who)


def _item(verb: str) -> Any:
    def make(original: Any) -> Any:
        def access(self: Any, position: Any, *value: Any) -> Any:
            safely(_tell_item)(verb, self, position)
            try:
                return original(self, position, *value)
            except BaseException as error:
                hide(error)
                raise

        return access

    return make


def _tell_item(verb: str, items: Any, position: Any) -> None:
    record, who, name = current(), caller(4), mark(items)
    if record is None or who is None or name is None:
        return
    again = (verb, name, who.code, who.instruction, position)
    if record.epochs.get(again) != record.clock.version:
        record.epochs[again] = record.clock.version
        record.event(verb, name, who, **({"key": position} if isinstance(position, int) else {"any": True}))


def _asked(verb: str) -> Any:
    """What a program has to do with the resource tracker itself."""

    def make(original: Any) -> Any:
        def asks(*args: Any, **kwargs: Any) -> Any:
            safely(_tell_tracker)(verb)
            try:
                return original(*args, **kwargs)
            except BaseException as error:
                hide(error)
                raise

        return asks

    return make


def _tell_tracker(verb: str) -> None:
    record, who = current(), caller(4)
    if record is not None and who is not None:
        record.event(verb, TRACKER, who)


# The resource tracker, as an object of the account: processes that share one and those that do not are told apart there.
TRACKER = "tracker"


def install(module: Any) -> None:
    """Watches blocks and lists, and what is asked of the resource tracker."""
    if module.__name__.endswith("resource_tracker"):
        _watch_tracker(module)
    else:
        _watch_blocks(module)


def _watch_tracker(resource_tracker: Any) -> None:
    for name, verb in (("ensure_running", "START"), ("register", "START"), ("getfd", "START"), ("unregister", "DROP")):
        replace(resource_tracker, name, _asked(verb))


def _watch_blocks(shared_memory: Any) -> None:
    block = shared_memory.SharedMemory
    replace(block, "__init__", _made)
    done(block, "close", "CLOSE", mark)
    done(block, "unlink", "UNLINK", mark)
    replace(block, "__del__", _dropped)
    found = block.__dict__["buf"]
    if found.fget.__module__ != __name__:
        block.buf = _looked(found)
    shareable = shared_memory.ShareableList
    replace(shareable, "__init__", _list_made)
    replace(shareable, "__getitem__", _item("READ"))
    replace(shareable, "__setitem__", _item("WRITE"))
    also("multiprocessing.shared_memory", ("SharedMemory", "ShareableList"), mark)
