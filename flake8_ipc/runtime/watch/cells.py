"""Shared memory: Value, Array and their raw kin (CPython Lib/multiprocessing/sharedctypes.py)."""

from __future__ import annotations

from typing import Any

from ..identity import cell, lock
from ..patch import replace, safely
from ..places import caller
from ..record import Record, current


def _made(array: bool, raw: bool) -> Any:
    def make(original: Any) -> Any:
        def factory(typecode: Any, *args: Any, **kwargs: Any) -> Any:
            thing = original(typecode, *args, **kwargs)
            safely(_tell_made)(thing, typecode, array, raw)
            return thing

        return factory

    return make


def _tell_made(thing: Any, typecode: Any, array: bool, raw: bool) -> None:
    record, who = current(), caller(4)
    name = cell(thing)
    if record is None or who is None or name is None:
        return
    own = getattr(thing, "_lock", None)
    record.thing(
        name,
        "ARRAY" if array else "VALUE",
        who,
        typecode=typecode if isinstance(typecode, str) else f"ctypes.{getattr(typecode, '__name__', '')}",
        raw=raw,
        lock=lock(own) if own is not None else None,
        length=len(thing) if array else None,
    )


@safely
def _tell(record: Record, verb: str, thing: Any, key: Any) -> None:
    who = caller(4)
    name = cell(thing)
    if who is None or name is None:
        return
    # In one epoch a place says nothing new of the same object and locks.
    again = (verb, name, who.code, who.instruction, key if isinstance(key, int) else None)
    if record.epochs.get(again) == record.clock.version:
        return
    record.epochs[again] = record.clock.version
    facts = {"key": key} if isinstance(key, int) else {"any": True} if key is not None else {}
    record.event(verb, name, who, **facts)


def _property(original: property) -> property:
    read, written = original.fget, original.fset

    def fget(self: Any) -> Any:
        record = current()
        if record is not None:
            _tell(record, "READ", self, None)
        return read(self)  # type: ignore[misc]

    def fset(self: Any, value: Any) -> None:
        record = current()
        if record is not None:
            _tell(record, "WRITE", self, None)
        written(self, value)  # type: ignore[misc]

    return property(fget, fset)


def _item(verb: str) -> Any:
    def make(original: Any) -> Any:
        def access(self: Any, key: Any, *value: Any) -> Any:
            record = current()
            if record is not None:
                _tell(record, verb, self, key if isinstance(key, int) else "slice")
            return original(self, key, *value)

        return access

    return make


def _getter(verb: str) -> Any:
    def make(original: Any) -> Any:
        def get(self: Any) -> Any:
            record = current()
            if record is not None:
                _tell(record, verb, self, None)
            return original(self)

        return get

    return make


def install() -> None:
    """Watches how cells are made and accessed."""
    from multiprocessing import sharedctypes

    for name in ("Value", "Array", "RawValue", "RawArray"):
        replace(sharedctypes, name, _made(name.endswith("Array"), name.startswith("Raw")))
    base, array = sharedctypes.SynchronizedBase, sharedctypes.SynchronizedArray
    for cls, name in ((sharedctypes.Synchronized, "value"), (sharedctypes.SynchronizedString, "value")):
        found = cls.__dict__.get(name)
        if isinstance(found, property) and found.fget is not None and found.fget.__name__ != "fget":
            setattr(cls, name, _property(found))
    replace(array, "__getitem__", _item("READ"))
    replace(array, "__setitem__", _item("WRITE"))
    replace(base, "get_lock", _getter("GET_LOCK"))
    replace(base, "get_obj", _getter("GET_OBJ"))
