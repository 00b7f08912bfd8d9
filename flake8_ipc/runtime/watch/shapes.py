"""What a thing that is put is made of, as far as it can be changed: told so that the account need not guess by its text."""

from __future__ import annotations

import copyreg
import sys
from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Any

from ..patch import safely
from ..record import Record

# What is changed in place by its own methods, and where classes derived from these keep to what those do.
_PLAIN = (list, dict, set, bytearray, deque)
_THEIRS = frozenset({"builtins", "collections"})
# What may make of an object something else than its attributes when it is pickled, or when an attribute is set.
_OWN_WAYS = ("__reduce_ex__", "__reduce__", "__getstate__", "__setattr__", "__delattr__", "__getattribute__")
# Parts that are looked at, of each thing, and how deep.
_PARTS, _DEPTH = 8, 2


def shape(thing: Any, depth: int = _DEPTH) -> list[Any] | None:
    """``[kind, file, class, [[key, shape], ...]]`` of what can be changed; None where nothing can.

    The kind is ``plain`` for a list and its like, ``fixed`` for a tuple, ``own`` for an object of a class whose instances are
    pickled by their attributes; the file and class are those of an own one. No code of the program's is run.
    """
    cls = type(thing)
    if issubclass(cls, _PLAIN) and cls.__module__ in _THEIRS:
        kind = "plain"
    elif cls is tuple:
        kind = "fixed"
    elif _by_attributes(cls):
        kind = "own"
    else:
        return None
    inner = [[key, shape(one, depth - 1)] for key, one in islice(_parts(thing, kind), _PARTS)] if depth else []
    parts = [one for one in inner if one[1] is not None]
    if kind == "fixed" and not parts:
        return None
    file = getattr(sys.modules.get(cls.__module__), "__file__", None) if kind == "own" else None
    return [kind, file, cls.__qualname__ if kind == "own" else None, parts]


def _parts(thing: Any, kind: str) -> Iterable[tuple[Any, Any]]:
    if kind == "own":
        return dict.items(object.__getattribute__(thing, "__dict__"))
    if isinstance(thing, dict):
        return ((key, one) for key, one in dict.items(thing) if type(key) in (str, int))
    return enumerate(thing) if isinstance(thing, (list, tuple, deque)) else ()


def _by_attributes(cls: Any) -> bool:
    look = type.__getattribute__
    if not look(cls, "__flags__") & _HEAP or not look(cls, "__dictoffset__") or cls in copyreg.dispatch_table:
        return False
    for name in _OWN_WAYS:
        try:
            found = look(cls, name)
        except AttributeError:
            found = None
        if found is not getattr(object, name, None):
            return False
    return True


# A class that is made by a class statement (CPython Include/object.h, Py_TPFLAGS_HEAPTYPE).
_HEAP = 1 << 9


@safely
def tell_shape(record: Record, event: int, thing: Any) -> None:
    """Tells of an event what it puts."""
    found = shape(thing)
    if found is not None:
        record.write("shape", event, found)
