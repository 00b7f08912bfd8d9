"""Queues: Queue, JoinableQueue, SimpleQueue (CPython Lib/multiprocessing/queues.py)."""

from __future__ import annotations

import sys
from typing import Any

from .. import record as records
from ..identity import queue
from ..interruptions import hide
from ..patch import Deed, constant, done, replace, safely, waiting
from ..places import caller
from ..record import Record, current
from ..slots import Slot
from .carrying import carried, inner, untold
from .messages import QUEUED, Taken, trailer
from .shapes import tell_shape

_KINDS = {"Queue": "QUEUE", "JoinableQueue": "JOINABLE_QUEUE", "SimpleQueue": "SIMPLE_QUEUE"}


# What every message goes through is written out for each method, as in ``pipes``.


def _put_facts(thing: Any, obj: Any = None, block: Any = True, timeout: Any = None) -> dict[str, Any]:
    return {**constant(obj), **waiting(block, timeout)}


def _get_facts(thing: Any, block: Any = True, timeout: Any = None) -> dict[str, Any]:
    return waiting(block, timeout)


def _let_go(record: Record | None) -> None:
    """No message came of it."""
    if record is not None:
        slot = record.here.slot
        slot.within, slot.sends, slot.sent = False, 0, 0


# The feeder of the class itself, and whether it is that of a class derived from it.
_FEEDER = ("_feed", "_start_thread")
_feeders: list[Any] = []
_as_ever: dict[type, bool] = {}


def _feeds_as_ever(cls: type, record: Record) -> bool:
    """Whether what is put goes through multiprocessing's own feeder, which pickles with multiprocessing's own pickler.

    Else the messages carry no clock, and what they order is not known: only what was seen to fail is told then.
    """
    found = _as_ever[cls] = [getattr(cls, name) for name in _FEEDER] == _feeders
    if not found:
        record.write("deaf", cls.__name__)
    return found


def _taken(record: Record, slot: Slot, thing: Any, obj: Any) -> Any:
    """What is put in the stead of an object: it and the clock of now, where that may be asked for.

    Of a put that is not told any more the feeder sends the clock of its own moment, which is no earlier.
    """
    feeds = _as_ever.get(type(thing))
    if feeds is None:
        feeds = _feeds_as_ever(type(thing), record)
    if not feeds or record.passive:
        return obj
    sent, slot.sent = slot.sent, 0
    tail = None if sent else record.clock.tail
    return Taken((obj, tail if tail is not None else trailer(record.clock, sent)))


def _puts(counted: bool) -> Any:
    deed = Deed("PUT", queue, _put_facts, often=not counted, counted=counted)
    frame, dull = sys._getframe, deed.dull

    def make(original: Any) -> Any:
        def put(self: Any, obj: Any, block: bool = True, timeout: Any = None) -> None:
            record, event, told = records.now, 0, obj
            if record is not None:
                slot = record.here.slot
                try:
                    at = frame(1)
                except ValueError:
                    at = frame()
                place = dull.get((id(at.f_code) + at.f_lasti, self._flake8_ipc))
                if place is None or obj is None:
                    event = deed.news(record, at, self, obj, block, timeout)
                    if event:
                        tell_shape(record, event, obj)
                    told = _taken(record, slot, self, obj)
                elif place < 0:
                    told = _taken(record, slot, self, obj)
                elif place != slot.place:
                    slot.stands(place)
            try:
                original(self, told, block, timeout)
            except BaseException as error:
                deed.failed(record, event, error)
                hide(error)
                raise
            if event:
                deed.over(record, self, None, event)

        return put

    return make


def _gets(counted: bool) -> Any:
    deed = Deed("GET", queue, _get_facts, _got, often=not counted, counted=counted)
    frame, dull = sys._getframe, deed.dull

    def make(original: Any) -> Any:
        def get(self: Any, block: bool = True, timeout: Any = None) -> Any:
            record, event = records.now, 0
            if record is not None:
                slot = record.here.slot
                try:
                    at = frame(1)
                except ValueError:
                    at = frame()
                place = dull.get((id(at.f_code) + at.f_lasti, self._flake8_ipc))
                if place is None:
                    event = deed.news(record, at, self, block, timeout)
                elif place != slot.place and place >= 0:
                    slot.stands(place)
            try:
                result = original(self, block, timeout)
            except BaseException as error:
                deed.failed(record, event, error)
                hide(error)
                raise
            if event:
                deed.over(record, self, result, event)
            return result

        return get

    return make


def _simple_put(original: Any) -> Any:
    deed = Deed("PUT", queue, _put_facts, often=True)
    frame, dull = sys._getframe, deed.dull

    def put(self: Any, obj: Any) -> None:
        record, event = records.now, 0
        if record is not None:
            slot = record.here.slot
            try:
                at = frame(1)
            except ValueError:
                at = frame()
            place = dull.get((id(at.f_code) + at.f_lasti, self._flake8_ipc))
            if place is None or obj is None:
                event = deed.news(record, at, self, obj)
            elif place != slot.place and place >= 0:
                slot.stands(place)
            slot.sends = QUEUED
        try:
            original(self, obj)
        except BaseException as error:
            _let_go(record)
            deed.failed(record, event, error)
            hide(error)
            raise
        if event:
            deed.over(record, self, None, event)

    return put


