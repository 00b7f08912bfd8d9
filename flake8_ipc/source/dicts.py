"""What dicts hold that are made of others: by ``**``, ``|``, ``update`` and ``dict()``."""

from __future__ import annotations

from dataclasses import replace

from ..model import Count
from . import contents
from .joining import is_faceless, join
from .run import Run
from .values import UNKNOWN, Arguments, Coll, Const, Content, Items, Many, Value


def merged(run: Run, first: Content, value: Value) -> Content:
    """A dict's content once another one, or pairs, went into it: of a key that both have, what the other had."""
    other = _as_dict(run, value)
    keys = either(first.keys, other.keys)
    if first.items is None or other.items is None:
        held = either(_summary(first), _summary(other))
        return Content(None, held, Count(), keys)
    items = dict(first.items)
    for key, item in other.items.items():
        # What has no key that is known stands beside all else.
        nameless = isinstance(item, Many) or (isinstance(key, tuple) and key[:1] == ("",))
        items[("", len(items)) if nameless else key] = item
    return Content(items, None, None, keys)


def of_call(run: Run, content: Content, args: Arguments) -> Content:
    """The same with all that a call of ``dict`` or ``update`` is given."""
    for value, _ in args.positional:
        content = merged(run, content, value)
    content = replace(content, items=dict(content.items) if content.items is not None else None)
    for name, (value, _) in args.named.items():
        enter(content, Const(name), value)
    return merged(run, content, UNKNOWN) if args.open else content


def enter(content: Content, key: Value, value: Value) -> None:
    """One entry more in what is still being made."""
    if isinstance(key, Const) and content.items is not None:
        content.items[key.value] = value
        return
    content.element = either(_summary(content), value)
    content.items = None
    if not isinstance(key, Const):
        content.keys = either(content.keys, key)


def _as_dict(run: Run, value: Value) -> Content:
    if isinstance(value, Coll) and value.kind == "dict":
        return run.content(value)
    pairs = contents.parts(run, value)
    if pairs is not None and all(isinstance(pair, Items) and _is_pair(pair) for pair in pairs):
        content = Content({})
        for pair in pairs:
            assert isinstance(pair, Items) and pair.items is not None
            enter(content, *pair.items)
        return content
    _, element, count = contents.elements(run, value)
    if is_faceless(element):
        # What is not known may stand under any key.
        return Content(None)
    key, held = element.items if isinstance(element, Items) and element.items and _is_pair(element) else (UNKNOWN, element)
    return Content({("", 0): Many(held, count or Count())}, None, None, key if contents.bare(run, key) else None)


def _is_pair(value: Items) -> bool:
    return value.items is not None and len(value.items) == 2


def _summary(content: Content) -> Value | None:
    found = contents.summary(tuple(content.items.values()) if content.items is not None else None, content.element)
    return None if found is UNKNOWN else found


def either(one: Value | None, other: Value | None) -> Value | None:
    """What is one of both, as far as there are any."""
    return join(one, other) if one is not None and other is not None else one or other
