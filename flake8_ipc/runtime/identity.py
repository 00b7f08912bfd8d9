"""What an object is called in every process: by what the kernel calls it, so that nothing has to travel with it."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType, MethodType, ModuleType
from typing import Any

# Where an object keeps its name once it is known: descriptors may be closed before the object is used last.
MARK = "_flake8_ipc"


def _kept(thing: Any, name: str) -> str:
    try:
        setattr(thing, MARK, name)
    except AttributeError:
        pass
    return name


def end(connection: Any) -> str | None:
    """An end of a pipe: the inode behind its descriptor, and its direction (both ends of a one-way pipe share one)."""
    found: str | None = getattr(connection, MARK, None)
    if found is not None:
        return found
    try:
        inode = os.fstat(connection.fileno()).st_ino
    except (OSError, ValueError):
        return None
    way = f"{'r' if connection.readable else ''}{'w' if connection.writable else ''}"
    return _kept(connection, f"end:{inode}:{way}")


def queue(thing: Any) -> str | None:
    """A queue: its pipe."""
    found: str | None = getattr(thing, MARK, None)
    if found is not None:
        return found
    try:
        return _kept(thing, f"queue:{os.fstat(thing._reader.fileno()).st_ino}")
    except (OSError, ValueError, AttributeError):
        return None


def lock(thing: Any) -> str | None:
    """A lock or semaphore by the number of its semaphore; what is built of several by the one that is its own."""
    inner = getattr(thing, "_flag", None) or getattr(thing, "_sleeping_count", None)
    if inner is None and hasattr(thing, "_cond"):
        inner = thing._cond._sleeping_count
    if inner is None:
        return getattr(thing, MARK, None)
    found = getattr(inner, MARK, None)
    return f"{type(thing).__name__.lower()}:{found}" if found is not None else None


def cell(thing: Any) -> str | None:
    """A Value or Array: the block of the heap that it lies in."""
    found: str | None = getattr(thing, MARK, None)
    if found is not None:
        return found
    inner = getattr(thing, "_obj", thing)
    try:
        (arena, start, _), _ = inner._wrapper._state
        return _kept(thing, f"cell:{os.fstat(arena.fd).st_ino}:{start}")
    except (OSError, ValueError, AttributeError, TypeError):
        return None


def process(thing: Any) -> str | None:
    """A process object: named when it is made, and the name travels with it."""
    return getattr(thing, MARK, None)


def named(value: Any) -> str | None:
    """The name of a shared object, whatever it is; None for anything else."""
    if type(value) in _NEVER:
        return None
    for module, names, identify in (*_CLASSES, *_more):
        loaded = sys.modules.get(module)
        if loaded is not None and isinstance(value, tuple(getattr(loaded, name) for name in names if hasattr(loaded, name))):
            return identify(value)
    return None


def reachable(value: Any) -> Iterator[str]:
    """The names of the shared objects in a value, those in containers and plain objects included, some levels deep."""
    return (name for name, _ in things(value))


def bare(value: Any, depth: int = 3) -> Iterator[str]:
    """The names of those that no object of the program's own classes holds."""
    name = named(value)
    if name is not None:
        yield name
    elif depth and isinstance(value, (list, tuple, set, frozenset, dict, functools.partial)):
        for inside in _inside(value):
            yield from bare(inside, depth - 1)


def things(value: Any, depth: int = 3) -> Iterator[tuple[str, Any]]:
    """The same, with the objects themselves."""
    name = named(value)
    if name is not None:
        yield name, value
    elif depth:
        for inside in _inside(value):
            yield from things(inside, depth - 1)


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)[:_MOST]
    if isinstance(value, dict):
        return list(value.values())[:_MOST]
    if isinstance(value, functools.partial):
        return [value.func, *value.args, *value.keywords.values()]
    if isinstance(value, MethodType):
        return [value.__self__]
    if type(value).__module__ in ("builtins", "multiprocessing.context") or isinstance(value, (type, ModuleType)):
        return ()
    return list(getattr(value, "__dict__", {}).values())[:_MOST]


def mark(thing: Any) -> str | None:
    """What an object was named when it was made."""
    try:
        # A proxy would ask its server for an attribute that it does not have.
        found: str | None = object.__getattribute__(thing, MARK)
    except AttributeError:
        return None
    return found


def also(module: str, names: tuple[str, ...], identify: Callable[[Any], str | None]) -> None:
    """Tells what more classes are shared objects, and how those are named."""
    if (module, names, identify) not in _more:
        _more.append((module, names, identify))


# Most of what is handed over: none of these is ever a shared object.
_NEVER = frozenset({bool, bytes, dict, float, frozenset, int, list, set, str, tuple, type, type(None), FunctionType})

# Elements looked at in one container: arguments that hold more hold data.
_MOST = 64

_CLASSES: tuple[tuple[str, tuple[str, ...], Callable[[Any], str | None]], ...] = (
    ("multiprocessing.queues", ("Queue", "SimpleQueue"), queue),
    ("multiprocessing.connection", ("_ConnectionBase",), end),
    ("multiprocessing.process", ("BaseProcess",), process),
    ("multiprocessing.synchronize", ("SemLock", "Condition", "Event", "Barrier"), lock),
    ("multiprocessing.sharedctypes", ("SynchronizedBase",), cell),
    # A raw one is an object of ctypes, told from others by the block that it lies in.
    ("ctypes", ("_SimpleCData", "Array", "Structure", "Union"), cell),
)
_more: list[tuple[str, tuple[str, ...], Callable[[Any], str | None]]] = []
