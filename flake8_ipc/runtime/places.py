"""Where in the user's own code a call stands.

Annotations are evaluated here: where they are texts, a named tuple compiles each, and the first compilation in a process
makes every type of the syntax tree (CPython Lib/typing.py, ``ForwardRef``; Python/Python-ast.c, ``init_types``).
"""

import os
import sys
from collections.abc import Iterator
from itertools import islice
from types import CodeType, FrameType
from typing import NamedTuple

_STANDARD = os.path.dirname(os.__file__) + os.sep
_LIBRARY = (_STANDARD, "<frozen ")
_SITE = (f"{_STANDARD}site-packages{os.sep}", f"{_STANDARD}dist-packages{os.sep}")
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
# Whoever calls through these means the call as their own.
_FRONTS = (f"multiprocessing{os.sep}context.py", f"multiprocessing{os.sep}__init__.py", "contextlib.py")
# Methods that only call another one under their own name.
_ALIASES = frozenset({"get_nowait", "put_nowait"})
# What runs tests: what lies above a test is none of it.
_HOSTS = tuple(f"{os.sep}{name}{os.sep}" for name in ("_pytest", "pluggy", "xdist", "execnet"))
_INNER = (f"{os.sep}multiprocessing{os.sep}", f"{os.sep}concurrent{os.sep}futures{os.sep}", f"{os.sep}threading.py")


class Where(NamedTuple):
    """A piece of a source file: lines from 1, columns from 0 in bytes of UTF-8, as Python's own code positions count."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


class Caller(NamedTuple):
    """Who calls: the code and the instruction of the user's frame, and the frame itself."""

    code: CodeType
    instruction: int
    frame: FrameType


# Numbers of places by the address of the instruction, and the object.
Places = dict[tuple[int, str | None], int]


def address(code: CodeType, instruction: int) -> int:
    """A number that no other instruction has: a code's instructions lie in it (CPython Include/cpython/code.h)."""
    return id(code) + instruction


_USER, _FRONT, _LIBRARY_CODE, _INTERNAL, _HOST = range(5)
_kinds: dict[CodeType, int] = {}


def _kind(code: CodeType) -> int:
    file = code.co_filename
    if file == "<string>" and code.co_names[:1] == ("acquire",) and code.co_name[:3] in ("get", "set"):
        # The accessors that sharedctypes makes by exec (``make_property``).
        return _INTERNAL
    if file.startswith(_OURS) or file.endswith(_FRONTS) or (file == "<string>" and code.co_names[-1:] == ("_callmethod",)):
        # The last are the methods of proxies, which managers make by exec (``MakeProxyType``).
        return _FRONT
    if file.startswith(_LIBRARY) and not file.startswith(_SITE):
        if code.co_name in _ALIASES:
            return _FRONT
        return _INTERNAL if any(part in file for part in _INNER) else _LIBRARY_CODE
    return _HOST if any(part in file for part in _HOSTS) else _USER


def by_coroutine(caller: Caller) -> bool:
    """Whether a call is made by a coroutine, or by what one calls."""
    return any(code.co_flags & _COROUTINES for code, _ in ((caller.code, 0), *outer(caller.frame)))


# CO_COROUTINE and CO_ASYNC_GENERATOR (CPython Include/cpython/code.h).
_COROUTINES = 0x80 | 0x200


def is_user(code: CodeType) -> bool:
    """Whether a code is of the user's own text."""
    return _kind(code) == _USER


def is_inner(code: CodeType) -> bool:
    """Whether a code is of multiprocessing itself, so that what it calls is not the user's call."""
    return _kind(code) == _INTERNAL and code.co_name != "run"


def caller(depth: int = 2) -> Caller | None:
    """The user's frame that a watched call comes from; None where multiprocessing itself makes it."""
    try:
        return above(sys._getframe(depth))
    except ValueError:
        # Called by the interpreter itself: nothing lies above our own frames.
        ours = sys._getframe(1)
        return Caller(ours.f_code, ours.f_lasti, ours)


