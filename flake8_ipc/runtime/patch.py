"""How a method of multiprocessing is watched: replaced in place, so that names imported earlier see it too."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from typing import Any

from .identity import MARK
from .interruptions import by_handler, hide
from .places import Caller, by_coroutine, by_library, caller
from .record import Record, current

_patched: set[tuple[int, str, str]] = set()


def replace(owner: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Puts ``make(original)`` in the place of an attribute, once for each ``make`` however often it is asked."""
    original = getattr(owner, name, None)
    key = (id(owner), name, f"{make.__module__}.{make.__qualname__}")
    if original is None or key in _patched:
        return
    _patched.add(key)
    wrapper = make(original)
    functools.update_wrapper(wrapper, original)
    setattr(owner, name, wrapper)


def safely(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of ours that must not disturb the program: whatever goes wrong in it gives None."""

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            if by_handler(error):
                hide(error)
                raise
            return None

    return guarded


def done(
    owner: Any,
    name: str,
    verb: str,
    identify: Callable[[Any], str | None],
    facts: Callable[..., dict[str, Any]] | None = None,
    after: Callable[[Record, Any, Any, int], None] | None = None,
    who_calls: Callable[[int], Caller | None] = caller,
    unseen: Callable[[Record, Any], None] | None = None,
) -> None:
    """Watches a method: that ``verb`` is done to what ``identify`` names, with ``facts`` worked out from its arguments.

    ``after`` is told the record, the object, the result and the event's number once the method has returned;
    ``who_calls`` finds whose call it is; ``unseen`` is told of one that the library makes, by none of the program's text.
    """
    tell = safely(_tell)
    then = safely(after) if after is not None else None
    aside = safely(unseen) if unseen is not None else None

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def watched(self: Any, /, *args: Any, **kwargs: Any) -> Any:
            record = current()
            event, known = 0, False
            if record is not None:
                place = known_place(record, verb, self) if record.dull else None
                who = who_calls(2) if place is None else None
                known = place is not None or who is not None
                if place is not None:
                    record.slots.place(place)
                elif who is not None:
                    event = tell(record, who, verb, identify, facts, self, args, kwargs)
            try:
                result = original(self, *args, **kwargs)
            except BaseException as error:
                if event and record is not None:
                    record.failed(event, error)
                    record.returned(event)
                hide(error)
                raise
            if known and record is not None:
                if then is not None:
                    then(record, self, result, event)
                if record.traced and event:
                    record.returned(event, took=verb in _TAKES)
            elif aside is not None and record is not None and by_library(2):
                aside(record, self)
            return result

        return watched

    replace(owner, name, make)


def known_place(record: Record, verb: str, thing: Any) -> int | None:
    """The place of the call that a watched method serves, where nothing new will be told."""
    try:
        at = sys._getframe(2)
    except ValueError:
        # Called by the interpreter itself, at its end.
        return None
    return record.dull.get((verb, id(at.f_code), at.f_lasti, getattr(thing, MARK, "")))


_TAKES = frozenset({"GET", "RECV"})


def _tell(
    record: Record,
    who: Caller,
    verb: str,
    identify: Callable[[Any], str | None],
    facts: Callable[..., dict[str, Any]] | None,
    thing: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> int:
    name = identify(thing)
    if name is None:
        return 0
    told = facts(thing, *args, **kwargs) if facts is not None else {}
    if record.child and any(value is thing for value in who.frame.f_globals.values()):
        told["global"] = True
    if by_loop(verb, who):
        told["async"] = True
    number = record.event(verb, name, who, **told)
    if verb in ("PUT", "SEND"):
        record.sending[threading.get_ident()] = number
    return number


_WAITING = frozenset({"GET", "PUT", "RECV", "JOIN", "ACQUIRE", "WAIT", "RESULT", "SHUTDOWN"})


def by_loop(verb: str, who: Caller) -> bool:
    """Whether a call that may wait is made on the thread of an event loop, by one of its coroutines."""
    return verb in _WAITING and in_event_loop() and by_coroutine(who)


def in_event_loop() -> bool:
    """Whether this thread runs an event loop now, which a call that waits would stop."""
    asyncio = sys.modules.get("asyncio.events")
    return asyncio is not None and asyncio._get_running_loop() is not None


_PLAIN = (type(None), bool, int, str)


def constant(value: Any) -> dict[str, Any]:
    """What is told of a value that goes from process to process: itself, where it is a small constant."""
    if isinstance(value, _PLAIN) and len(repr(value)) < 60:
        return {"payload": [value]}
    return {}


def waiting(block: Any = True, timeout: Any = None) -> dict[str, str]:
    """How a call waits, by its arguments."""
    if not block:
        return {"blocking": "NEVER"}
    return {} if timeout is None else {"blocking": "TIMED"}
