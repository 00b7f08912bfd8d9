"""Plain data that crosses into a child: the child changes a copy of its own, and its parent never sees it.

Where a child changes a name, an attribute or a collection that was there before the child was, that variable comes to
be known as an object; from then on its ancestors' reads of it are events, as long as they still hold what they held
when the child began. Nothing is done for programs in which no child changes anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import libcst as cst

from ..model import Constant, Key, Kind, Role, Shared, Verb
from . import contents
from .attributes import lineage
from .joining import spread
from .run import Run
from .values import PLAIN, UNKNOWN, Cls, Coll, Const, Inst, Items, Many, Ref, Scope, Value

# Methods of lists, sets and dicts that put something into them or set it right, and those that take something out: what
# a child takes from its copy is its own affair.
CHANGES = frozenset("append extend insert add update appendleft extendleft sort reverse setdefault".split())
TAKES = frozenset("pop popleft popitem remove discard clear".split())
# How deep a collection that is read is looked into.
_NESTED = 3


@dataclass(slots=True)
class Copy:
    """One variable that children have copies of.

    ``before`` is what their parents held when each began, ``owners`` the processes that change their copy, ``code`` the
    functions in which they do so.
    """

    shared: Shared
    before: list[Value | None] = field(default_factory=list)
    owners: set[Role] = field(default_factory=set)
    code: set[cst.CSTNode] = field(default_factory=set)


# -- what a child changes


def changed(
    run: Run,
    key: int,
    name: str,
    node: cst.CSTNode,
    value: Value | None = None,
    *,
    exact: bool = True,
    element: Key | Constant = Key.WHOLE,
) -> None:
    """A child changes what the owner of this key holds under a name; ``value`` is what it sets, where that is known.

    A handle of something shared is no copy, and None is no result.
    """
    if key >= run.born or run.vars is None or run.deliberate:
        return
    if isinstance(value, Const) and value.value is None:
        return
    if value is not None and any(isinstance(option, Ref) for option in spread(value)):
        return
    copy = run.copies.get((key, name))
    if copy is None:
        shared = Shared(Kind.VARIABLE, run.place(node), contents.text(run, _owner(node)))
        copy = run.copies[key, name] = Copy(shared)
    before = run.origin.get(key, name) if run.origin is not None else None
    if not any(before is known for known in copy.before):
        copy.before.append(before)
    copy.owners.add(run.role.home)
    followed = run.stack[len(run.stack) - len(run.calls) :]
    copy.code.update(node for node in followed if isinstance(node, cst.CSTNode))
    payload = Constant(value.value) if isinstance(value, Const) else None
    given = value not in (UNKNOWN, PLAIN) and any(value is one for one in run.handed)
    whose = Key.OWN if given else element
    run.emit(Verb.WRITE, copy.shared, node, copy.shared.name, payload=payload, exact=exact, key=whose)


def _owner(node: cst.CSTNode) -> cst.CSTNode:
    """What a message calls the variable: ``results`` for ``results.append(x)``, ``results += x`` and ``results[k]``."""
    if type(node) is cst.Call and type(node.func) is cst.Attribute:
        return node.func.value
    if type(node) is cst.AugAssign:
        return node.target
    return node.value if type(node) is cst.Subscript else node


def name_changed(run: Run, target: cst.Name, value: Value) -> None:
    """``name = value`` of a global or an outer function's name, in a child."""
    scope = run.frame.scope
    if target.value in scope.globals:
        changed(run, scope.module.scope.key, target.value, target, value)
    elif target.value in scope.nonlocals:
        outer = scope.parent
        while outer is not None and outer.kind == "function" and target.value not in run.held(outer.key):
            outer = outer.parent
        if outer is not None and outer.kind == "function":
            changed(run, outer.key, target.value, target, value)


def collection_changed(run: Run, owner: Value, node: cst.CSTNode, index: Value | None = None) -> None:
    """A list, set or dict gets or moves elements, in a child; ``index`` is the place of one that it gets."""
    options = spread(owner)
    for option in options:
        if isinstance(option, Coll):
            changed(run, option.key, "", node, exact=len(options) == 1, element=_element(option, index))


def _element(coll: Coll, index: Value | None) -> Key | Constant:
    """Which element an index names: known for the constant keys of a dict."""
    return Constant(index.value) if coll.kind == "dict" and isinstance(index, Const) else Key.WHOLE


# -- what its parent reads


def seen(run: Run, key: int, name: str, node: cst.CSTNode, element: Key | Constant = Key.WHOLE) -> None:
    """Whoever holds what it held before the child changed its copy reads it: in vain, should it wait for the change."""
    copy = run.copies.get((key, name))
    if copy is None or run.vars is None or run.role.home in copy.owners:
        return
    held = run.vars.get(key, name)
    if not any(held is known for known in copy.before):
        return
    if run.frame.func is not None and run.frame.func.node in copy.code:
        # The very code that changes it: each process that runs it keeps its own.
        return
    run.emit(Verb.READ, copy.shared, node, copy.shared.name, key=element)


def name_seen(run: Run, node: cst.Name) -> None:
    """A name is looked up."""
    here: Scope | None = run.frame.scope
    if here is not None and node.value in here.globals:
        here = here.module.scope
    while here is not None:
        if (here.key, node.value) in run.copies:
            seen(run, here.key, node.value, node)
            return
        if node.value in run.held(here.key):
            return
        here = here.parent


def attribute_seen(run: Run, owner: Value, name: str, node: cst.CSTNode) -> None:
    """An attribute of an object or class is looked up."""
    if isinstance(owner, Inst):
        seen(run, owner.key, name, node)
        if name in run.held(owner.key):
            return
        owner = owner.cls
    if isinstance(owner, Cls):
        for base in lineage(owner):
            if isinstance(base, Cls):
                seen(run, base.key, name, node)


def read(run: Run, values: Iterable[Value], node: cst.CSTNode, depth: int = _NESTED) -> None:
    """The contents of these values are looked at, those of collections inside them included."""
    for value in values:
        for option in spread(value):
            if isinstance(option, Coll):
                seen(run, option.key, "", node)
            if depth and isinstance(option, (Coll, Items)):
                read(run, _parts(run, option), node, depth - 1)


def element_seen(run: Run, owner: Value, index: Value, node: cst.CSTNode) -> None:
    """One element of a collection is looked at."""
    for option in spread(owner):
        if isinstance(option, Coll):
            seen(run, option.key, "", node, _element(option, index))


def _parts(run: Run, value: Coll | Items) -> Iterator[Value]:
    """The values in a collection, a dict's keys left out."""
    if isinstance(value, Items):
        parts: list[Value] = [*(value.items or ()), value.element]
    else:
        content = run.content_to_fill(value)
        parts = [*(content.items or {}).values(), *([content.element] if content.element is not None else [])]
    return (part.element if isinstance(part, Many) else part for part in parts)


def forgotten(run: Run, values: Iterable[Value]) -> None:
    """Code that cannot be seen gets these, and may fill them with what a child sent."""
    for value in values:
        for option in spread(value):
            if isinstance(option, Coll):
                run.copies.pop((option.key, ""), None)
            elif isinstance(option, Inst):
                for key in [key for key in run.copies if key[0] == option.key]:
                    del run.copies[key]
