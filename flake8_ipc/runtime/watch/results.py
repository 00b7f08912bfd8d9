"""Results: who asks for them, who waits for them (CPython Lib/multiprocessing/pool.py, Lib/concurrent/futures/_base.py)."""

from __future__ import annotations

import sys
from typing import Any

from ..identity import mark
from ..interruptions import hide
from ..patch import by_loop, replace, safely, waiting
from ..places import asker, caller
from ..record import Record, current

_NEXT = frozenset({"next", "__next__"})
_AT_ONCE = frozenset({"successful", "ready", "done", "running", "cancelled"})
# The library's own generators, by which the program iterates over results.
_THROUGH = frozenset({"_result_or_cancel", "result_iterator", "<genexpr>"})


def _asked(verb: str) -> Any:
    def make(original: Any) -> Any:
        name = original.__name__

        def ask(self: Any, *args: Any, **kwargs: Any) -> Any:
            record = current()
            told = 0
            if record is not None:
                timeout = args[0] if args else kwargs.get("timeout")
                told = safely(_tell)(record, verb, self, timeout, name) or 0
            try:
                return original(self, *args, **kwargs)
            except BaseException as error:
                if told and record is not None and not isinstance(error, StopIteration):
                    record.failed(told, error)
                hide(error)
                raise

        return ask

    return make


def _tell(record: Record, verb: str, result: Any, timeout: Any, name: str) -> int:
    site = mark(result)
    if site is None:
        return 0
    who = asker(4) if sys._getframe(3).f_code.co_name in _THROUGH else caller(4)
    if who is None:
        return 0
    again = (verb, site, who.code, who.instruction)
    if name in _NEXT:
        if record.epochs.get(again) is not None:
            return 0
        record.epochs[again] = 1
    facts: dict[str, Any] = {"blocking": "NEVER"} if name in _AT_ONCE else waiting(True, timeout)
    if name in _NEXT:
        facts["any"] = True
    if by_loop(verb, who) and not _arrived(result):
        facts["async"] = True
    return record.event(verb, site, who, **facts)


def _arrived(result: Any) -> bool:
    look = getattr(result, "done", None) or getattr(result, "ready", None)
    return bool(look()) if look is not None else False


def install(module: Any) -> None:
    """Watches results of pools and futures of executors."""
    for name, names, verb in (
        ("ApplyResult", ("get", "successful"), "RESULT"),
        ("ApplyResult", ("wait",), "WAIT"),
        ("ApplyResult", ("ready",), "QUERY"),
        ("IMapIterator", ("next", "__next__"), "RESULT"),
        ("Future", ("result", "exception"), "RESULT"),
        ("Future", ("done", "running", "cancelled"), "QUERY"),
    ):
        for method in names if hasattr(module, name) else ():
            replace(getattr(module, name), method, _asked(verb))