def _simple_get(original: Any) -> Any:
    deed = Deed("GET", queue, None, _got, often=True)
    frame, dull = sys._getframe, deed.dull

    def get(self: Any) -> Any:
        record, event = records.now, 0
        if record is not None:
            slot = record.here.slot
            try:
                at = frame(1)
            except ValueError:
                at = frame()
            place = dull.get((id(at.f_code) + at.f_lasti, self._flake8_ipc))
            if place is None:
                event = deed.news(record, at, self)
            elif place != slot.place and place >= 0:
                slot.stands(place)
            slot.within = True
        try:
            result = original(self)
        except BaseException as error:
            _let_go(record)
            deed.failed(record, event, error)
            hide(error)
            raise
        if event:
            deed.over(record, self, result, event)
        return result

    return get


def _made(original: Any) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            original(self, *args, **kwargs)
        except BaseException as error:
            hide(error)
            raise
        safely(_tell_made)(self)

    return __init__


def _tell_made(thing: Any) -> None:
    record, who = current(), caller(4)
    name = queue(thing)
    if record is None or who is None or name is None:
        return
    kind = next((_KINDS[cls.__name__] for cls in type(thing).__mro__ if cls.__name__ in _KINDS), "QUEUE")
    size = getattr(thing, "_maxsize", 0)
    bounded = 0 < size < _UNBOUNDED
    record.thing(name, kind, who, maxsize=size if bounded else 0)


def _got(record: Record, thing: Any, result: Any, event: int) -> None:
    """Tells whose message was taken: one that comes back to the process that put it, and each that is acknowledged."""
    if event and (record.sender[0] == record.name or hasattr(thing, "task_done")):
        record.write("took", event, *record.sender)


def _acknowledges(original: Any) -> Any:
    """What was done for an item comes before whatever follows a join of its queue."""
    deed = Deed("TASK_DONE", queue, counted=True)
    frame, dull, pass_on = sys._getframe, deed.dull, safely(_pass_on)

    def task_done(self: Any) -> None:
        record, event = records.now, 0
        if record is not None:
            try:
                at = frame(1)
            except ValueError:
                at = frame()
            place = dull.get((id(at.f_code) + at.f_lasti, self._flake8_ipc))
            if place is None:
                event = deed.news(record, at, self)
            elif place >= 0:
                record.here.slot.stands(place)
            pass_on(record, self)
        try:
            original(self)
        except BaseException as error:
            deed.failed(record, event, error)
            hide(error)
            raise
        if event:
            deed.over(record, self, None, event)

    return task_done


def _pass_on(record: Record, thing: Any) -> None:
    name = queue(thing)
    if name is not None:
        record.pass_on(name)


def _all_acknowledged(record: Record, thing: Any, result: Any, event: int) -> None:
    name = queue(thing)
    if name is not None:
        record.take_in(name)


def _set_up(original: Any) -> Any:
    """A queue's own locks are only ever released by who holds them."""

    def sets_up(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            hide(error)
            raise
        for name in ("_rlock", "_wlock"):
            inner(getattr(self, name, None))
        if hasattr(self, "_recv_bytes"):
            carried(self)
        if getattr(self, "_maxsize", 0) >= _UNBOUNDED:
            untold(self._sem)
        return result

    return sets_up


def _counting(original: Any) -> Any:
    """What a joined queue counts its items by: nobody waits for that semaphore, and its lock is the queue's own."""

    def sets_up(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            original(self, *args, **kwargs)
        except BaseException as error:
            hide(error)
            raise
        untold(self._unfinished_tasks)
        inner(self._cond._lock)

    return sets_up


# The most that a semaphore counts to, where a queue has no bound (Lib/multiprocessing/queues.py).
_UNBOUNDED = 2**31 - 1


def install(queues: Any) -> None:
    """Watches the three classes."""
    _feeders[:] = [getattr(queues.Queue, name) for name in _FEEDER]
    replace(queues.Queue, "_reset", _set_up)
    replace(queues.SimpleQueue, "__init__", _set_up)
    replace(queues.SimpleQueue, "__setstate__", _set_up)
    replace(queues.Queue, "__init__", _made)
    replace(queues.JoinableQueue, "__init__", _counting)
    replace(queues.JoinableQueue, "__init__", _made)
    replace(queues.JoinableQueue, "__setstate__", _counting)
    replace(queues.SimpleQueue, "__init__", _made)
    queues.Queue._flake8_ipc = queues.SimpleQueue._flake8_ipc = None
    # All that is acknowledged is counted.
    replace(queues.JoinableQueue, "put", _puts(counted=True))
    replace(queues.JoinableQueue, "get", _gets(counted=True))
    replace(queues.JoinableQueue, "task_done", _acknowledges)
    replace(queues.Queue, "put", _puts(counted=False))
    replace(queues.Queue, "get", _gets(counted=False))
    done(queues.Queue, "close", "CLOSE", queue)
    done(queues.Queue, "join_thread", "JOIN_THREAD", queue)
    done(queues.Queue, "cancel_join_thread", "CANCEL_JOIN_THREAD", queue)
    done(queues.JoinableQueue, "join", "JOIN", queue, after=_all_acknowledged)
    replace(queues.SimpleQueue, "put", _simple_put)
    replace(queues.SimpleQueue, "get", _simple_get)
    done(queues.SimpleQueue, "close", "CLOSE", queue)
