"""Proxies of a manager: what their methods do, what was put into them, and the copies that come out.

A proxy gives a copy of what it holds, unless what it holds is itself a proxy (CPython documentation, "Proxy Objects").
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

import libcst as cst

from ..model import CHANGERS, PROXIES, TAKES, Constant, Event, Holding, Key, Kind, Shared, Verb
from . import contents
from .elements import iterate_shared, key_of, read, write
from .joining import from_values, join, spread
from .lifetimes import hand_to_server
from .reach import expose, reachable
from .run import Run
from .values import PLAIN, UNKNOWN, Arguments, Coll, Const, Copy, Data, Items, Many, Method, Ref, Value

HOLDERS = frozenset({Kind.DICT, Kind.LIST, Kind.NAMESPACE, Kind.SET})
# Methods that look and change nothing, by the element they look at: the one that is named, or all.
_LOOKS_AT_ONE = frozenset({"get", "__getitem__", "__contains__", "has_key"})
_LOOKS = frozenset("keys values items copy index count __len__ _getvalue __iter__ isdisjoint issubset issuperset".split())
# Methods that add what was not there, and those that change the element they name.
_ADDS = frozenset({"append", "extend", "add"})
_NAMED = frozenset({"pop", "setdefault", "__delitem__"})
# Functions that change their first argument in place.
CHANGING_CALLS = frozenset(
    "heapq.heappush heapq.heappop heapq.heapify heapq.heapreplace random.shuffle bisect.insort bisect.insort_left".split()
) | {"bisect.insort_right", "operator.setitem"}


# -- what is put into a proxy


def holdings(key: Key | Constant, value: Value) -> tuple[Holding, ...]:
    """What is put in under a key, in the model's words."""
    found = []
    for option in spread(value):
        if isinstance(option, Many):
            found += list(holdings(key, option.element))
        elif isinstance(option, Ref):
            found.append(Holding(key, option.shared))
        elif not (isinstance(option, Const) and option.value is None):
            found.append(Holding(key, None, not (isinstance(option, Data) and option.anything)))
    return tuple(found)


def hold(run: Run, shared: Shared, key: Key | Constant, value: Value) -> tuple[Holding, ...]:
    """Notes what a proxy holds from now on; shared objects in it are known as long as the proxy is."""
    held: list[tuple[Key | Constant, Value]] = run.made.setdefault(("held", shared), [])
    held.append((key, value))
    for inner in reachable(run, value):
        if not inner.managed or ("unresolved", shared) in run.made:
            # It cannot go in, or somebody may have it who was read before.
            inner.open = True
        run.made.setdefault(("inside", shared), []).append(inner)
    return holdings(key, value)


def start_with(run: Run, shared: Shared, kind: Kind, args: Arguments) -> tuple[Holding, ...]:
    """What a proxy is made with."""
    found: list[Holding] = []
    if kind is Kind.NAMESPACE or (kind is Kind.DICT and args.named):
        for name, (value, _) in args.named.items():
            found += hold(run, shared, Constant(name), value)
    if args.open:
        found += hold(run, shared, Key.ANY, Data(anything=True))
    if kind in (Kind.DICT, Kind.LIST) and args.positional:
        for key, value in _entries(run, kind, args.positional[0][0]):
            found += hold(run, shared, key, value)
    return tuple(found)


def _entries(run: Run, kind: Kind, value: Value) -> Iterator[tuple[Key | Constant, Value]]:
    """The keys and values of what a dict or list is made or updated with."""
    if isinstance(value, Ref):
        return
    if isinstance(value, Coll) and value.kind == "dict" and kind is Kind.DICT:
        content = run.content(value)
        for name, item in (content.items or {}).items():
            yield (Key.ANY if isinstance(item, Many) else Constant(name)), item
        if content.element is not None:
            yield Key.ANY, content.element
        return
    items, element, _ = contents.elements(run, value)
    for index, item in enumerate(items if items is not None else [element]):
        key: Key | Constant = Constant(index) if items is not None else Key.ANY
        if kind is Kind.DICT:
            pair = contents.elements(run, item)[0]
            key = key_of(pair[0]) if pair is not None and len(pair) == 2 else Key.ANY
            item = pair[1] if pair is not None and len(pair) == 2 else item
        yield key, item


def _may_be(one: Key | Constant, other: Key | Constant) -> bool:
    return not (isinstance(one, Constant) and isinstance(other, Constant)) or one == other


# -- what comes out


