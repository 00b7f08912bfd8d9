"""Attributes: what ``x.name`` stands for, and what ``x.name = value`` does."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import libcst as cst

from ..model import Constant, Kind, Pool, Process, Verb
from . import contents
from .changes import MUTATORS, note_change
from .elements import read_attribute, write_attribute
from .joining import from_values, join, spread
from .keeping import rebound
from .keys import key_is
from .lookup import call_it
from .managers import manager_bases
from .memory import patches_tracker
from .names import canonical
from .project import force, submodule
from .proxies import change_copy, keep
from .reach import expose
from .run import Run
from .values import (
    UNKNOWN,
    Arguments,
    Cls,
    Coll,
    Const,
    Context,
    Data,
    Foreign,
    Func,
    Generator,
    Inst,
    Items,
    Method,
    Name,
    OneOf,
    Partial,
    Ref,
    Super,
    Value,
    View,
    fresh_key,
)

PROCESS_BASES = frozenset(
    {
        "multiprocessing.Process",
        "multiprocessing.SpawnProcess",
        "multiprocessing.ForkProcess",
        "multiprocessing.ForkServerProcess",
    }
)
THREAD_BASES = frozenset({"threading.Thread", "threading.Timer"})


# Bases that bring no behaviour of their own.
_PLAIN_BASES = frozenset({"object", "abc.ABC", "typing.Generic", "typing.Protocol"})


def is_plain_base(base: Value) -> bool:
    """Whether a base class adds nothing but its name."""
    return isinstance(base, Name) and base.dotted in _PLAIN_BASES


def lineage(cls: Cls) -> tuple[Value, ...]:
    """A class and its bases, in the order in which Python asks them; library and unknown bases as they stand.

    One that several descend from comes after them all.
    """
    if not cls.line:
        found = list(_depth_first(cls))
        last = {id(base): index for index, base in enumerate(found)}
        cls.line = tuple(base for index, base in enumerate(found) if last[id(base)] == index)
    return cls.line


def _depth_first(cls: Cls) -> Iterator[Value]:
    yield cls
    for base in cls.bases:
        if isinstance(base, Cls):
            yield from _depth_first(base)
        else:
            yield base


def library_base(cls: Cls) -> str | None:
    """The library class that a class of the text descends from, if it is a process or a thread."""
    for base in lineage(cls):
        if isinstance(base, Name) and base.dotted in PROCESS_BASES | THREAD_BASES:
            return base.dotted
        if isinstance(base, Method) and isinstance(base.owner, Context) and base.name == "Process":
            return "multiprocessing.Process"
    return None


def base_context(cls: Cls) -> str | None:
    """The start method that a class's library base fixes."""
    fixed = {"SpawnProcess": "spawn", "ForkProcess": "fork", "ForkServerProcess": "forkserver"}
    for base in lineage(cls):
        if isinstance(base, Name):
            method = fixed.get(base.dotted.rpartition(".")[2])
            if method:
                return method
        if isinstance(base, Method) and isinstance(base.owner, Context):
            return base.owner.method
    return None


def member(run: Run, cls: Cls, name: str) -> Value | None:
    """A class's attribute, its bases' included."""
    for base in lineage(cls):
        if isinstance(base, Cls):
            value = run.load(base.key, name)
            if value is not None:
                return value
    return None


def get_attribute(run: Run, owner: Value, name: str, node: cst.CSTNode) -> Value:
    """The value of ``owner.name``."""
    if run.copies:
        from .copies import attribute_seen

        attribute_seen(run, owner, name, node)
    look = _LOOKS.get(type(owner))
    return look(run, owner, name, node) if look is not None else UNKNOWN


def _of_one_of(run: Run, owner: OneOf, name: str, node: cst.CSTNode) -> Value:
    found = [get_attribute(run, option, name, node) for option in owner.options]
    return functools.reduce(join, found) if found else UNKNOWN


def _of_super(run: Run, owner: Super, name: str, node: cst.CSTNode) -> Value:
    inherited = _after(run, owner, name)
    return _bound(inherited, owner.inst, owner.cls) if inherited is not None else Method(owner, name)


