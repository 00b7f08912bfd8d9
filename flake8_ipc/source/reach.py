"""How far values reach: the shared objects in them, and what becomes of those that code takes which cannot be seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..model import Event, Kind, Memory, Shared, Verb
from .run import PLAIN, Run
from .values import (
    BlockName,
    Cls,
    Coll,
    Func,
    Generator,
    Inst,
    Items,
    Many,
    Method,
    OneOf,
    Partial,
    Pid,
    Ref,
    Scope,
    Value,
    View,
)

# Of these it matters since when code that cannot be seen has them.
_FROM_THEN_ON = frozenset({Kind.SUBPROCESS, Kind.STREAM})


def inside(run: Run, value: Value, found: dict[Shared, None]) -> list[Value]:
    """The values directly inside one; shared objects go to ``found``."""
    look = _INSIDE.get(type(value))
    return look(run, value, found) if look is not None else []


def _inside_ref(run: Run, value: Ref, found: dict[Shared, None]) -> list[Value]:
    found[value.shared] = None
    return run.holding(id(value.shared))


def _inside_pid(run: Run, value: Pid, found: dict[Shared, None]) -> list[Value]:
    found[value.shared] = None
    return []


def _inside_inst(run: Run, value: Inst, found: dict[Shared, None]) -> list[Value]:
    if value.shared is not None:
        found[value.shared] = None
    return run.holding(value.key)


def _inside_coll(run: Run, value: Coll, found: dict[Shared, None]) -> list[Value]:
    content = run.content(value)
    rest = [value for value in (content.element, content.keys) if value is not None]
    return [*(content.items or {}).values(), *rest]


def _inside_func(run: Run, value: Func, found: dict[Shared, None]) -> list[Value]:
    return [*([value.bound] if value.bound is not None else ()), *_closed_over(run, value.scope)]


def _inside_generator(run: Run, value: Generator, found: dict[Shared, None]) -> list[Value]:
    return [*value.args.values(), *(part for part in (value.call, value.func) if part is not None)]


# How to look into a value of each kind; in those of other kinds there is nothing, nor in a view.
_INSIDE: dict[type[Value], Callable[[Run, Any, dict[Shared, None]], list[Value]]] = {
    Ref: _inside_ref,
    Pid: _inside_pid,
    Inst: _inside_inst,
    Items: lambda run, value, found: [*(value.items or ()), value.element],
    OneOf: lambda run, value, found: list(value.options),
    Coll: _inside_coll,
    Many: lambda run, value, found: [value.element],
    Partial: lambda run, value, found: [value.func, *value.args, *(item for _, item in value.kwargs)],
    Method: lambda run, value, found: [value.owner],
    Func: _inside_func,
    Generator: _inside_generator,
}

_OWN_PICKLING = ("__getstate__", "__reduce__", "__reduce_ex__", "__getnewargs__")


def pickles_itself(run: Run, value: Inst) -> bool:
    """Whether a class decides, or a base that cannot be seen may decide, what of it is pickled."""
    from .attributes import is_plain_base

    pending: list[Value] = [value.cls]
    while pending:
        base = pending.pop()
        if not isinstance(base, Cls):
            if value.shared is None and not is_plain_base(base):
                return True
            continue
        if any(run.load(base.key, name) is not None for name in _OWN_PICKLING):
            return True
        pending.extend(base.bases)
    return False


def _closed_over(run: Run, scope: Scope | None) -> list[Value]:
    values: list[Value] = []
    while scope is not None and scope.kind == "function":
        values += run.holding(scope.key)
        scope = scope.parent
    return values


def reachable(run: Run, *values: Value, pickled: bool = False, aside: list[Value] | None = None) -> list[Shared]:
    """The shared objects in these values, those inside collections, instances and closures included.

    With ``pickled`` those that go along when the values are pickled: a class may keep some back. What stands for a
    block without being one, its memory or its name, goes to ``aside``.
    """
    found: dict[Shared, None] = {}
    if not run.program.objects and not run.foreign:
        return []
    seen: set[int] = set()
    pending = [value for value in values if type(value) not in PLAIN]
    while pending:
        value = pending.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, (Inst, Coll)):
            if value.key in seen:
                continue
            seen.add(value.key)
        if aside is not None and isinstance(value, (View, BlockName)):
            aside.append(value)
        if pickled and isinstance(value, Inst) and pickles_itself(run, value):
            continue
        pending.extend(inside(run, value, found))
    return list(found)


def expose(run: Run, *values: Value) -> None:
    """These leave for code that cannot be seen, with all that is in them."""
    aside: list[Value] = []
    for shared in reachable(run, *values, aside=aside):
        shared.open = True
        if shared.kind in _FROM_THEN_ON and run.vars is not None:
            run.out.append(Event(Verb.ESCAPE, shared, shared.place, "unknown code", setting=run.setting))
    for value in aside:
        if isinstance(value, View) and isinstance(value.shared, Memory):
            value.shared.origin.lent = True
        elif isinstance(value, BlockName):
            value.shared.open = True
