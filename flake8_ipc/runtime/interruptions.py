"""Exceptions that are not ours though they come up in our code: a signal's handler runs wherever the program stands."""

from __future__ import annotations

import os
import signal
import sys
from traceback import walk_tb
from typing import Any

_OURS = os.path.dirname(__file__) + os.sep
# As the interpreter itself has it: an exception of the program may be frozen, or have an attribute of that name.
_TRACEBACK: Any = vars(BaseException)["__traceback__"]


def by_handler(error: BaseException) -> bool:
    """Whether a signal handler of the program raised it, which the program has to see."""
    codes = {_code(signal.getsignal(number)) for number in signal.valid_signals()} - {None}
    return any(frame.f_code in codes for frame, _ in walk_tb(_TRACEBACK.__get__(error)))


def _code(handler: object) -> object:
    return getattr(getattr(handler, "__func__", handler), "__code__", None)


def hide(error: BaseException) -> None:
    """Takes the frame that catches an exception, and ours below it, out of its traceback; to be followed by a bare ``raise``.

    A bare ``raise`` does not add the frame again (CPython Python/ceval.c, ``exception_unwind``).
    """
    at = _TRACEBACK.__get__(error)
    if at is None or at.tb_frame is not sys._getframe(1):
        return
    while at is not None and at.tb_frame.f_code.co_filename.startswith(_OURS):
        at = at.tb_next
    _TRACEBACK.__set__(error, at)
