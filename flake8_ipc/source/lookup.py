"""Names and targets: what a name stands for here, and what an assignment does to it."""

from __future__ import annotations

import copy
from dataclasses import replace

import libcst as cst

from ..model import Constant, Kind, Process, RoleKind, Verb
from . import contents
from .changes import note_change
from .elements import delete_element, iterated, write_element
from .joining import from_values, join, spread
from .keeping import rebound
from .proxies import change_copy, keep
from .reach import expose
from .run import Run
from .values import (
    PLAIN,
    UNKNOWN,
    Arguments,
    Cls,
    Coll,
    Const,
    Content,
    Data,
    Inst,
    Items,
    Name,
    OneOf,
    Ref,
    Scope,
    Value,
    fresh_key,
)

_CONSTANTS: dict[str, Value] = {"None": Const(None), "True": Const(True), "False": Const(False)}
BUILTINS = frozenset(
    """print len range enumerate zip iter next list tuple set dict frozenset sorted reversed map filter sum min max any
    all isinstance issubclass int float str bytes bytearray bool repr abs round divmod hash id type object super getattr
    setattr hasattr callable open input exit quit ord chr format vars dir pow staticmethod classmethod property
    """.split()
)


def lookup(run: Run, name: str) -> Value:
    """What a name stands for at this point."""
    here = run.frame.scope
    scope: Scope | None = here.module.scope if name in here.globals else here
    load = run.load
    while scope is not None:
        if scope is here or scope.kind != "class":
            value = load(scope.key, name)
            if value is not None:
                return _seen_from(run, scope, name, value)
        scope = scope.parent
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    if name == "__name__":
        return Name("__name__") if here.module.name == "__main__" else Const(here.module.name)
    return Name(name) if name in BUILTINS else UNKNOWN


def _seen_from(run: Run, scope: Scope, name: str, value: Value) -> Value:
    if type(value) is Data and value.copy is not None:
        value.copy.look(run.loops)
    if run.birth is not None and scope.kind == "module" and run.birth.get(scope.key, name) is value:
        return contents.inherited(value)
    return value


def bind(run: Run, name: str, value: Value, node: cst.CSTNode | None = None) -> None:
    """Binds a name in the scope that an assignment here would bind."""
    call_it(run, value, name)
    if value is UNKNOWN:
        value = Data(thing=fresh_key())
    scope = run.frame.scope
    if name in scope.globals:
        scope = scope.module.scope
        if run.program.root.kind is RoleKind.ENTRY:
            # What an entry leaves in a global, other entries find there.
            expose(run, value)
    elif name in scope.nonlocals:
        outer = scope.parent
        while outer is not None and name not in run.held(outer.key) and outer.kind == "function":
            outer = outer.parent
        scope = outer if outer is not None and outer.kind == "function" else scope
    else:
        scope.names.add(name)
    before = run.load(scope.key, name) if node is not None else None
    if run.birth is not None and scope.kind == "module" and run.birth.get(scope.key, name) is value:
        # Bound anew to what it held at birth, as an initializer may do: from now on it is this process's own.
        value = copy.copy(value)
    run.store(scope.key, name, value)
    if node is not None and type(before) is Ref:
        rebound(run, before, value, node)


def call_it(run: Run, value: Value, name: str) -> None:
    """A shared object is called by the first name or attribute that holds it."""
    if isinstance(value, (Ref, Inst)) and value.shared is not None and name not in ("self", "cls"):
        if ("named", value.shared) not in run.made:
            run.made["named", value.shared] = True
            value.shared.name = name


def assign(run: Run, target: cst.CSTNode, value: Value) -> None:
    """Assigns a value to a name, attribute, element or a tuple of them."""
    if type(target) is cst.Name:
        _check_rebinding(run, target, value)
        if run.born:
            from .copies import name_changed

            name_changed(run, target, value)
        bind(run, target.value, value, target)
    elif isinstance(target, (cst.Tuple, cst.List)):
        _unpack(run, target, value)
    elif type(target) is cst.Attribute:
        from .attributes import set_attribute

        set_attribute(run, run.evaluate(target.value), target.attr.value, value, target)
    elif type(target) is cst.Subscript:
        _set_element(run, target, value)
    elif type(target) is cst.StarredElement:
        assign(run, target.value, value)


def _check_rebinding(run: Run, target: cst.Name, value: Value) -> None:
    """``n = 3`` on a parameter that is a shared value: the wrapper is lost, the value unchanged."""
    func = run.frame.func
    held = run.load(run.frame.scope.key, target.value) if func is not None else None
    if func is None or not isinstance(held, Ref) or held.shared.kind is not Kind.VALUE:
        return
    if type(func.node) is not cst.FunctionDef or not isinstance(value, (Const, Data)):
        return
    if isinstance(value, Const) and (value.value is None or isinstance(value.value, (str, bytes))):
        return
    if isinstance(value, Data) and (not value.plain or value.reads):
        return
    if target.value in parameter_names(func.node):
        run.emit(Verb.AS_NUMBER, held.shared, target, "rebinding", exact=held.exact)


