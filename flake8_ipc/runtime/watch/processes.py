"""Processes (CPython Lib/multiprocessing/process.py)."""

from __future__ import annotations

import itertools
import os
import sys
import weakref
from collections.abc import Iterator
from threading import Thread
from typing import Any

from ..handing import defined, handover, of_threads
from ..identity import MARK, named, process, reachable, things
from ..interruptions import hide, passed
from ..patch import done, replace, safely
from ..places import Caller, caller, is_user, where
from ..record import Record, current, parsed
from ..session import Session
from .endings import cleaned, end_facts

_numbers = itertools.count(1)
# The threads that this process's program has made.
made: weakref.WeakSet[Thread] = weakref.WeakSet()


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
        _tell_made(self, group, target, args, kwargs, rest.get("daemon"))
        try:
            original(self, group, target, name, args, kwargs, **rest)
        except BaseException as error:
            hide(error)
            raise

    return __init__


@safely
def _tell_made(self: Any, group: Any, target: Any, args: Any, kwargs: Any, daemon: Any) -> None:
    record, who = current(), caller(4)
    if record is None or who is None:
        return
    inner, who = who, outside(self, who)
    _watch_run(type(self))
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
        "init": defined(cls.__init__) if own else None,
        "runs": cls.run is not BaseProcess.run,
        "method": method_of(cls),
    }
    if inner.frame is not who.frame:
        facts["within"] = where(inner.code, inner.instruction)
    record.thing(name, "PROCESS", who, **facts)


def method_of(cls: Any) -> str | None:
    """The start method that a process class is bound to; None for the default one."""
    found = getattr(cls, "_start_method", None)
    return found if isinstance(found, str) else None


@safely
def _watch_run(cls: Any) -> None:
    """Watches the ``run`` that a class of the program defines itself."""
    for one in cls.__mro__:
        if "run" in one.__dict__ and one.__module__.partition(".")[0] != "multiprocessing":
            replace(one, "run", _ran)


def _ran(original: Any) -> Any:
    """``run`` where the program itself calls it for another object than its own; and what it raises in a child."""

    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        record = current()
        if record is None:
            return original(self, *args, **kwargs)
        _tell_run(record, self)
        try:
            return original(self, *args, **kwargs)
        except BaseException as error:
            tell_raised(record, error)
            hide(error)
            raise

    return run


@safely
def _tell_run(record: Record, self: Any) -> None:
    who, name = caller(4), process(self)
    if who is None or name is None:
        return
    names = who.code.co_varnames
    if not names or who.frame.f_locals.get(names[0]) is not self:
        record.event("RUN", name, who)


@safely
def tell_raised(record: Record, error: BaseException) -> None:
    """Writes which exception ends a process, and where in the user's own code it came up."""
    if not isinstance(error, SystemExit):
        record.write("raised", raised_facts(record, error))


def raised_facts(record: Record, error: BaseException) -> dict[str, Any]:
    """What is told of an exception: its type, where in the user's own code it came up, and what was not there."""
    place = None
    for frame, instruction in passed(error):
        if is_user(frame.f_code):
            place = record.place(Caller(frame.f_code, instruction, frame))
    facts: dict[str, Any] = {"type": type(error).__name__, "place": place}
    if isinstance(error, (NameError, AttributeError)):
        facts["name"] = error.name
    if isinstance(error, AttributeError):
        facts["object"] = named(error.obj)
    return facts


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
            name = getattr(self, MARK, None)
            record.say(f'["role", "{name}"]' if name is not None else '["role", null]')
            # A spawned one was made by no constructor here.
            _watch_run(type(self))
        try:
            return original(self, *args, **kwargs)
        finally:
            record = current()
            if record is not None:
                record.close()

    return _bootstrap


