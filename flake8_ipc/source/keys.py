"""The key by which managers, listeners and clients know each other, where the text itself shows it."""

from __future__ import annotations

import libcst as cst

from ..model import Kind, Shared, Verb
from .run import Run
from .values import Arguments, Const, Value

# Where the key stands among the arguments (CPython Lib/multiprocessing/managers.py, connection.py).
_POSITIONS = {
    "multiprocessing.managers.BaseManager": 1,
    "multiprocessing.managers.SyncManager": 1,
    "multiprocessing.connection.Listener": 3,
    "multiprocessing.connection.Client": 2,
}


def takes_key(dotted: str) -> bool:
    """Whether a library class or function, by its full name, takes an authentication key."""
    return dotted in _POSITIONS


def given(run: Run, dotted: str, args: Arguments) -> None:
    """A call of something that takes a key."""
    found = args.find(_POSITIONS[dotted], "authkey")
    if found is not None:
        key_is(run, found[0], found[1])


def key_is(run: Run, value: Value, node: cst.CSTNode) -> None:
    """This value is taken as the key: an event where it is a constant of the text."""
    if isinstance(value, Const) and isinstance(value.value, bytes):
        run.emit(Verb.SHOW, Shared(Kind.AUTHKEY, run.place(node), "the authkey"), node, "authkey")