def given(run: Run, ref: Ref, event: Event) -> Value:
    """What a read gives: the proxies that were put in, or a copy."""
    shared, key = ref.shared, event.key
    copy = Data(reads=frozenset({event}), copy=Copy(event, loops=run.loops))
    held = [value for at, value in run.made.get(("held", shared), ()) if _may_be(at, key)]
    options = [_single(option) for value in held for option in spread(value)]
    refs = [option for option in options if isinstance(option, Ref) and option.shared.managed]
    if not refs:
        run.made["unresolved", shared] = True
        return copy
    exact = ref.exact and len(refs) == 1 and isinstance(key, Constant)
    result: Value = replace(refs[0], exact=exact, inherited=False, received=True)
    for one in refs[1:]:
        result = join(result, replace(one, exact=exact, inherited=False, received=True))
    if key is Key.WHOLE:
        return Items(None, result, sequence=False)
    return result if len(refs) == len(options) else join(result, copy)


def _single(value: Value) -> Value:
    return value.element if isinstance(value, Many) else value


def note_index(run: Run, event: Event, index: tuple[Value, cst.CSTNode] | None) -> None:
    """Keeps how the text names the element that is read."""
    if index is not None:
        run.made["index", event] = (index[0], contents.text(run, index[1]))


def same_index(run: Run, event: Event, key: Key | Constant, index: tuple[Value, cst.CSTNode] | None) -> bool:
    """Whether a read was of the very element that is written: by the same constant, value or expression."""
    if key is Key.NEW:
        return event.key is Key.WHOLE
    if isinstance(key, Constant) and isinstance(event.key, Constant):
        return key == event.key
    known = run.made.get(("index", event))
    if known is None or index is None:
        return False
    value, text = known
    told = value is index[0] and value is not UNKNOWN and value is not PLAIN
    return told or text == contents.text(run, index[1])


def same_element(run: Run, one: Event, other: Event) -> bool:
    """Whether two reads are of the very same element, or both of all there is."""
    if one.target is not other.target or one.key != other.key:
        return False
    if one.key is Key.WHOLE or isinstance(one.key, Constant):
        return True
    first, second = run.made.get(("index", one)), run.made.get(("index", other))
    if first is None or second is None:
        return False
    told = first[0] is second[0] and first[0] is not UNKNOWN and first[0] is not PLAIN
    return told or first[1] == second[1]


# -- methods


def call_proxy(run: Run, ref: Ref, name: str, args: Arguments, node: cst.CSTNode) -> Value:
    """A method of a proxy: the server does each one whole."""
    shared = ref.shared
    kind = shared.kind
    if kind is Kind.PROXY:
        return _call(run, ref, name, Key.NOTHING, args, node)
    first = args.positional[0] if args.positional else None
    if kind in (Kind.VALUE, Kind.ARRAY) and name in ("get", "set"):
        if name == "get":
            return read(run, ref, Key.WHOLE, node, name)
        write(run, ref, Key.WHOLE, first[0] if first else UNKNOWN, node, name)
        return Const(None)
    if name in _LOOKS_AT_ONE and kind is Kind.DICT:
        return read(run, ref, key_of(first[0]) if first else Key.ANY, node, name, first)
    if name == "__setitem__" and len(args.positional) == 2:
        write(run, ref, key_of(args.positional[0][0]), args.positional[1][0], node, name, first)
        return Const(None)
    if name in _LOOKS or name in _LOOKS_AT_ONE:
        if name == "__iter__" and kind is Kind.DICT:
            return iterate_shared(run, ref, node)
        given_ = read(run, ref, Key.WHOLE, node, name)
        if name == "items" and isinstance(given_, Items):
            return Items(None, Items((UNKNOWN, given_.element)), sequence=False)
        return given_
    return _call(run, ref, name, _changed(run, kind, name, first, args.named), args, node)


def _changed(
    run: Run, kind: Kind, name: str, first: tuple[Value, cst.CSTNode] | None, named: Collection[str]
) -> Key | Constant:
    """What a changing method changes."""
    if name in _ADDS:
        return Key.NEW
    if name in _NAMED and kind is Kind.DICT and first is not None:
        return key_of(first[0])
    if name == "update" and first is None and len(named) == 1:
        return Constant(next(iter(named)))
    if name == "update" and first is not None and kind is Kind.DICT and isinstance(first[0], Coll) and not named:
        keys = [key for key, _ in _entries(run, kind, first[0])]
        return keys[0] if len(keys) == 1 else Key.ANY
    return Key.ANY


