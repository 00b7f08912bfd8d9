"""Shared memory: Value, Array and their raw kin (CPython Lib/multiprocessing/sharedctypes.py)."""

from __future__ import annotations

import ctypes
import itertools
import sys
from typing import Any

from .. import record as records
from ..identity import cell, lock
from ..interruptions import hide
from ..patch import done, replace, safely
from ..places import Places, address, caller
from ..record import Record, current, under
from .rawcells import watch


_failures = itertools.count(1)


def _made(array: bool, raw: bool) -> Any:
    def make(original: Any) -> Any:
        def factory(typecode_or_type: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                thing = original(typecode_or_type, *args, **kwargs)
            except BaseException as error:
                if isinstance(error, (TypeError, ValueError, OverflowError)):
                    safely(_tell_made)(None, typecode_or_type, args, array, raw)
                hide(error)
                raise
            safely(_tell_made)(thing, typecode_or_type, args, array, raw)
            return thing

        return factory

    return make


def _tell_made(thing: Any, typecode: Any, args: tuple[Any, ...], array: bool, raw: bool) -> None:
    record, who = current(), caller(4)
    if record is None or who is None:
        return
    # What could not be made is told too: why is in its arguments.
    name = cell(thing) if thing is not None else f"cell:{record.name}/{next(_failures)}"
    if name is None:
        return
    own = getattr(thing, "_lock", None)
    if thing is not None and own is None:
        watch(thing)
    facts: dict[str, Any] = constant(args[0]) if args else {}
    if args and array and not hasattr(args[0], "__len__") and not isinstance(args[0], (int, float)):
        facts = {"unsized": True}
    record.thing(
        name,
        "ARRAY" if array else "VALUE",
        who,
        typecode=_code(typecode),
        pointer=_pointer(typecode),
        raw=raw,
        lock=lock(own) if own is not None else None,
        length=len(thing) if array and thing is not None else None,
        **facts,
    )


def _code(typecode: Any) -> str:
    """A typecode, or a type as the rules name one."""
    if isinstance(typecode, str):
        return typecode
    name = getattr(typecode, "__name__", "it")
    return f"<type {name}>" if getattr(typecode, "__module__", "") == "builtins" else f"ctypes.{name}"


def _pointer(type_: Any, depth: int = 3) -> str | None:
    """The type in a type that is an address in one process's own memory."""
    name: str | None = getattr(type_, "__name__", None)
    if name in _POINTERS or (isinstance(type_, type) and issubclass(type_, ctypes._Pointer)):
        return name
    fields = (one for cls in getattr(type_, "__mro__", ()) for one in vars(cls).get("_fields_", ()))
    inside = [one[1] for one in fields] or [getattr(type_, "_type_", None)]
    if not depth or isinstance(type_, str):
        return None
    return next((found for one in inside if one is not None and (found := _pointer(one, depth - 1))), None)


_POINTERS = frozenset({"c_char_p", "c_wchar_p", "c_void_p", "py_object"})


def constant(value: Any) -> dict[str, Any]:
    """What is told of a value that a cell is to hold: itself, where it is plain and short."""
    plain = _plain(value)
    return {} if plain is None else {"payload": [plain]}


def _plain(value: Any) -> Any:
    if type(value) in (int, float, bool, str):
        return value if len(repr(value)) < 60 else None
    if type(value) is bytes:
        return {"bytes": value.hex()} if len(value) < 60 else None
    if type(value) in (tuple, list) and len(value) <= _MOST:
        found = [_plain(one) for one in value]
        return None if None in found else found
    return None


_MOST = 64


@safely
def tell(record: Record, verb: str, thing: Any, key: Any, *value: Any, quick: Places | None = None) -> None:
    """Tells an access; ``quick`` notes in which epoch there is nothing new to tell of it."""
    who = caller(4)
    name = cell(thing)
    if who is None or name is None:
        return
    version = record.clock.version
    if quick is not None and who.frame is sys._getframe(3):
        quick[address(who.code, who.instruction), name] = version
    # In one epoch a place says nothing new of the same object and locks.
    span = key.indices(len(thing))[:2] if isinstance(key, slice) and key.step in (None, 1) else None
    again = (verb, name, who.code, who.instruction, key if isinstance(key, int) else span)
    if record.epochs.get(again) == (version, record.sections):
        return
    record.epochs[again] = version, record.sections
    facts: dict[str, Any] = {"key": key} if isinstance(key, int) else {"any": True} if key is not None else {}
    if span is not None:
        facts = {"span": span}
    elif value:
        facts.update(constant(value[0]))
    record.event(verb, name, who, **facts)


def _property(original: property) -> property:
    """The value of a cell. What was told in this epoch is accessed at once, where its lock is free."""
    read: Any = original.fget
    written: Any = original.fset
    reads, writes, frame = under(), under(), sys._getframe

    def fget(self: Any) -> Any:
        record = records.now
        if record is not None:
            try:
                at = frame(1)
            except ValueError:
                at = frame()
            if reads.get((id(at.f_code) + at.f_lasti, self._flake8_ipc)) != record.clock.version:
                tell(record, "READ", self, None, quick=reads)
            elif (free := self._flake8_ipc_lock) is not None and free.acquire(False):
                try:
                    return self._obj.value
                finally:
                    free.release()
        try:
            return read(self)
        except BaseException as error:
            hide(error)
            raise

    def fset(self: Any, value: Any) -> None:
        record = records.now
        if record is not None:
            try:
                at = frame(1)
            except ValueError:
                at = frame()
            if writes.get((id(at.f_code) + at.f_lasti, self._flake8_ipc)) != record.clock.version:
                tell(record, "WRITE", self, None, value, quick=writes)
            elif (free := self._flake8_ipc_lock) is not None and free.acquire(False):
                try:
                    self._obj.value = value
                    return
                except _REFUSED:
                    # Raised once more by what the program knows.
                    pass
                finally:
                    free.release()
        try:
            written(self, value)
        except BaseException as error:
            hide(error)
            raise

    return property(fget, fset)


_REFUSED = (TypeError, ValueError, OverflowError)


def _locked(original: Any) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            original(self, *args, **kwargs)
        except BaseException as error:
            hide(error)
            raise
        self._flake8_ipc_lock = getattr(self._lock, "_semlock", None)

    return __init__


def _item(verb: str) -> Any:
    def make(original: Any) -> Any:
        def access(self: Any, key: Any, *value: Any) -> Any:
            record = current()
            if record is not None:
                tell(record, verb, self, key if isinstance(key, (int, slice)) else "slice", *value)
            try:
                return original(self, key, *value)
            except BaseException as error:
                hide(error)
                raise

        return access

    return make


def _getter(verb: str) -> Any:
    def make(original: Any) -> Any:
        def get(self: Any) -> Any:
            record = current()
            if record is not None:
                tell(record, verb, self, None)
            return original(self)

        return get

    return make


def _own_lock(thing: Any) -> str | None:
    """What ``with counter:`` takes."""
    return lock(thing._lock)


def _exit_facts(thing: Any, *args: Any) -> dict[str, Any]:
    return {}


def install(sharedctypes: Any) -> None:
    """Watches how cells are made and accessed."""
    for name in ("Value", "Array", "RawValue", "RawArray"):
        replace(sharedctypes, name, _made(name.endswith("Array"), name.startswith("Raw")))
    base, array = sharedctypes.SynchronizedBase, sharedctypes.SynchronizedArray
    base._flake8_ipc = base._flake8_ipc_lock = None
    replace(base, "__init__", _locked)
    for cls, name in ((sharedctypes.Synchronized, "value"), (sharedctypes.SynchronizedString, "value")):
        found = cls.__dict__.get(name)
        if isinstance(found, property) and found.fget is not None and found.fget.__name__ != "fget":
            setattr(cls, name, _property(found))
    replace(array, "__getitem__", _item("READ"))
    replace(array, "__setitem__", _item("WRITE"))
    done(base, "__enter__", "ACQUIRE", _own_lock)
    done(base, "__exit__", "RELEASE", _own_lock, _exit_facts)
    replace(base, "get_lock", _getter("GET_LOCK"))
    replace(base, "get_obj", _getter("GET_OBJ"))
