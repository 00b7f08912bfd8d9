"""Shared objects without a lock of their own: what RawValue, RawArray and ``lock=False`` give.

They are plain ctypes objects, so each is given a subclass of its own type in its place (CPython Modules/_ctypes lets the
class of an object be replaced by one of the same layout); an array's elements are none of these, and stay as they are.
"""

from __future__ import annotations

import ctypes
import functools
from typing import Any

from ..interruptions import hide
from ..patch import safely
from ..record import current


@functools.cache
def _watched(base: type) -> type | None:
    """The subclass that tells each access; None for what has no single accessor (a structure)."""
    from multiprocessing.reduction import ForkingPickler

    made: type | None = None
    if issubclass(base, ctypes._SimpleCData):
        made = type(base.__name__, (base,), {"value": _property(base), "__module__": base.__module__, "__repr__": _shown})
    elif issubclass(base, ctypes.Array):
        names = {"__getitem__": _item("READ", base), "__setitem__": _item("WRITE", base), "__module__": base.__module__}
        made = type(base.__name__, (base,), names)
    if made is not None:
        ForkingPickler.register(made, _reduced)
    return made


def _shown(self: Any) -> str:
    # As its own type shows itself (CPython Modules/_ctypes/_ctypes.c, ``Simple_repr``).
    base: Any = type(self).__mro__[1]
    return f"{base.__name__}({base.value.__get__(self)!r})"


def _property(base: Any) -> property:
    from .cells import tell

    plain = base.value

    def fget(self: Any) -> Any:
        record = current()
        if record is not None:
            tell(record, "READ", self, None)
        try:
            return plain.__get__(self)
        except BaseException as error:
            hide(error)
            raise

    def fset(self: Any, value: Any) -> None:
        record = current()
        if record is not None:
            tell(record, "WRITE", self, None, value)
        try:
            plain.__set__(self, value)
        except BaseException as error:
            hide(error)
            raise

    return property(fget, fset)


def _item(verb: str, base: Any) -> Any:
    from .cells import tell

    plain = base.__getitem__ if verb == "READ" else base.__setitem__

    def access(self: Any, key: Any, *value: Any) -> Any:
        record = current()
        if record is not None:
            tell(record, verb, self, key if isinstance(key, (int, slice)) else "slice", *value)
        try:
            return plain(self, key, *value)
        except BaseException as error:
            hide(error)
            raise

    return access


@safely
def watch(thing: Any) -> None:
    """Has the accesses to an object without a lock told."""
    cls: Any = type(thing)
    made = _watched(cls)
    if made is not None:
        thing.__class__ = made


def _reduced(thing: Any) -> Any:
    """As ``sharedctypes.reduce_ctype``, by the object's own type."""
    from multiprocessing import sharedctypes

    base: Any = type(thing).__mro__[1]
    _, (type_, wrapper, length) = sharedctypes.reduce_ctype(thing)  # type: ignore[attr-defined]
    return rebuilt, (base if length is None else type_, wrapper, length)


def rebuilt(type_: Any, wrapper: Any, length: int | None) -> Any:
    """The object in a child that was not forked."""
    from multiprocessing import sharedctypes

    thing = sharedctypes.rebuild_ctype(type_, wrapper, length)  # type: ignore[attr-defined]
    watch(thing)
    return thing
