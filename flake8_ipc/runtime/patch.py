"""How a method of multiprocessing is watched: replaced in place, so that names imported earlier see it too."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from types import FrameType, FunctionType, ModuleType
from typing import Any

from .identity import MARK
from .interruptions import by_handler, hide
from .places import Caller, above, address, by_coroutine, by_library, caller, is_inner, is_library
from .record import Record, current, dull

_patched: set[tuple[int, str, str]] = set()
# Functions of modules with what has come into their place: a program may hold them under names of its own.
_replaced: dict[int, tuple[Any, Any]] = {}


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
    if isinstance(owner, ModuleType):
        # Where it is found, should it be pickled: ``os`` has its functions from ``posix``, which keeps the originals.
        wrapper.__module__, wrapper.__qualname__ = owner.__name__, name
        _replaced[id(original)] = original, wrapper


def rebind() -> None:
    """Watches what the program has imported by name before the watch came (``from ... import``)."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and not is_library(file):
            for names in {id(one): one for one in _namespaces(module)}.values():
                held = [(name, value) for name, value in names.items() if id(value) in _replaced]
                names.update((name, _watched(value)) for name, value in held)


def _namespaces(module: Any) -> Iterator[dict[str, Any]]:
    """The names of a module, and those that its functions see.

    They are not the same where it is the main program imported anew (CPython Lib/multiprocessing/spawn.py,
    ``_fixup_main_from_path``, which copies what ``runpy.run_path`` returns).
    """
    yield vars(module)
    for value in list(vars(module).values()):
        for function in vars(value).values() if isinstance(value, type) else (value,):
            if isinstance(function, FunctionType) and function.__globals__.get("__name__") == module.__name__:
                yield function.__globals__


def _watched(function: Any) -> Any:
    """What has come into a function's place last."""
    while id(function) in _replaced:
        _, function = _replaced[id(function)]
    return function


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


Facts = Callable[..., dict[str, Any]]
# In the stead of a place: no call of the user's.
NOBODY = -1
# Places that are noted, of those.
_MOST = 10_000


class Deed:
    """What is told of a call: that ``verb`` is done to what ``identify`` names, with ``facts`` worked out from its arguments.

    ``after`` is told the record, the object, the result and the event's number once the method has returned. ``dull`` are
    the places where there is nothing left to tell, for what is done ``often``; of what is ``counted``, once nobody counts
    any more.
    """

    def __init__(
        self,
        verb: str,
        identify: Callable[[Any], str | None],
        facts: Facts | None = None,
        after: Callable[[Record, Any, Any, int], None] | None = None,
        *,
        often: bool = False,
        counted: bool = False,
    ) -> None:
        self.verb = verb
        self.dull = dull()
        self._often = often
        self._counted = counted
        self._identify = identify
        self._facts = facts
        self._after = safely(after) if after is not None else None
        self._takes = verb in _TAKES
        self._sends = verb in ("PUT", "SEND")
        self.tell = safely(self._tell)

    def _tell(self, record: Record, who: Caller, thing: Any, *args: Any, **kwargs: Any) -> int:
        """Tells it; gives the number of the event, 0 where there is none."""
        name = self._identify(thing)
        if name is None:
            return 0
        told = self._facts(thing, *args, **kwargs) if self._facts is not None else {}
        if record.child and any(value is thing for value in who.frame.f_globals.values()):
            told["global"] = True
        if by_loop(self.verb, who):
            told["async"] = True
        often = self._often or (self._counted and record.uncounted)
        number = record.event(self.verb, name, who, self.dull if often else None, **told)
        if self._sends:
            record.here.slot.sent = number
        return number

    def news(self, record: Record, at: FrameType, thing: Any, *args: Any) -> int:
        """Tells it of the user's call from a frame, if it is one; which frames are none of the user's is noted."""
        who = above(at)
        if who is None:
            if is_inner(at.f_code) and len(self.dull) < _MOST:
                self.dull[address(at.f_code, at.f_lasti), getattr(thing, MARK, None)] = NOBODY
            elif not is_inner(at.f_code):
                self._aside(record, thing)
            return 0
        return self.tell(record, who, thing, *args) or 0

    def _aside(self, record: Record, thing: Any) -> None:
        """A thread of the library does it for nobody's text that is seen, as that of a ``logging.handlers.QueueListener``."""
        name = self._identify(thing)
        if name is not None and (name, "aside") not in record.epochs:
            record.epochs[name, "aside"] = 1
            record.write("used aside", name)

    def over(self, record: Record | None, thing: Any, result: Any, event: int) -> None:
        """Tells that it has come to its end."""
        if record is None:
            return
        if self._after is not None:
            self._after(record, thing, result, event)
        if record.traced and event:
            record.returned(event, took=self._takes)

    def failed(self, record: Record | None, event: int, error: BaseException) -> None:
        """Tells that it has ended in an exception."""
        if event and record is not None:
            record.failed(event, error)
            record.returned(event)


def done(
    owner: Any,
    name: str,
    verb: str,
    identify: Callable[[Any], str | None],
    facts: Facts | None = None,
    after: Callable[[Record, Any, Any, int], None] | None = None,
    who_calls: Callable[[int], Caller | None] = caller,
    unseen: Callable[[Record, Any], None] | None = None,
) -> None:
    """Watches a method: what it does is a deed; ``who_calls`` finds whose call it is.

    ``unseen`` is told of one that the library makes, by none of the program's text.
    """
    deed = Deed(verb, identify, facts, after)
    aside = safely(unseen) if unseen is not None else None

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def watched(self: Any, /, *args: Any, **kwargs: Any) -> Any:
            record = current()
            who = who_calls(2) if record is not None else None
            event = deed.tell(record, who, self, *args, **kwargs) or 0 if who is not None else 0
            try:
                result = original(self, *args, **kwargs)
            except BaseException as error:
                deed.failed(record, event, error)
                hide(error)
                raise
            if who is not None:
                deed.over(record, self, result, event)
            elif aside is not None and record is not None and by_library(2):
                aside(record, self)
            return result

        return watched

    replace(owner, name, make)


_TAKES = frozenset({"GET", "RECV"})


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
