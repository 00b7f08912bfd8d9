"""Children of ``subprocess``, their pipes and their ends (CPython Lib/subprocess.py)."""

from __future__ import annotations

import array
import itertools
import os
import threading
import weakref
from typing import Any

from ..identity import MARK, mark
from ..interruptions import hide
from ..patch import done, replace, safely, waiting
from ..places import direct
from ..record import Record, current
from ..slots import Wait
from .processes import outside
from .streams import watch
from .waits import Told, around

_numbers = itertools.count(1)
_PIPES = ("stdin", "stdout", "stderr")
_PIPE = -1
# The children of this process, by their names.
_children: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()


def _made(original: Any) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        who = direct(2) if current() is not None else None
        try:
            original(self, *args, **kwargs)
        except BaseException as error:
            hide(error)
            raise
        if who is not None:
            safely(_tell_made)(self, outside(self, who), args, kwargs)

    return __init__


def _tell_made(self: Any, who: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    record = current()
    if record is None:
        return
    name = f"child:{record.name}/{next(_numbers)}"
    setattr(self, MARK, name)
    size = args[1] if len(args) > 1 else kwargs.get("bufsize", -1)
    pipes = []
    for which in _PIPES:
        stream = getattr(self, which)
        found = watch(stream, f"{name}:{which}", size if isinstance(size, int) else -1) if stream is not None else None
        if found is not None:
            setattr(self, which, found)
            pipes.append(which)
    record.thing(name, "SUBPROCESS", who, called=name, pipes=pipes, whole=False, detached=_detached(kwargs), pid=self.pid)
    _children[name] = self
    for given in (kwargs.get(which) for which in _PIPES):
        other = mark(given)
        if other is not None and other.startswith("child:"):
            # The pipe of another child: this one reads or writes it from now on.
            record.event("ESCAPE", other, who)
    if _left not in record.closing:
        record.closing.append(_left)


def _detached(kwargs: dict[str, Any]) -> bool:
    """Whether it is to outlive us, by a session or a group of processes of its own."""
    return bool(kwargs.get("start_new_session")) or kwargs.get("preexec_fn") in (os.setsid, os.setpgrp)


def _called(original: Any) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        if current() is not None:
            safely(_tell_call)(args, kwargs, direct(2))
        try:
            return original(*args, **kwargs)
        except BaseException as error:
            hide(error)
            raise

    return call


def _tell_call(args: tuple[Any, ...], kwargs: dict[str, Any], who: Any) -> None:
    record = current()
    if record is None or who is None:
        return
    given = {which: kwargs.get(which, args[3 + at] if len(args) > 3 + at else None) for at, which in enumerate(_PIPES)}
    name = f"child:{record.name}/{next(_numbers)}"
    pipes = [which for which, one in given.items() if one == _PIPE]
    record.thing(name, "SUBPROCESS", who, called=name, pipes=pipes, whole=True)
    record.event("WAIT", name, who, **waiting(True, kwargs.get("timeout")))


# -- waits


def _ends(child: Any, timeout: Any = None) -> Told:
    """The wait itself, whoever waits: for good, where there is no timeout."""
    return (Wait.EXIT, child.pid) if timeout is None and child.returncode is None else None


def _wait_facts(thing: Any, timeout: Any = None) -> dict[str, Any]:
    return waiting(True, timeout)


def _communicate_facts(thing: Any, input: Any = None, timeout: Any = None) -> dict[str, Any]:
    return waiting(True, timeout)


def _waited(record: Record, thing: Any, result: Any, event: int) -> None:
    """Tells what lay in the child's pipes when it had ended: nobody was there to read it."""
    if event and thing.returncode is not None and threading.active_count() == 1:
        found = [which for which in _PIPES[1:] if _lies_unread(getattr(thing, which))]
        if found:
            record.write("unread", event, found)


def _lies_unread(stream: Any) -> bool:
    """Whether a pipe that only this process can read from holds something."""
    import fcntl
    import termios

    from ..monitor import kernel

    if stream is None or stream.closed or mark(stream) is None:
        return False
    count = array.array("i", [0])
    fcntl.ioctl(stream.fileno(), termios.FIONREAD, count)
    if not count[0]:
        return False
    readers = kernel.holders().readers.get(os.fstat(stream.fileno()).st_ino, set())
    return readers == {os.getpid()}


def _left(record: Record) -> None:
    """Tells the children that are still alive when this process comes to its end."""
    from ..monitor import kernel

    for name, child in list(_children.items()):
        if child.returncode is None and os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            record.write("left", name, child.pid, kernel.began(child.pid))


def _signalled(original: Any) -> Any:
    """``os.kill`` and ``os.killpg``, where they mean a child."""

    def kill(pid: Any, number: Any) -> Any:
        if current() is not None:
            safely(_tell_signalled)(pid, direct(2))
        try:
            return original(pid, number)
        except BaseException as error:
            hide(error)
            raise

    return kill


def _tell_signalled(pid: Any, who: Any) -> None:
    record = current()
    if record is None or who is None:
        return
    for name, child in list(_children.items()):
        if child.pid == pid:
            record.event("TERMINATE", name, who)


def install(subprocess: Any) -> None:
    """Watches children and what is done to them."""
    popen = subprocess.Popen
    replace(popen, "__init__", _made)
    replace(popen, "wait", around(_ends))
    done(popen, "wait", "WAIT", mark, _wait_facts, _waited, who_calls=direct)
    done(popen, "communicate", "JOIN", mark, _communicate_facts, who_calls=direct)
    done(popen, "__exit__", "JOIN", mark, _exit_facts, who_calls=direct)
    done(popen, "poll", "POLL", mark, None, _waited, who_calls=direct)
    done(popen, "kill", "KILL", mark, who_calls=direct)
    done(popen, "terminate", "TERMINATE", mark, who_calls=direct)
    done(popen, "send_signal", "TERMINATE", mark, who_calls=direct)
    for name in ("call", "check_call"):
        replace(subprocess, name, _called)
    for name in ("kill", "killpg"):
        replace(os, name, _signalled)


def _exit_facts(thing: Any, *args: Any) -> dict[str, Any]:
    return {}
