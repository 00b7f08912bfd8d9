"""How processes are ended, and how it is noticed that they have (CPython Lib/multiprocessing/process.py)."""

from __future__ import annotations

import sys
from typing import Any

from ..identity import process
from ..interruptions import hide
from ..patch import safely
from ..places import caller
from ..record import Record, current

_SIGTERM = 15


def end_facts(thing: Any) -> dict[str, Any]:
    """Whether the process has a handler of its own for SIGTERM: Python itself sets none."""
    pid = getattr(thing.__dict__.get("_popen"), "pid", None)
    return {"heeded": True} if isinstance(pid, int) and _catches(pid) else {}


def _catches(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            masks = [int(line.split()[1], 16) for line in file if line.startswith(b"SigCgt:")]
    except OSError:
        return False
    return any(mask >> (_SIGTERM - 1) & 1 for mask in masks)


def cleaned(original: Any) -> Any:
    """What reaps the children that have ended: where the program asks who is left, it has joined them."""

    def _cleanup() -> Any:
        record = current()
        before = safely(_children)(original) if record is not None and _asked() else None
        try:
            result = original()
        except BaseException as error:
            hide(error)
            raise
        if record is not None and before:
            safely(_tell_joined)(record, before - _children(original))
        return result

    return _cleanup


def _asked() -> bool:
    return sys._getframe(2).f_code.co_name == "active_children"


def _children(original: Any) -> set[Any]:
    return set(original.__globals__["_children"])


def _tell_joined(record: Record, ended: set[Any]) -> None:
    from .processes import joined

    who = caller(5)
    for thing in ended:
        name = process(thing)
        if who is not None and name is not None:
            joined(record, thing, None, record.event("JOIN", name, who, blocking="NEVER"))
