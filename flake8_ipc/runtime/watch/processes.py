"""Processes (CPython Lib/multiprocessing/process.py)."""

from __future__ import annotations

import glob
import itertools
import json
from typing import Any

from ..handing import handover
from ..identity import MARK, process, reachable
from ..patch import done, replace, safely
from ..places import Caller, caller
from ..record import Record, current

_numbers = itertools.count(1)


def _made(original: Any) -> Any:
    def __init__(
        self: Any,
        group: Any = None,
        target: Any = None,
        name: Any = None,
        args: Any = (),
        kwargs: Any = {},  # noqa: B006 - the signature of the class itself
        **rest: Any,
    ) -> None:
        safely(_tell_made)(self, group, target, args, kwargs, rest.get("daemon"))
        original(self, group, target, name, args, kwargs, **rest)

    return __init__


def _tell_made(self: Any, group: Any, target: Any, args: Any, kwargs: Any, daemon: Any) -> None:
    record, who = current(), caller(4)
    if record is None or who is None:
        return
    who = outside(self, who)
    name = f"process:{record.name}/{next(_numbers)}"
    setattr(self, MARK, name)
    from multiprocessing.process import BaseProcess

    cls = type(self)
    own = cls.__module__.partition(".")[0] != "multiprocessing"
    facts = {
        "handover": handover(target, args, kwargs),
        "group_given": callable(group),
        "daemon": daemon,
        "class": cls.__name__ if own else None,
        "runs": cls.run is not BaseProcess.run,
        "method": getattr(cls, "_start_method", None),
    }
    record.thing(name, "PROCESS", who, **facts)


def outside(self: Any, who: Caller) -> Caller:
    """The caller that makes an object: above the constructors of its own classes."""
    frame = who.frame
    while frame.f_back is not None and frame.f_code.co_name == "__init__":
        names = frame.f_code.co_varnames
        if not names or frame.f_locals.get(names[0]) is not self:
            break
        frame = frame.f_back
    return Caller(frame.f_code, frame.f_lasti, frame)


def _bootstrapped(original: Any) -> Any:
    def _bootstrap(self: Any, *args: Any, **kwargs: Any) -> Any:
        record = current()
        if record is not None:
            record.write("role", getattr(self, MARK, None))
        try:
            return original(self, *args, **kwargs)
        finally:
            record = current()
            if record is not None:
                record.close()

    return _bootstrap


def _start_facts(thing: Any) -> dict[str, Any]:
    own = {name: value for name, value in thing.__dict__.items() if not name.startswith("_")}
    return {"holds": list(dict.fromkeys(reachable(own)))}


def _join_facts(thing: Any, timeout: Any = None) -> dict[str, Any]:
    return {} if timeout is None else {"blocking": "TIMED"}


def _joined(record: Record, thing: Any, result: Any) -> None:
    """Takes in the last clock of a process that has ended."""
    if thing.exitcode is None:
        return
    for file in glob.glob(record.session.record(f"{thing.pid}.*")):
        with open(file, "rb") as lines:
            last = [line for line in lines if line.startswith((b'["end"', b'["clock"'))][-1:]
        for line in last:
            record.clock.acquire(json.loads(line)[-1])


def _daemon(original: Any) -> Any:
    def setter(self: Any, value: Any) -> None:
        record = current()
        who = caller(2) if record is not None else None
        if record is not None and who is not None:
            safely(_tell_daemon)(record, who, self, value)
        original.fset(self, value)

    return property(original.fget, setter, original.fdel, original.__doc__)


def _tell_daemon(record: Record, who: Caller, thing: Any, value: Any) -> None:
    name = process(thing)
    if name is not None:
        record.event("SET_DAEMON", name, who, payload=[bool(value)])


def install() -> None:
    """Watches what can be done to a process, and by whom."""
    from multiprocessing.process import BaseProcess

    replace(BaseProcess, "__init__", _made)
    replace(BaseProcess, "_bootstrap", _bootstrapped)
    done(BaseProcess, "start", "START", process, _start_facts)
    done(BaseProcess, "join", "JOIN", process, _join_facts, _joined)
    done(BaseProcess, "terminate", "TERMINATE", process)
    done(BaseProcess, "kill", "KILL", process)
    done(BaseProcess, "close", "CLOSE", process)
    done(BaseProcess, "is_alive", "QUERY", process)
    done(BaseProcess, "run", "RUN", process)
    daemon = BaseProcess.__dict__["daemon"]
    if daemon.fset.__name__ != "setter":
        setattr(BaseProcess, "daemon", _daemon(daemon))  # noqa: B010 - a property cannot be assigned by name for mypy
