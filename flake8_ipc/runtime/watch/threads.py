"""Threads of the program's own (CPython Lib/threading.py): each is a role of its own within its process."""

from __future__ import annotations

import itertools
import sys
import threading
from typing import Any

from ..handing import handover
from ..identity import MARK, process, reachable
from ..interruptions import hide
from ..patch import done, replace, safely
from ..places import Caller, caller, is_user
from ..record import Record, current
from .processes import made, outside, reaped

_numbers = itertools.count(1)


def _made(original: Any) -> Any:
    def __init__(
        self: Any,
        group: Any = None,
        target: Any = None,
        name: Any = None,
        args: Any = (),
        kwargs: Any = None,
        **rest: Any,
    ) -> None:
        safely(_tell_made)(self, target, args, kwargs, rest.get("daemon"))
        try:
            original(self, group, target, name, args, kwargs, **rest)
        except BaseException as error:
            hide(error)
            raise

    return __init__


def _tell_made(self: Any, target: Any, args: Any, kwargs: Any, daemon: Any) -> None:
    record, who = current(), caller(4)
    frame: Any = sys._getframe(3)
    while frame is not None and frame.f_code.co_filename == threading.__file__:
        # A Timer is a thread of whoever makes it.
        frame = frame.f_back
    if record is None or frame is None or not is_user(frame.f_code):
        return
    who = outside(self, who if who is not None else Caller(frame.f_code, frame.f_lasti, frame))
    name = f"thread:{record.name}/{next(_numbers)}"
    setattr(self, MARK, name)
    made.add(self)
    own = type(self).__module__.partition(".")[0] != "threading"
    facts = {
        "handover": handover(target, args, kwargs or {}),
        "daemon": daemon,
        "class": type(self).__name__ if own else None,
        "runs": type(self).run is not threading.Thread.run,
    }
    record.thing(name, "THREAD", who, **facts)


def _begun(original: Any) -> Any:
    def _bootstrap_inner(self: Any) -> None:
        record = current()
        if record is not None:
            record.write("thread", threading.get_ident(), threading.get_native_id(), getattr(self, MARK, None))
        original(self)

    return _bootstrap_inner


def _start_facts(thing: Any) -> dict[str, Any]:
    own = {name: value for name, value in thing.__dict__.items() if not name.startswith("_")}
    return {"holds": list(dict.fromkeys(reachable(own)))}


def _join_facts(thing: Any, timeout: Any = None) -> dict[str, Any]:
    return {} if timeout is None else {"blocking": "TIMED"}


def _joined(record: Record, thing: Any, result: Any, event: int) -> None:
    if event and thing.is_alive():
        record.write("failed", event, "False")


def install(module: Any) -> None:
    """Watches how threads are made, started and joined, and which of them does what."""
    replace(threading.Thread, "__init__", _made)
    replace(threading.Thread, "_bootstrap_inner", _begun)
    done(threading.Thread, "start", "START", process, _start_facts)
    done(threading.Thread, "join", "JOIN", process, _join_facts, _joined, unseen=reaped)
