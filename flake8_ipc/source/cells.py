"""Shared memory: how a Value or Array is made, and what its typecode is called."""

from __future__ import annotations

import libcst as cst

from ..model import Cell, Constant, Kind, Lock, Shared, Verb
from . import contents
from .ctypes_ import pointer_in
from .made import made
from .run import Run
from .values import Arguments, Cls, Coll, Const, Generator, Items, Name, Ref, Value

# Types that a beginner hands over where a typecode belongs.
_PYTHON_TYPES = frozenset({"int", "float", "str", "bytes", "bool", "list", "dict", "tuple", "set", "bytearray", "object"})


def typecode_of(value: Value | None) -> str | None:
    """The typecode as written, ``ctypes.c_int`` for a type of ctypes, ``<type int>`` for one of Python's own."""
    if isinstance(value, Const) and isinstance(value.value, str):
        return value.value
    if isinstance(value, Name):
        if value.dotted in _PYTHON_TYPES:
            return f"<type {value.dotted}>"
        return value.dotted if value.dotted.startswith("ctypes.") else None
    if isinstance(value, Cls):
        return "ctypes.Structure"
    return None


def make_cell(run: Run, name: str, args: Arguments, node: cst.CSTNode, method: str | None) -> Value:
    """``Value``, ``Array`` and their raw kin (CPython Lib/multiprocessing/sharedctypes.py)."""
    array, raw = name.endswith("Array"), name.startswith("Raw")
    kind = Kind.ARRAY if array else Kind.VALUE
    place = run.place(node)
    typecode = typecode_of(args.get(0, "typecode_or_type"))
    lock = None if raw else _own_lock(run, args, node, method)
    cell: Cell = made(
        run, node, name, lambda: Cell(kind, place, context=method, typecode=typecode, raw=raw, lock=lock)
    )
    cell.pointer = pointer_in(run, args.get(0, "typecode_or_type"))
    initial = args.get(1, "size_or_initializer" if array else "value")
    payload, cell.length = _array_start(run, initial) if array else (_constant(initial), None)
    unsized = array and (
        isinstance(initial, Generator) or (isinstance(initial, Coll) and initial.kind == "generator")
    )
    run.emit(Verb.CREATE, cell, node, "unsized" if unsized else name, payload=payload)
    return Ref(cell)


def _own_lock(run: Run, args: Arguments, node: cst.CSTNode, method: str | None) -> Lock | None:
    given = args.get(None, "lock")
    if isinstance(given, Const) and given.value is False:
        return None
    if isinstance(given, Ref) and isinstance(given.shared, Lock):
        return given.shared
    place = run.place(node)
    lock: Lock = made(run, node, "own lock", lambda: Lock(Kind.RLOCK, place, "its lock", context=method))
    return lock


def _constant(value: Value | None) -> Constant | None:
    return Constant(value.value) if isinstance(value, Const) else None


def _array_start(run: Run, value: Value | None) -> tuple[Constant | None, int | None]:
    """What an array starts with: its known elements or its size."""
    if isinstance(value, Const):
        size = value.value if isinstance(value.value, int) else None
        return Constant(value.value), size
    if isinstance(value, (Items, Coll)):
        items, _, count = contents.elements(run, value)
        if items is not None:
            known = tuple(item.value for item in items if isinstance(item, Const))
            return Constant(known) if len(known) == len(items) else None, len(items)
        return None, count.exact if count is not None else None
    return None, None


def managed_cell(run: Run, name: str, args: Arguments, node: cst.CSTNode, manager: Shared) -> Value:
    """A manager's ``Value`` or ``Array``: a proxy without a lock of its own."""
    array = name == "Array"
    place = run.place(node)
    typecode = typecode_of(args.get(0, "typecode"))
    cell: Cell = made(
        run,
        node,
        name,
        lambda: Cell(Kind.ARRAY if array else Kind.VALUE, place, manager=manager, typecode=typecode),
    )
    initial = args.get(1, "sequence" if array else "value")
    payload, cell.length = _array_start(run, initial) if array else (_constant(initial), None)
    run.emit(Verb.CREATE, cell, node, name, payload=payload)
    return Ref(cell)