def parameter_names(node: cst.FunctionDef | cst.Lambda) -> set[str]:
    """The names of a function's parameters, starred ones left out."""
    params = node.params
    return {param.name.value for param in (*params.posonly_params, *params.params, *params.kwonly_params)}


def _unpack(run: Run, target: cst.Tuple | cst.List, value: Value) -> None:
    if run.copies:
        from .copies import read

        read(run, [value], target)
    items, element, _ = iterated(run, value, target)
    starred = any(type(part) is cst.StarredElement for part in target.elements)
    if items is not None and starred and len(items) >= len(target.elements) - 1:
        _unpack_starred(run, target, items)
        return
    known = items is not None and len(items) == len(target.elements)
    for index, part in enumerate(target.elements):
        one = items[index] if known and items is not None else _piece(run, value, element)
        if type(part) is cst.StarredElement:
            one = contents.make(run, "list", None, one, None)
        assign(run, part.value, one)


def _unpack_starred(run: Run, target: cst.Tuple | cst.List, items: tuple[Value, ...]) -> None:
    star = next(i for i, part in enumerate(target.elements) if type(part) is cst.StarredElement)
    after = len(target.elements) - star - 1
    for index, part in enumerate(target.elements):
        if index < star:
            assign(run, part.value, items[index])
        elif index == star:
            middle = items[star : len(items) - after]
            assign(run, part.value, contents.make(run, "list", dict(enumerate(middle)), None, None))
        else:
            assign(run, part.value, items[index - len(target.elements)])


def _piece(run: Run, value: Value, element: Value) -> Value:
    if isinstance(value, Data):
        if value.copy is not None:
            return Data(reads=value.reads, copy=value.copy)
        return from_values([value], keep=True) if not value.anything else Data(anything=True, reads=value.reads)
    return contents.inexact(element)


def _set_element(run: Run, target: cst.Subscript, value: Value) -> None:
    from .expressions import index_of
    owner = run.evaluate(target.value)
    index = index_of(run, target)
    change_copy(run, owner, target, "[] =")
    note_change(run, owner, target)
    keep(value)
    if run.born:
        from .copies import collection_changed

        collection_changed(run, owner, target, index)
    for option in spread(owner):
        if isinstance(option, Coll):
            set_item(run, option, index, value)
        elif isinstance(option, Ref):
            write_element(run, option if option is owner else replace(option, exact=False), index, value, target)
        elif isinstance(option, Inst):
            from .calls import call_method
            call_method(run, option, "__setitem__", Arguments([(index, target), (value, target)]), target)
        elif isinstance(option, Name) and option.dotted.startswith("multiprocessing.this_process."):
            from .attributes import free_of_daemon

            free_of_daemon(run)
        elif not isinstance(option, (Items, Cls)):
            expose(run, value)


def set_item(run: Run, coll: Coll, index: Value, value: Value) -> None:
    """``coll[index] = value`` of a plain collection."""
    if isinstance(index, Const) and coll.kind == "dict":
        contents.add(run, coll, index.value, value, keyed=True)
    elif isinstance(index, Const) and isinstance(index.value, int) and _has(run, coll, index.value):
        contents.add(run, coll, index.value, value, keyed=True)
    else:
        _set_somewhere(run, coll, index, value)


def _set_somewhere(run: Run, coll: Coll, index: Value, value: Value) -> None:
    """``d[key] = value`` with a key that is not known."""
    contents.add(run, coll, None, value, keyed=False)
    if coll.kind == "list":
        contents.forget_order(run, coll)
    elif isinstance(index, (Ref, Inst, OneOf)):
        content = run.content(coll)
        keys = index if content.keys is None else join(content.keys, index)
        run.store(coll.key, "", Content(content.items, content.element, content.count, keys))


def _has(run: Run, coll: Coll, index: int) -> bool:
    items = run.content(coll).items
    return items is not None and index in items


def delete(run: Run, target: cst.CSTNode) -> None:
    """``del name``: a pipe end whose name goes is dropped."""
    if type(target) is cst.Name:
        value = lookup(run, target.value)
        for end in contents.ends_in(value):
            run.emit(Verb.DROP, end, target, f"del {target.value}", exact=isinstance(value, Ref) and value.exact)
        if run.vars is not None:
            run.vars.drop(run.frame.scope.key, target.value)
            rebound(run, value, UNKNOWN, target)
    elif isinstance(target, (cst.Tuple, cst.List)):
        for part in target.elements:
            delete(run, part.value)
    elif type(target) is cst.Attribute:
        note_change(run, run.evaluate(target.value), target)
    elif type(target) is cst.Subscript:
        _delete_element(run, target)


def _delete_element(run: Run, target: cst.Subscript) -> None:
    from .expressions import index_of
    owner = run.evaluate(target.value)
    index = index_of(run, target)
    change_copy(run, owner, target, "del []")
    note_change(run, owner, target)
    for option in spread(owner):
        if isinstance(option, Coll):
            contents.forget_order(run, option)
        elif isinstance(option, Ref):
            delete_element(run, option, index, target)


def constant(value: Value) -> Constant | None:
    """A known value in the model's words."""
    return Constant(value.value) if isinstance(value, Const) else None


__all__ = ["PLAIN", "Process", "assign", "bind", "constant", "delete", "lookup", "parameter_names"]