def _start_facts(thing: Any) -> dict[str, Any]:
    own = {name: value for name, value in thing.__dict__.items() if not name.startswith("_")}
    handed = (thing.__dict__.get("_args"), thing.__dict__.get("_kwargs"))
    _given[process(thing)] = [(name, weakref.ref(one)) for name, one in things(handed)]
    return {
        "holds": list(dict.fromkeys(reachable(own))),
        "kept": {name: known for name, value in own.items() if (known := named(value)) is not None},
        "thread_only": [kind for value in own.values() if (kind := of_threads(value)) is not None],
        "assigned": "run" in thing.__dict__,
        "over": [name for name, thread in _threads() if not thread.is_alive()],
        "early": _is_being_made(thing),
    }


def _is_being_made(thing: Any) -> bool:
    """Whether an ``__init__`` of an object has not come to its end."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        names = frame.f_code.co_varnames
        if frame.f_code.co_name == "__init__" and names and frame.f_locals.get(names[0]) is thing:
            return True
        frame = frame.f_back
    return False


def _threads() -> Iterator[tuple[str, Any]]:
    """The threads of the program's own that are known here."""
    return ((str(process(thread)), thread) for thread in list(made)) if made else iter(())


def _startable(thing: Any) -> str | None:
    """The name of a process that is to be started; one without was never made by ``Process.__init__``."""
    name, record = process(thing), current()
    if name is None and record is not None and "_popen" not in thing.__dict__:
        _tell_uncalled(record, thing)
    return name


def _started(record: Record, thing: Any, result: Any, event: int) -> None:
    """Tells the child's id, and which objects that it was given are gone with the start itself."""
    name, who = process(thing), caller(4)
    record.say(f'["started", "{name}", {thing.pid}]')
    thing._flake8_ipc_record = f"{thing.pid}.{record.forked:x}"
    for given, reference in _given.pop(name, ()):
        if reference() is None and who is not None:
            record.event("FORGET", given, who)


# What processes that are being started were given, held weakly.
_given: dict[str | None, list[tuple[str, Any]]] = {}


def _tell_uncalled(record: Record, self: Any) -> None:
    """Tells a class whose own ``__init__`` never came to that of Process."""
    made = [cls for cls in type(self).__mro__ if "__init__" in cls.__dict__]
    codes = [(cls, getattr(cls.__dict__["__init__"], "__code__", None)) for cls in made]
    # The first of them that calls no other one.
    cls, code = next(((cls, code) for cls, code in codes if code is None or "__init__" not in code.co_names), codes[0])
    record.write("uncalled", cls.__name__, [code.co_filename, code.co_firstlineno] if code is not None else None)


def _join_facts(thing: Any, timeout: Any = None) -> dict[str, Any]:
    return {} if timeout is None else {"blocking": "TIMED"}


def joined(record: Record, thing: Any, result: Any, event: int) -> None:
    """Takes in the last clock of a process that has ended."""
    if not _is_over(thing):
        if event:
            record.write("failed", event, "False")
        return
    ended(record, thing)


def _is_over(thing: Any) -> bool:
    """Whether a process was found to have ended, without asking for its exit code as the program would."""
    return getattr(thing.__dict__.get("_popen"), "returncode", None) is not None


def ended(record: Record, thing: Any) -> None:
    """Takes in the last clock of a process that is known to have ended, however that was learned."""
    for text in _records(record.session, thing):
        at = text.rfind(b'\n["end"')
        if at >= 0:
            _acquire(record, text[at + 1 :].partition(b"\n")[0])
        else:
            for line in text.split(b"\n"):
                if line.startswith(_CLOCKS):
                    _acquire(record, line)


# What tells a clock, where the process was ended before it could tell its last.
_CLOCKS = (b'["clock"', b'["news"')


def _acquire(record: Record, line: bytes) -> None:
    """Takes in the clock of a line; one that was broken off tells none."""
    if line.endswith(b"]"):
        record.clock.acquire(parsed(line.decode())[-1])


def _records(session: Session, thing: Any) -> list[bytes]:
    """What the processes of this id have told: one that was forked from here by its name, or all that there were."""
    mine = thing.__dict__.get("_flake8_ipc_record")
    if mine is not None:
        try:
            return [_text(session.record(mine))]
        except FileNotFoundError:
            # Started otherwise: it has named itself.
            pass
    names = [one for one in os.listdir(session.folder) if one.startswith(f"{thing.pid}.") and one.endswith(".record")]
    return [_text(f"{session.folder}/{name}") for name in names]