def above(frame: FrameType | None) -> Caller | None:
    """The same, from a frame on that is known."""
    direct = True
    last: FrameType | None = None
    while frame is not None:
        code = frame.f_code
        kind = _kinds.get(code)
        if kind is None:
            kind = _kinds[code] = _kind(code)
        if kind == _USER:
            return Caller(code, frame.f_lasti, frame)
        if kind == _INTERNAL and direct:
            # What the program hands over to be run by a thread or process: ``Thread(target=queue.get)``.
            return Caller(code, frame.f_lasti, frame) if code.co_name == "run" and code.co_filename.endswith(_RUNNERS) else None
        if kind in (_LIBRARY_CODE, _HOST):
            direct = False
        last, frame = frame, frame.f_back
    # Nobody: the interpreter itself, at its end or for a signal.
    return Caller(last.f_code, last.f_lasti, last) if direct and last is not None else None


def by_library(depth: int = 2) -> bool:
    """Whether the library makes a call for nobody's text that is seen: what a test leaves to ``addCleanup``."""
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None and (kind := _kind(frame.f_code)) == _FRONT:
        frame = frame.f_back
    return frame is not None and kind in (_LIBRARY_CODE, _HOST)


def is_library(path: str) -> bool:
    """Whether a file is none of the user's own."""
    return path.startswith((*_LIBRARY, _OURS)) and not path.startswith(_SITE)


# Whose ``run`` calls what the program has handed over.
_RUNNERS = (f"{os.sep}threading.py", f"futures{os.sep}thread.py", f"multiprocessing{os.sep}process.py")


def direct(depth: int = 2) -> Caller | None:
    """The user's frame that a watched call comes from with nothing between; None where the library makes the call."""
    who = caller(depth + 1)
    return who if who is not None and who.frame is sys._getframe(depth) else None


def asker(depth: int = 2) -> Caller | None:
    """The same of a call that multiprocessing may pass on for the user: the nearest user's frame of this process."""
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None and frame.f_code.co_name not in BEGINS:
        kind = _kinds.get(frame.f_code)
        if kind is None:
            kind = _kinds[frame.f_code] = _kind(frame.f_code)
        if kind == _USER:
            return Caller(frame.f_code, frame.f_lasti, frame)
        frame = frame.f_back
    return None


# Calls that are followed upwards from one place.
_DEEPEST = 12
# What a process or thread begins in: what lies above is another's (CPython Lib/multiprocessing/process.py, Lib/threading.py).
BEGINS = frozenset({"_bootstrap", "_bootstrap_inner"})


def outer(frame: FrameType) -> Iterator[tuple[CodeType, int]]:
    """The user's own calls that led to a frame, innermost first, as far as this process or thread goes back."""
    above = frame.f_back
    for _ in range(_DEEPEST * 4):
        if above is None or above.f_code.co_name in BEGINS:
            return
        kind = _kinds.get(above.f_code)
        if kind is None:
            kind = _kind(above.f_code)
        if kind == _HOST:
            return
        if kind == _USER:
            yield above.f_code, above.f_lasti
        above = above.f_back


def context_of(user: FrameType) -> str | None:
    """The start method of the context through which the user's frame calls now; None for the default one."""
    frame: FrameType | None = sys._getframe(2)
    found = None
    while frame is not None and frame is not user:
        if frame.f_code.co_filename.endswith(_FRONTS[0]) and frame.f_code.co_varnames[:1] == ("self",):
            found = frame.f_locals.get("self")
        frame = frame.f_back
    name = getattr(found, "_name", None)
    return name if isinstance(name, str) else None


def where(code: CodeType, instruction: int) -> Where:
    """The piece of text that an instruction of a code comes from."""
    found = next(islice(code.co_positions(), instruction // 2, None), (None, None, None, None))
    line, end_line, column, end_column = found
    first = line or code.co_firstlineno
    return Where(code.co_filename, first, column or 0, end_line or first, end_column or 0)
