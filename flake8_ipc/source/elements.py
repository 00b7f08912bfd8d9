"""Attributes and elements of shared memory and of proxies: what is read, what is written, of which element."""

from __future__ import annotations

import libcst as cst

from ..model import BLOCKS, CELLS, Constant, Count, Event, Key, Kind, Result, Verb
from . import contents
from .joining import from_values, spread
from .lifetimes import hand_to_server
from .memory import attribute
from .reach import expose
from .run import Run
from .sockets import address_of
from .values import UNKNOWN, Coll, Const, Data, Generator, Inst, Items, Method, Name, OneOf, Pid, Ref, Seen, Value

_ITEMS = frozenset({Kind.DICT, Kind.LIST})
_SUBSCRIPTED = CELLS | BLOCKS | _ITEMS
# What tells each process from every other.
_OWN_NAMES = frozenset(f"multiprocessing.this_process.{name}" for name in ("pid", "ident", "name"))
_CELL_METHODS = frozenset("get_lock get_obj acquire release get set".split())


def key_of(index: Value) -> Key | Constant:
    """Which element an index names."""
    if isinstance(index, Const):
        return Constant(index.value)
    if isinstance(index, Items) and index.items is None:
        return Key.WHOLE
    if (isinstance(index, Data) and index.own) or (isinstance(index, Name) and index.dotted in _OWN_NAMES):
        return Key.OWN
    if isinstance(index, OneOf):
        # What a counter began with, and what it came to.
        keys = [key_of(option) for option in index.options]
        first = [key for key in keys if isinstance(key, Constant)]
        return Key.OWN if len(first) <= 1 and Key.OWN in keys and not {Key.ANY, Key.WHOLE}.intersection(keys) else Key.ANY
    return Key.ANY


def read_attribute(run: Run, ref: Ref, name: str, node: cst.CSTNode) -> Value:
    """``shared.name``."""
    shared = ref.shared
    kind = shared.kind
    if kind in CELLS:
        if name in ("value", "raw"):
            return read(run, ref, Key.WHOLE, node, name)
        if name in _CELL_METHODS:
            return Method(ref, name)
        return read(run, ref, Constant(name), node, name)
    if kind is Kind.NAMESPACE and not name.startswith("_"):
        return read(run, ref, Constant(name), node, name)
    if kind in BLOCKS:
        return attribute(run, ref, name, node)
    if kind in (Kind.PROCESS, Kind.THREAD) and name in ("exitcode", "sentinel", "pid", "ident", "daemon", "name"):
        run.emit(Verb.QUERY, shared, node, name, inherited=ref.inherited, exact=ref.exact)
        if name == "exitcode":
            return Data(seen=Seen((shared,), True, ref.exact, node))
        return UNKNOWN if name != "sentinel" else ref
    if kind is Kind.LISTENER and name in ("address", "last_accepted"):
        return address_of(shared)
    if kind is Kind.SUBPROCESS and name in ("stdout", "stderr", "stdin", "pid", "returncode", "args"):
        return Pid(shared, ref.exact) if name == "pid" else UNKNOWN
    if kind is Kind.STREAM and name in ("buffer", "raw"):
        return ref
    return Method(ref, name)


def read(
    run: Run, ref: Ref, key: Key | Constant, node: cst.CSTNode, name: str, index: tuple[Value, cst.CSTNode] | None = None
) -> Value:
    """A read of a cell or proxy; ``index`` is how the text names the element."""
    event = run.emit(
        Verb.READ,
        ref.shared,
        node,
        f"{ref.shared.name}.{name}",
        key=key,
        inherited=ref.inherited,
        exact=ref.exact,
        bare=ref.bare,
        received=ref.received,
    )
    from .proxies import given, note_index

    note_index(run, event, index)
    if ref.shared.managed:
        return given(run, ref, event)
    return Data(reads=frozenset({event}))


def write(
    run: Run,
    ref: Ref,
    key: Key | Constant,
    value: Value,
    node: cst.CSTNode,
    name: str,
    index: tuple[Value, cst.CSTNode] | None = None,
) -> None:
    """A write to a cell or proxy; the reads it was computed from, or depends on, make it a read-modify-write."""
    mine = _came_from(run, ref, key, value, index)
    payload = Constant(value.value) if isinstance(value, Const) and not value.reads else None
    facts = {}
    if ref.shared.managed:
        from .proxies import hold

        facts["holds"] = hold(run, ref.shared, key, value)
    run.emit(
        Verb.WRITE,
        ref.shared,
        node,
        f"{ref.shared.name}.{name}",
        key=key,
        payload=payload,
        reads=mine,
        inherited=ref.inherited,
        exact=ref.exact,
        bare=ref.bare,
        received=ref.received,
        **facts,
    )
    if ref.shared.managed:
        hand_to_server(run, value, node)


def _came_from(
    run: Run, ref: Ref, key: Key | Constant, value: Value, index: tuple[Value, cst.CSTNode] | None
) -> tuple[Event, ...]:
    """The reads of the same element that a written value came from, or that its writing hangs on."""
    inner = contents.elements(run, value)[1] if isinstance(value, (Items, Coll)) else value
    reads = from_values([value, inner]).reads
    anew = any(event.target is ref.shared for event in reads)
    # An early return long before says little of a value that is looked at once more as it is changed.
    reads |= run.controls - run.passed if anew else run.controls
    mine = [event for event in reads if event.target is ref.shared]
    if ref.shared.kind in _ITEMS:
        from .proxies import same_index

        return tuple(event for event in mine if same_index(run, event, key, index))
    return tuple(event for event in mine if _meet(event.key, key))