def _after(run: Run, owner: Super, name: str) -> Value | None:
    """What the next class after one has by a name, in the order of the object's own class: a mixin's base may be there."""
    line = lineage(owner.inst.cls)
    later = line[line.index(owner.cls) + 1 :] if owner.cls in line else lineage(owner.cls)[1:]
    for base in later:
        found = run.load(base.key, name) if isinstance(base, Cls) else None
        if found is not None:
            return found
    return None


def _of_items(run: Run, owner: Items, name: str, node: cst.CSTNode) -> Value:
    named = name in owner.names and owner.items is not None
    return owner.items[owner.names.index(name)] if named and owner.items is not None else Method(owner, name)


def _of_foreign(run: Run, owner: Foreign, name: str, node: cst.CSTNode) -> Value:
    """A name of another file; of a class in it, what that class has."""
    if owner.name is None:
        inside = submodule(owner.path, name)
        return Foreign(inside, None, f"{owner.dotted}.{name}") if inside else Foreign(owner.path, name, owner.dotted)
    found = force(run, owner)
    return get_attribute(run, found, name, node) if found is not None else UNKNOWN


def _of_data(run: Run, owner: Data, name: str, node: cst.CSTNode) -> Value:
    if owner.puts:
        return Method(owner, name) if name in MUTATORS or owner.copy else Data(puts=owner.puts)
    if owner.reads or owner.own or owner.varies or owner.copy:
        return Method(owner, name)
    return UNKNOWN if not owner.anything else Data(anything=True)


def _bound(value: Value, inst: Value, cls: Cls) -> Value:
    if isinstance(value, Func) and value.owner is not None and value.bound is None:
        if "staticmethod" in value.decorators:
            return value
        bound = cls if "classmethod" in value.decorators else inst
        return Func(
            value.node, value.scope, value.name, value.owner, bound, value.nested, value.defaults, value.decorators
        )
    return value


def _of_instance(run: Run, owner: Inst, name: str, node: cst.CSTNode) -> Value:
    stored = run.load(owner.key, name)
    if stored is not None:
        return contents.inherited_from(run, owner.key, name, stored) if owner.inherited else stored
    if name == "__class__":
        return owner.cls
    value = member(run, owner.cls, name)
    if value is not None:
        if isinstance(value, Func) and value.decorators & {"property", "cached_property", "functools.cached_property"}:
            from .calls import call_function

            return call_function(run, _bound(value, owner, owner.cls), Arguments(), node)
        if not isinstance(value, Func):
            return _class_value(run, owner.cls, name, value)
        return _bound(value, owner, owner.cls)
    if owner.shared is not None:
        return _of_shared(run, Ref(owner.shared, owner.inherited), name, node)
    return UNKNOWN


def _class_value(run: Run, cls: Cls, name: str, value: Value) -> Value:
    if run.birth is not None and not cls.local:
        for base in lineage(cls):
            if isinstance(base, Cls) and run.birth.get(base.key, name) is value:
                return contents.inherited(value)
    return value


def _of_class(run: Run, owner: Cls, name: str, node: cst.CSTNode) -> Value:
    value = member(run, owner, name)
    if value is None:
        if name == "register" and manager_bases(owner):
            return Method(owner, name)
        for base in lineage(owner):
            if isinstance(base, Name):
                return Name(canonical(f"{base.dotted}.{name}"))
        return UNKNOWN
    if isinstance(value, Func):
        return _bound(value, owner, owner) if "classmethod" in value.decorators else value
    return _class_value(run, owner, name, value)


def _of_shared(run: Run, owner: Ref, name: str, node: cst.CSTNode) -> Value:
    stored = run.load(id(owner.shared), name)
    if stored is not None:
        stored = contents.inherited_from(run, id(owner.shared), name, stored) if owner.inherited else stored
        return stored if owner.exact else contents.inexact(stored)
    return read_attribute(run, owner, name, node)


def _a_method(run: Run, owner: Value, name: str, node: cst.CSTNode) -> Value:
    return Method(owner, name)