def _call(
    run: Run, ref: Ref, name: str, key: Key | Constant, args: Arguments, node: cst.CSTNode
) -> Value:
    shared = ref.shared
    values = list(args.values())
    holds: list[Holding] = []
    for at, value in _put_in(run, shared.kind, name, args):
        holds += hold(run, shared, at, value)
    if shared.kind is Kind.PROXY:
        expose(run, *values)
    event = run.emit(
        Verb.CALL,
        shared,
        node,
        f"{shared.name}.{name}",
        key=key,
        reads=_reads_of_call(run, ref, key, args),
        holds=tuple(holds),
        inherited=ref.inherited,
        exact=ref.exact,
        received=ref.received,
        used=id(node) not in run.unused,
    )
    for value in values:
        hand_to_server(run, value, node)
    if name in ("setdefault", "pop", "popitem"):
        result = given(run, ref, event)
        return result if name == "setdefault" or isinstance(result, Ref) else replace(UNKNOWN, reads=frozenset({event}))
    return Const(None) if name in CHANGERS else from_values(values)


def _put_in(run: Run, kind: Kind, name: str, args: Arguments) -> Iterator[tuple[Key | Constant, Value]]:
    values = list(args.values())
    if name in ("append", "insert", "add") and values:
        yield Key.ANY, values[-1]
    elif name in ("extend", "update", "__iadd__") and values:
        for name_, (value, _) in args.named.items():
            yield Constant(name_), value
        if args.positional:
            for key, value in _entries(run, kind, args.positional[0][0]):
                yield (key if kind is Kind.DICT else Key.ANY), value
    elif name == "setdefault" and len(values) > 1:
        yield key_of(values[0]), values[1]


def _reads_of_call(run: Run, ref: Ref, key: Key | Constant, args: Arguments) -> tuple[Event, ...]:
    """The reads that what is put in was computed from."""
    if key is Key.NOTHING:
        return ()
    kind = ref.shared.kind
    found: dict[Event, None] = {}
    if key is Key.NEW:
        for event in from_values([*args.values()]).reads:
            if event.target is ref.shared and same_index(run, event, key, None):
                found[event] = None
    elif kind is Kind.DICT and args.positional:
        for at, value in _entries(run, kind, args.positional[0][0]):
            for event in from_values([value]).reads:
                if event.target is ref.shared and isinstance(at, Constant) and at == event.key:
                    found[event] = None
    return tuple(found)


# -- copies


def change_copy(run: Run, value: Value, node: cst.CSTNode, name: str, *, used: bool = False) -> None:
    """Something changes data in place: where it is a copy out of a proxy, the server never hears of it."""
    copy = copy_of(value)
    if copy is None:
        return
    read_ = copy.read
    event = run.emit(
        Verb.CHANGE,
        read_.target,
        node,
        name,
        key=read_.key,
        exact=read_.exact,
        used=copy.kept or (used and name in TAKES and copy.named),
    )
    copy.change(event, run.loops)


def copy_of(value: Value) -> Copy | None:
    """The copy that a value is, or is a part of."""
    while isinstance(value, Method):
        value = value.owner
    return value.copy if isinstance(value, Data) else None


def keep(*values: Value) -> None:
    """Copies that are put where they may be looked at later without a name of their own."""
    for value in values:
        if isinstance(value, Data) and value.copy is not None:
            value.copy.kept = True


# -- other uses


def length(run: Run, ref: Ref, node: cst.CSTNode) -> Value:
    """``len(proxy)`` and its truth."""
    return Data(reads=frozenset({_look(run, ref, Key.WHOLE, node, "__len__")}), plain=True)


def contains(run: Run, ref: Ref, item: tuple[Value, cst.CSTNode], node: cst.CSTNode) -> Value:
    """``item in proxy``."""
    whole = ref.shared.kind is not Kind.DICT
    event = _look(run, ref, Key.WHOLE if whole else key_of(item[0]), node, "__contains__")
    note_index(run, event, item)
    return Data(reads=frozenset({event}), plain=True)


def _look(run: Run, ref: Ref, key: Key | Constant, node: cst.CSTNode, name: str) -> Event:
    """A read that gives a number or a truth, and nothing that the proxy holds."""
    return run.emit(
        Verb.READ,
        ref.shared,
        node,
        f"{ref.shared.name}.{name}",
        key=key,
        inherited=ref.inherited,
        exact=ref.exact,
        received=ref.received,
    )


def show(run: Run, value: Value, node: cst.CSTNode) -> None:
    """``print(proxy)``, ``str(proxy)``: asks the server, and hides its failure."""
    if isinstance(value, Ref) and value.shared.kind in PROXIES:
        run.emit(Verb.SHOW, value.shared, node, "print", inherited=value.inherited, exact=value.exact)


__all__ = ["call_proxy", "change_copy", "contains", "given", "hold", "holdings", "keep", "length", "show"]