def _meet(one: Key | Constant, other: Key | Constant) -> bool:
    return not (isinstance(one, Constant) and isinstance(other, Constant)) or one.meets(other)


def write_attribute(run: Run, ref: Ref, name: str, value: Value, node: cst.CSTNode) -> bool:
    """``shared.name = value``; False where it is no access to shared memory."""
    kind = ref.shared.kind
    if kind in CELLS:
        write(run, ref, Key.WHOLE if name in ("value", "raw") else Constant(name), value, node, name)
        return True
    if kind is Kind.NAMESPACE and not name.startswith("_"):
        write(run, ref, Constant(name), value, node, name)
        return True
    return False


def read_element(run: Run, owner: Value, index: Value, node: cst.CSTNode) -> Value:
    """``shared[index]``."""
    results: list[Value] = []
    options = spread(owner)
    for option in options if len(options) == 1 else map(contents.inexact, options):
        if isinstance(option, Ref) and option.shared.kind in _SUBSCRIPTED:
            results.append(read(run, option, _element_of(option, index), node, "[]", (index, _index_node(node))))
        elif isinstance(option, Ref):
            results.append(UNKNOWN)
        else:
            results.append(contents.subscript(run, option, index))
    if len(results) == 1 and (isinstance(results[0], Ref) or (isinstance(results[0], Data) and results[0].copy)):
        return results[0]
    return from_values([*results, index]) if results else UNKNOWN


def _element_of(ref: Ref, index: Value) -> Key | Constant:
    """Which element an index names; of memory, one of those that the numbers of a loop count off."""
    key = key_of(index)
    span = index.span if isinstance(index, Data) and ref.shared.kind not in _ITEMS else None
    return Constant(span) if span is not None and key is Key.ANY else key


def _index_node(node: cst.CSTNode) -> cst.CSTNode:
    first = node.slice[0].slice if type(node) is cst.Subscript else node
    return first.value if type(first) is cst.Index else first


def write_element(run: Run, ref: Ref, index: Value, value: Value, node: cst.CSTNode) -> None:
    """``shared[index] = value``."""
    if ref.shared.kind in _SUBSCRIPTED:
        write(run, ref, _element_of(ref, index), value, node, "[]", (index, _index_node(node)))
    else:
        expose(run, value)


def delete_element(run: Run, ref: Ref, index: Value, node: cst.CSTNode) -> None:
    """``del shared[index]``: the server does it whole."""
    if ref.shared.kind in _ITEMS:
        run.emit(
            Verb.CALL,
            ref.shared,
            node,
            f"del {ref.shared.name}[]",
            key=key_of(index) if ref.shared.kind is Kind.DICT else Key.ANY,
            inherited=ref.inherited,
            exact=ref.exact,
            received=ref.received,
        )


# -- iteration


def iterated(
    run: Run, value: Value, node: cst.CSTNode, *, whole: bool = True
) -> tuple[tuple[Value, ...] | None, Value, Count | None]:
    """What iterating a value gives (see ``contents.elements``); shared objects in it tell that they are iterated."""
    if isinstance(value, (Generator, Inst)) and whole:
        from .iteration import collect, is_iterable

        if is_iterable(run, value):
            value = collect(run, value, "list", node)
    if isinstance(value, Ref):
        element = iterate_shared(run, value, node, whole=whole)
        return (None, element.element, None) if isinstance(element, Items) else (None, element, None)
    if isinstance(value, Data) and value.message is not None and value.message.target.kind is not Kind.STREAM:
        message = value.message
        run.emit(Verb.ITERATE, message.target, node, "iteration", exact=message.exact, inside=True)
    for option in value.options if isinstance(value, OneOf) else ():
        if isinstance(option, Ref):
            iterate_shared(run, option, node, whole=whole)
    return contents.elements(run, value)


def iterate_shared(
    run: Run, ref: Ref, node: cst.CSTNode, *, copied: bool = False, whole: bool = True
) -> Value:
    """Iterating a shared object, to its end or (not ``whole``) one step: what each element is."""
    kind = ref.shared.kind
    if kind is Kind.DICT and not copied:
        event = run.emit(
            Verb.ITERATE,
            ref.shared,
            node,
            "__iter__",
            exact=ref.exact,
            inherited=ref.inherited,
            received=ref.received,
        )
        return Data(reads=frozenset({event}))
    if kind in CELLS or kind in BLOCKS or kind in _ITEMS:
        value = read(run, ref, Key.WHOLE, node, "iteration")
        if ref.shared.managed:
            return value
        return Data(reads=from_values([value]).reads)
    if isinstance(ref.shared, Result) and ref.shared.iterator:
        key = Key.WHOLE if whole else Key.ANY
        run.emit(Verb.RESULT, ref.shared, node, "iteration" if whole else "next", key=key, exact=ref.exact)
    if kind is Kind.STREAM:
        from .subprocesses import read as read_stream

        return read_stream(run, ref, node, "iteration", whole=whole)
    return UNKNOWN
