"""Types of ctypes: which of them are addresses, and which have one inside."""

from __future__ import annotations

import libcst as cst

from . import contents
from .attributes import lineage
from .run import Run, calls
from .values import Arguments, Cls, Name, Value

# Types that hold an address, which means nothing in another process (CPython documentation, multiprocessing.sharedctypes).
_POINTERS = frozenset(
    """ctypes.c_char_p ctypes.c_wchar_p ctypes.c_void_p ctypes.py_object ctypes.POINTER ctypes.CFUNCTYPE
    ctypes.PYFUNCTYPE ctypes.wintypes.LPVOID ctypes.wintypes.LPCVOID ctypes.wintypes.LPSTR ctypes.wintypes.LPCSTR
    ctypes.wintypes.LPWSTR ctypes.wintypes.LPCWSTR ctypes.wintypes.HANDLE""".split()
)
# What stands for an array of a type that is no pointer: its elements are not judged.
_ARRAY = Name("ctypes.Array")
_DEPTH = 4


@calls("ctypes.POINTER")
def _pointer(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    return Name("ctypes.POINTER")


@calls("ctypes.CFUNCTYPE", "ctypes.PYFUNCTYPE")
def _function_pointer(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    return Name("ctypes.CFUNCTYPE")


def array_of(value: Value) -> Value | None:
    """``c_int * 8``: an array type; None where the value is no type of ctypes."""
    if isinstance(value, Name) and value.dotted.startswith("ctypes."):
        return value if value.dotted in _POINTERS else _ARRAY
    return value if isinstance(value, Cls) else None


def pointer_in(run: Run, value: Value | None, depth: int = 0) -> str | None:
    """The type of ctypes in this one, or this one itself, that is an address; None where none is known to be."""
    if isinstance(value, Name) and value.dotted in _POINTERS:
        return value.dotted.rpartition(".")[2]
    if not isinstance(value, Cls) or depth > _DEPTH:
        return None
    for base in lineage(value):
        if isinstance(base, Name) and base.dotted in _POINTERS:
            return base.dotted.rpartition(".")[2]
        found = _in_fields(run, base, depth) if isinstance(base, Cls) else None
        if found is not None:
            return found
    return None


def _in_fields(run: Run, cls: Cls, depth: int) -> str | None:
    """The address in a structure's own fields."""
    fields = run.load(cls.key, "_fields_")
    for field in contents.elements(run, fields)[0] or () if fields is not None else ():
        parts = contents.elements(run, field)[0]
        found = pointer_in(run, parts[1], depth + 1) if parts is not None and len(parts) > 1 else None
        if found is not None:
            name = getattr(parts[0], "value", None) if parts else None
            return f"{found} (field {name})" if isinstance(name, str) and "(" not in found else found
    return None