def _text(path: str) -> bytes:
    """A file's text: by the system's own calls, for a stream takes long to be made, and most records are short."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = []
        while part := os.read(file, 1 << 16):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(file)


def reaped(record: Record, thing: Any) -> None:
    """Tells that somebody else has joined a process or thread: its handle has left the program's own text."""
    name = process(thing)
    if name is not None and not thing.is_alive():
        record.write("reaped", name)


def _reaped(record: Record, thing: Any) -> None:
    reaped(record, thing)
    joined(record, thing, None, 0)


def _daemon(original: Any) -> Any:
    def setter(self: Any, value: Any) -> None:
        record = current()
        who = caller(2) if record is not None else None
        event = _tell_daemon(record, who, self, value) or 0 if record is not None and who is not None else 0
        try:
            original.fset(self, value)
        except BaseException as error:
            if record is not None:
                record.failed(event, error)
            hide(error)
            raise

    return property(original.fget, setter, original.fdel, original.__doc__)


@safely
def _tell_daemon(record: Record, who: Caller, thing: Any, value: Any) -> int:
    name = process(thing)
    return record.event("SET_DAEMON", name, who, payload=[bool(value)]) if name is not None else 0


def _looked(record: Record, thing: Any, result: Any, event: int) -> None:
    """Tells that the program has seen a process's end without having joined it."""
    if result is False or _is_over(thing):
        _tell_noticed(record, thing, True)


@safely
def _tell_noticed(record: Record, thing: Any, over: bool) -> None:
    name = process(thing)
    if name is None:
        return
    if (name, "noticed") not in record.epochs:
        record.epochs[name, "noticed"] = 1
        record.write("noticed", name)
    if over and (name, "ended") not in record.epochs:
        record.epochs[name, "ended"] = 1
        ended(record, thing)


@safely
def _tell_refused(record: Record, who: Caller | None, thing: Any, error: BaseException) -> None:
    """Tells that a process which was closed has been asked."""
    name = process(thing)
    if name is not None and who is not None:
        record.failed(record.event("QUERY", name, who), error)


def _looks(always: bool) -> Any:
    """What tells that a process has ended: its exit code, or its sentinel, which may be looked at later."""

    def make(original: Any) -> Any:
        def fget(self: Any) -> Any:
            record = current()
            try:
                found = original.fget(self)
            except BaseException as error:
                if record is not None:
                    _tell_refused(record, caller(2), self, error)
                hide(error)
                raise
            if record is not None and (always or found is not None) and caller(2) is not None:
                _tell_noticed(record, self, not always)
            return found

        return property(fget, original.fset, original.fdel, original.__doc__)

    return make


def install(module: Any) -> None:
    """Watches what can be done to a process, and by whom."""
    BaseProcess = module.BaseProcess
    replace(module, "_cleanup", cleaned)
    replace(BaseProcess, "__init__", _made)
    replace(BaseProcess, "_bootstrap", _bootstrapped)
    done(BaseProcess, "start", "START", _startable, _start_facts, _started)
    done(BaseProcess, "join", "JOIN", process, _join_facts, joined, unseen=_reaped)
    done(BaseProcess, "terminate", "TERMINATE", process, end_facts)
    done(BaseProcess, "kill", "KILL", process)
    done(BaseProcess, "close", "CLOSE", process)
    done(BaseProcess, "is_alive", "QUERY", process, None, _looked)
    replace(BaseProcess, "run", _ran)
    for name, always in (("exitcode", False), ("sentinel", True)):
        found = BaseProcess.__dict__[name]
        if found.fget.__name__ != "fget":
            setattr(BaseProcess, name, _looks(always)(found))
    daemon = BaseProcess.__dict__["daemon"]
    if daemon.fset.__name__ != "setter":
        setattr(BaseProcess, "daemon", _daemon(daemon))  # noqa: B010 - a property cannot be assigned by name for mypy
