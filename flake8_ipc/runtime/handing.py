"""What a process or task is handed, told in plain values: the callable, the arguments, what is wrong with them."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from types import FunctionType, MethodType
from typing import Any

from .identity import bare, reachable


_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep


def _own(value: Any) -> Any:
    """What the program handed over: the method of a lock, where one of ours stands in its place."""
    if isinstance(value, functools.partial) and isinstance(value.func, FunctionType):
        return value.args[0] if value.func.__code__.co_filename.startswith(_OURS) else value
    return value


def callee(target: Any) -> dict[str, Any]:
    """What is to be run: its sort, where it is defined, what it takes."""
    target = _own(target)
    told: dict[str, Any] = {"kind": _sort(target), "name": getattr(target, "__qualname__", None) or repr(target)[:60]}
    if not isinstance(target, FunctionType):
        told["shared"] = list(dict.fromkeys(reachable(target)))
        told["within"] = within(target)
    fault = fault_of(target)
    if fault is not None:
        told["fault"] = fault
    definition = defined(target.func if isinstance(target, functools.partial) else target)
    if definition is not None:
        told["definition"] = definition
    signature = _signature(target)
    if signature is not None:
        told["signature"] = signature
    return told


def defined(function: Any) -> list[Any] | None:
    """The file in which a function or method is defined, and the line; None where it is no Python function."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return [code.co_filename, code.co_firstlineno] if code is not None else None


def _sort(target: Any) -> str:
    if target is None:
        return "NONE"
    if isinstance(target, functools.partial):
        return "PARTIAL"
    if isinstance(target, MethodType):
        return "METHOD"
    if isinstance(target, FunctionType):
        if target.__name__ == "<lambda>":
            return "LAMBDA"
        return "NESTED" if "<locals>" in target.__qualname__ else "FUNCTION"
    return ("UNKNOWN" if isinstance(target, type) else "INSTANCE") if callable(target) else "NOT_CALLABLE"


def fault_of(value: Any, depth: int = 3) -> str | None:
    """Why a value cannot be pickled, as far as its own shape tells."""
    value = _own(value)
    if isinstance(value, FunctionType):
        if value.__name__ == "<lambda>":
            return "LAMBDA"
        return "NESTED" if "<locals>" in value.__qualname__ else None
    if isinstance(value, functools.partial):
        return _first([value.func, *value.args, *value.keywords.values()], depth)
    if isinstance(value, MethodType):
        return fault_of(value.__self__, depth)
    if isinstance(value, (list, tuple, set)):
        return _first(list(value)[:64], depth)
    if isinstance(value, dict):
        return _first(list(value.values())[:64], depth)
    cls = value if isinstance(value, type) else type(value)
    own = any(name in one.__dict__ for one in cls.__mro__[:-1] for name in ("__reduce__", "__reduce_ex__"))
    return "LOCAL_CLASS" if not own and "<locals>" in cls.__qualname__ else None


def _first(values: Sequence[Any], depth: int) -> str | None:
    return next((fault for value in values if depth and (fault := fault_of(value, depth - 1))), None)


def _signature(target: Any) -> dict[str, Any] | None:
    """What a callable takes itself, whatever it wraps; None where that cannot be known."""
    if type(target) is FunctionType:
        return _of_function(target)
    if isinstance(target, type) and not any(one.__flags__ & _HEAP or one.__text_signature__ for one in target.__mro__[:-1]):
        return None
    # A large module, which few programs have need of.
    import inspect

    try:
        parameters = inspect.signature(target, follow_wrapped=False).parameters.values()
    except (TypeError, ValueError):
        return None
    plain = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    named = [one for one in parameters if one.kind is one.KEYWORD_ONLY]
    return {
        "positional": [one.name for one in plain],
        "positional_only": sum(one.kind is one.POSITIONAL_ONLY for one in plain),
        "defaults": sum(one.default is not one.empty for one in plain),
        "keyword_only": [one.name for one in named],
        "keyword_required": [one.name for one in named if one.default is one.empty],
        "star": any(one.kind is one.VAR_POSITIONAL for one in parameters),
        "star_star": any(one.kind is one.VAR_KEYWORD for one in parameters),
    }


def _of_function(target: FunctionType) -> dict[str, Any]:
    """The same of a plain function, from its code."""
    code = target.__code__
    count, last = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    named = list(code.co_varnames[count:last])
    return {
        "positional": list(code.co_varnames[:count]),
        "positional_only": code.co_posonlyargcount,
        "defaults": len(target.__defaults__ or ()),
        "keyword_only": named,
        "keyword_required": [one for one in named if one not in (target.__kwdefaults__ or ())],
        "star": bool(code.co_flags & _STAR),
        "star_star": bool(code.co_flags & _STAR_STAR),
    }


# CO_VARARGS, CO_VARKEYWORDS, Py_TPFLAGS_HEAPTYPE (CPython Include/cpython/code.h, Include/object.h).
_STAR, _STAR_STAR, _HEAP = 0x4, 0x8, 1 << 9


def handover(target: Any, args: Any, kwargs: Any) -> dict[str, Any]:
    """The whole of it. A single value where a sequence of arguments belongs is told as what it is."""
    told: dict[str, Any] = {"callee": callee(target)}
    sequence, text = _is_a(Sequence, args), isinstance(args, (str, bytes, bytearray))
    if text or not (sequence or _iterates(args)):
        told["not_a_sequence"] = True
        return told
    given = [(None, value) for value in tuple(args)] if sequence else []
    mapping = _is_a(Mapping, kwargs)
    if mapping:
        given += list(kwargs.items())
    told["arguments"] = [_argument(keyword, value) for keyword, value in given[:64]]
    told["complete"] = sequence and mapping and len(given) <= 64
    return told


def _is_a(kind: type, value: Any) -> bool:
    """Whether a value is of an abstract class, which most are by their own."""
    return type(value) in _CONCRETE[kind] or isinstance(value, kind)


_CONCRETE: dict[type, tuple[type, ...]] = {Sequence: (tuple, list), Mapping: (dict,)}


def _iterates(value: Any) -> bool:
    return hasattr(type(value), "__iter__")


def _argument(keyword: Any, value: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"shared": list(dict.fromkeys(reachable(value))), "thread_only": of_threads(value)}
    told["within"] = within(value) if told["shared"] else []
    if keyword is not None:
        told["keyword"] = str(keyword)
    fault = fault_of(value)
    if fault is not None:
        told["fault"] = fault
    return told


def within(value: Any) -> list[str]:
    """The names of the shared objects that only an object of the program's own classes holds."""
    return sorted(set(reachable(value)) - set(bare(value)))


def of_threads(value: Any) -> str | None:
    """The class of an object that only threads can share (``queue.Queue``, a lock of ``threading``), else None."""
    module = _THREAD_MODULES.get(type(value).__module__)
    return f"{module}.{type(value).__name__}" if module is not None else None


_THREAD_MODULES = {"queue": "queue", "_queue": "queue", "threading": "threading", "_thread": "threading"}