# How to look up an attribute of a value of each kind; of other kinds nothing is known.
_LOOKS: dict[type[Value], Callable[[Run, Any, str, cst.CSTNode], Value]] = {
    **dict.fromkeys((Context, Coll, Const, Generator, Method, Partial), _a_method),
    Data: _of_data,
    Name: lambda run, owner, name, node: Name(canonical(f"{owner.dotted}.{name}")),
    Foreign: _of_foreign,
    Inst: _of_instance,
    Ref: _of_shared,
    View: _of_shared,
    Cls: _of_class,
    OneOf: _of_one_of,
    Super: _of_super,
    Items: _of_items,
}


def set_attribute(run: Run, owner: Value, name: str, value: Value, node: cst.CSTNode) -> None:
    """What ``owner.name = value`` does."""
    call_it(run, value, name)
    note_change(run, owner, node)
    if value is UNKNOWN:
        value = Data(thing=fresh_key())
    keep(value)
    if name == "authkey":
        _key_set(run, owner, value, node)
    several = isinstance(owner, OneOf)
    if not isinstance(value, (Const, Data, Name)):
        contents.keep(run, value)
    for option in spread(owner):
        if isinstance(option, Inst):
            if option.shared is not None:
                _set_on_process(run, option.shared, name, value, node)
            if run.born:
                _changed(run, option, name, value, node, several=several)
            previous = run.load(option.key, name)
            run.store(option.key, name, join(previous, value) if several and previous is not None else value)
            if previous is not None and not several:
                rebound(run, previous, value, node)
        elif isinstance(option, Cls):
            if run.born:
                _changed(run, option, name, value, node, several=several)
            run.store(option.key, name, value)
        elif isinstance(option, Ref):
            _set_on_shared(run, option, name, value, node)
        elif isinstance(option, Super):
            run.store(option.inst.key, name, value)
        elif isinstance(option, Name) and option.dotted == "multiprocessing.this_process":
            free_of_daemon(run)
        elif isinstance(option, Data) and option.copy is not None:
            change_copy(run, option, node, f"{name} =")
        elif not isinstance(option, Const) and not patches_tracker(run, option, node):
            expose(run, value)


def _key_set(run: Run, owner: Value, value: Value, node: cst.CSTNode) -> None:
    current = isinstance(owner, Name) and owner.dotted == "multiprocessing.this_process"
    if current or (isinstance(owner, (Inst, Ref)) and isinstance(owner.shared, Process)):
        key_is(run, value, node)


def _changed(run: Run, owner: Inst | Cls, name: str, value: Value, node: cst.CSTNode, *, several: bool) -> None:
    from .copies import changed

    changed(run, owner.key, name, node, value, exact=not several)


def _set_on_shared(run: Run, owner: Ref, name: str, value: Value, node: cst.CSTNode) -> None:
    if write_attribute(run, owner, name, value, node):
        return
    _set_on_process(run, owner.shared, name, value, node)
    run.store(id(owner.shared), name, value)


def free_of_daemon(run: Run) -> None:
    """``current_process().daemon = False`` or the like: this process is no longer surely a daemon."""
    process = run.role.home.process
    if isinstance(process, Process):
        process.daemon = None
    elif isinstance(process, Pool):
        process.daemonic = False


def _set_on_process(run: Run, shared: object, name: str, value: Value, node: cst.CSTNode) -> None:
    if not isinstance(shared, Process):
        if isinstance(shared, Pool):
            expose(run, value)
        return
    if name == "daemon":
        known = value.value if isinstance(value, Const) else None
        payload = Constant(value.value) if isinstance(value, Const) else None
        run.emit(Verb.SET_DAEMON, shared, node, "daemon", payload=payload)
        if not any(role.process is shared for role in run.program.roles):
            shared.daemon = bool(known) if known is not None else None
    elif name == "run" and shared.kind is Kind.PROCESS:
        shared.run_assigned = True


__all__ = ["PROCESS_BASES", "THREAD_BASES", "from_values", "get_attribute", "library_base", "lineage", "member"]
