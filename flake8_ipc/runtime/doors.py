"""How the watch gets into each process: by fork with everything else, by spawn and forkserver as a stowaway.

The preparation data that a spawned child is sent (CPython Lib/multiprocessing/spawn.py, ``get_preparation_data``) may
hold anything that can be pickled; unpickling the stowaway installs the watch before the child imports the program.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from _signal import getsignal  # type: ignore[import-not-found] # without the names for what it gives, which take long
from typing import Any

from .clock import Clock
from .interruptions import hide
from .patch import rebind, replace, safely
from .record import Record, begin, current
from .session import Session
from .stacks import prepare
from .watch import install as watch_every_part


class Stowaway:
    """Installs the watch where it is unpickled; needs nothing importable there, and harms nothing where it cannot."""

    def __init__(self, record: Record) -> None:
        self._session = record.session
        self._known = record.clock.release()
        self._parent = record.name

    def __reduce__(self) -> tuple[Any, ...]:
        session = self._session
        code = f"""
try:
    import sys
    if {session.packages!r} not in sys.path:
        sys.path.append({session.packages!r})
    from flake8_ipc.runtime.doors import enter
    enter({session.folder!r}, {self._parent!r}, {self._known!r})
except Exception:
    pass
"""
        return (exec, (code, {}))


_prepare = safely(prepare)


def _name(moment: int) -> str:
    return f"{os.getpid()}.{moment:x}"


@safely
def enter(folder: str, parent: str | None = None, known: dict[str, int] | None = None) -> None:
    """Begins to watch this process, as one of the session in this folder; once, however often it is asked.

    Where the session is over, it does nothing.
    """
    if current() is not None:
        return
    session = Session.load(f"{folder}/session.json")
    record = Record(session, Clock(_name(time.monotonic_ns()), known), child=parent is not None)
    record.write("process", os.getpid(), parent)
    tell_calm(record)
    if parent is not None:
        record.write("coming")
    begin(record)
    record.showing.append(_prepare)
    # Now, before the program has descriptors of its own: a mapped file keeps one, of the lowest number that is free.
    record.slots.open()
    _install()


def tell_calm(record: Record) -> None:
    """Tells where the only alarm that is caught is that of pytest-timeout, which wakes nobody but to end a test."""
    handlers = [getsignal(one) for one in _ALARMS]
    caught = [one for one in handlers if one not in _NONE]
    if caught and all(getattr(one, "__module__", "") == "pytest_timeout" for one in caught):
        record.write("calm", [int(signal.SIGALRM)])


_NONE = (int(signal.SIG_DFL), int(signal.SIG_IGN), None)
_ALARMS = [int(getattr(signal, name)) for name in ("SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO") if hasattr(signal, name)]


@safely
def told(error: BaseException) -> None:
    """Tells the exception that ends the program."""
    from .watch.processes import tell_raised

    record = current()
    if record is not None:
        tell_raised(record, error)


_installed = False


def _install() -> None:
    global _installed
    if _installed:
        return
    _installed = True
    os.register_at_fork(before=safely(_before_fork), after_in_child=safely(_after_fork))
    watch_every_part({"multiprocessing.spawn": _watch_spawn, "multiprocessing.forkserver": _watch_forkserver})
    # Since Python 3.14 a forkserver has the program imported before its children are told of the watch.
    safely(rebind)()


def _watch_spawn(spawn: Any) -> None:
    replace(spawn, "get_preparation_data", _stow)


def _stow(original: Any) -> Any:
    def get_preparation_data(name: str) -> Any:
        try:
            data = original(name)
        except BaseException as error:
            hide(error)
            raise
        record = current()
        if record is not None:
            data["flake8_ipc"] = Stowaway(record)
        return data

    return get_preparation_data


def _watch_forkserver(forkserver: Any) -> None:
    replace(forkserver.ForkServer, "ensure_running", _preload)


def _preload(original: Any) -> Any:
    """Has a fork server import our own modules once, instead of each of its children: they lie idle there.

    Where they cannot be imported it goes on without (CPython Lib/multiprocessing/forkserver.py, ``main``).
    """

    def ensure_running(self: Any) -> Any:
        names = self._preload_modules
        if current() is not None:
            self._preload_modules = [*names, *(name for name in list(sys.modules) if name.startswith(_OURS))]
        try:
            return original(self)
        except BaseException as error:
            hide(error)
            raise
        finally:
            self._preload_modules = names

    return ensure_running


_OURS = f"{__package__}."

_passed = 0


def _before_fork() -> None:
    global _passed
    record = current()
    if record is not None:
        record.clock.pass_on()
        _passed, record.forked = record.clock.counts[record.name], time.monotonic_ns()


def _after_fork() -> None:
    parent = current()
    if parent is None:
        return
    begin(None)
    # All that is touched here is copied by the kernel, page by page: so nothing of the parent's is let go, nor made anew.
    clock = parent.clock.child(_name(parent.forked), _passed)
    record = Record(parent.session, clock, child=True, ancestor=parent)
    record.say(f'["process", {os.getpid()}, "{parent.name}"]')
    tell_calm(record)
    begin(record)
    record.showing.append(_prepare)
