"""Plain objects that are changed after they were put on a queue whose feeder thread pickles later.

Where an object was put is part of the value that names, attributes and elements hold, so that a name bound anew holds an
object that was not put.
"""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from ..model import Event, Kind, Place, Shared, Verb
from .joining import from_values, spread, with_puts
from .reach import expose, inside, pickles_itself
from .run import Run, calls
from .values import (
    NEVER_PUT,
    Arguments,
    Coll,
    Content,
    Data,
    Inst,
    Items,
    Many,
    Method,
    Name,
    OneOf,
    Puts,
    Value,
    fresh_key,
)

# Methods of lists, dicts, sets, deques, arrays and their kin that change the object.
MUTATORS = frozenset(
    """append appendleft extend extendleft insert remove pop popleft popitem clear update setdefault add discard sort
    reverse rotate fill resize subtract difference_update intersection_update symmetric_difference_update move_to_end
    __setitem__ __delitem__ __iadd__ byteswap frombytes fromlist put itemset partition""".split()
)
# Methods that write into their first argument.
_FILLERS = frozenset("readinto readinto1 recv_into recvfrom_into recv_bytes_into".split())
# Functions that change an argument, and which.
_FUNCTIONS = {
    **dict.fromkeys(("random.shuffle", "heapq.heappush", "heapq.heappop", "heapq.heapify", "heapq.heapreplace"), 0),
    **dict.fromkeys(("heapq.heappushpop", "bisect.insort", "bisect.insort_left", "bisect.insort_right"), 0),
    **dict.fromkeys(("operator.setitem", "operator.delitem", "operator.iadd", "numpy.copyto", "delattr"), 0),
    "struct.pack_into": 1,
}
_FED = (Kind.QUEUE, Kind.JOINABLE_QUEUE)


def _mutable(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """An object that can be changed in place, whatever is in it."""
    expose(run, *args.values())
    return replace(from_values(args.values()), thing=fresh_key(), mutable=True)


calls("bytearray", "array.array")(_mutable)
calls("numpy.array", "numpy.arange", "numpy.zeros", "numpy.zeros_like", "numpy.ones", "numpy.ones_like")(_mutable)
calls("numpy.empty", "numpy.empty_like", "numpy.full", "numpy.full_like")(_mutable)


def note_put(run: Run, queue: Shared, value: Value, node: cst.CSTNode) -> None:
    """Something is put: whatever holds it, or a part of it, holds an object that was put from now on."""
    if queue.kind not in _FED or queue.managed or run.vars is None:
        return
    keys = _keys(run, value)
    if not keys:
        return
    place = run.place(node)
    run.puts += 1
    run.made["put", place] = (run.puts, run.calls)
    put = frozenset({(place, queue)})
    exact = not isinstance(value, OneOf)
    for owner, names in list(run.vars.items()):
        for name, held in list(names.items()):
            marked = _marked(held, keys, put) if exact or not isinstance(held, Content) else held
            if marked is not held:
                run.vars.set(owner, name, marked)


def _keys(run: Run, value: Value) -> set[int]:
    """The identities of the objects that are pickled with a value."""
    found: set[int] = set()
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, Data):
            found.update((one.thing,) if one.thing else ())
        elif isinstance(one, (Coll, Inst)):
            if one.key in found or (isinstance(one, Inst) and (one.shared is not None or pickles_itself(run, one))):
                continue
            found.add(one.key)
            pending += run.held(one.key).values() if isinstance(one, Inst) else inside(run, one, {})
        elif isinstance(one, (Items, OneOf, Many)):
            pending += inside(run, one, {})
    return found


def _marked(value: Value, keys: set[int], put: Puts) -> Value:
    """A value with its objects of these identities put; the same one where there are none.

    What is in a collection under no key that is known may be bound anew unseen: it is left as it is.
    """
    if isinstance(value, (Coll, Inst)):
        return replace(value, puts=value.puts | put) if value.key in keys and not put <= value.puts else value
    if isinstance(value, Data):
        return replace(value, puts=value.puts | put) if value.thing in keys and not put <= value.puts else value
    if isinstance(value, Items) and value.items is not None:
        items = tuple(_marked(item, keys, put) for item in value.items)
        return value if all(map(_is, items, value.items)) else replace(value, items=items)
    if isinstance(value, OneOf):
        options = tuple(_marked(option, keys, put) for option in value.options)
        return value if all(map(_is, options, value.options)) else OneOf(options)
    if isinstance(value, Method):
        owner = _marked(value.owner, keys, put)
        return value if owner is value.owner else Method(owner, value.name)
    if isinstance(value, Content) and value.items is not None:
        known = {key: _marked(item, keys, put) for key, item in value.items.items() if not isinstance(key, tuple)}
        same = all(value.items[key] is item for key, item in known.items())
        return value if same else replace(value, items={**value.items, **known})
    return value


def _is(one: object, other: object) -> bool:
    return one is other


def another(run: Run, element: Value) -> None:
    """The next turn of a loop takes another element, in which nothing has been put yet."""
    if not run.puts or run.vars is None:
        return
    for owner in _keys(run, element):
        for name, held in list(run.vars.of(owner).items()):
            run.vars.set(owner, name, _unmarked(held))


def _unmarked(value: Value) -> Value:
    if isinstance(value, Content) and value.items is not None:
        return replace(value, items={key: with_puts(item, NEVER_PUT) for key, item in value.items.items()})
    return with_puts(value, NEVER_PUT)


def changed_by(run: Run, node: cst.Call, callee: Value, args: Arguments) -> None:
    """A call that changes one of its arguments."""
    index: int | None = None
    if type(node.func) is cst.Attribute and node.func.attr.value in _FILLERS:
        index = 0
    elif isinstance(callee, Name):
        index = _FUNCTIONS.get(callee.dotted)
    filled = args.get(index, "") if index is not None else args.get(None, "out")
    if filled is not None:
        note_change(run, filled, node)


def note_change(run: Run, owner: Value, node: cst.CSTNode) -> None:
    """An object is changed: where it may have been put, that is an event."""
    if not run.puts or run.vars is None:
        return
    for option in spread(owner):
        if isinstance(option, (Coll, Inst, Data)) and option.puts:
            puts = sorted(option.puts, key=lambda put: _order(run, put[0]))
            place = _method_call(run, option, puts[0][0]) or run.place(node)
            after = tuple(put for put, _ in puts)
            run.out.append(Event(Verb.MUTATE, puts[0][1], place, setting=run.setting, after=after))


def _order(run: Run, put: Place) -> int:
    number: int = run.made["put", put][0]
    return number


def _method_call(run: Run, owner: Value, put: Place) -> Place | None:
    """The call, made after the put, of the owner's own method that changes it; None where the change stands bare."""
    if not isinstance(owner, Inst):
        return None
    before = run.made["put", put][1]
    depth = len(run.calls) - len(run.frame.selves)
    for index, place in enumerate(run.calls):
        entered = index >= len(before) or before[index] is not place
        if entered and index >= depth and run.frame.selves[index - depth] == owner.key:
            return place
    return None
