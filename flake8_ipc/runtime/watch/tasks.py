"""What pools and executors have in common: how they are made, which processes work for them, what a task is.

Results that come of one call in the text are told as one: the program asks for all of them or for none.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator
from typing import Any

from ..handing import handover
from ..identity import MARK
from ..interruptions import hide
from ..patch import safely
from ..places import Caller, caller
from ..record import Record, current
from .processes import outside, raised_facts

_numbers = itertools.count(1)


def made(self: Any, kind: str, size: Any, initializer: Any, initargs: Any, context: Any, make: Any, queue: str) -> None:
    """Makes a pool or executor, and tells of it; ``queue`` is what it keeps the way to its workers in."""
    record = current()
    name, event = safely(_tell_made)(self, kind, size, initializer, initargs, context) or (None, 0)
    try:
        make()
    except BaseException as error:
        if record is not None:
            record.failed(event, error)
        raise
    if record is not None and name is not None:
        _tell_workers(record, name, getattr(self, queue, None))


def _tell_made(
    self: Any, kind: str, size: Any, initializer: Any, initargs: Any, context: Any
) -> tuple[str, int] | None:
    record, who = current(), caller(5)
    if record is None or who is None:
        return None
    name = f"pool:{record.name}/{next(_numbers)}"
    setattr(self, MARK, name)
    facts: dict[str, Any] = {"size": size if isinstance(size, int) else None}
    method = getattr(context, "_name", None)
    if isinstance(method, str) and not _by_default():
        facts["method"] = method
    if initializer is not None:
        facts["handover"] = handover(initializer, initargs, {})
    return name, record.thing(name, kind, outside(self, who), **facts)


def _by_default() -> bool:
    """Whether the context comes from the default one, as ``multiprocessing.Pool`` has it (Lib/multiprocessing/context.py)."""
    from multiprocessing import context

    above = sys._getframe(5)
    made_by = above.f_locals.get("self") if above.f_code.co_name == "Pool" else None
    return isinstance(made_by, context.DefaultContext)


@safely
def _tell_workers(record: Record, name: str, queue: Any) -> None:
    """Tells by which pipe the workers of a pool get their tasks; threads need none."""
    if queue is not None and hasattr(queue, "_reader"):
        record.write("workers", name, os.fstat(queue._reader.fileno()).st_ino)


def works(original: Any) -> Any:
    """What a worker runs: it tells where its tasks come from."""

    def worker(inqueue: Any, *args: Any, **kwargs: Any) -> Any:
        safely(_tell_worker)(inqueue)
        return original(inqueue, *args, **kwargs)

    return worker


def _tell_worker(queue: Any) -> None:
    record = current()
    if record is not None:
        record.write("worker", os.fstat(queue._reader.fileno()).st_ino)


@safely
def tell_task(record: Record, who: Caller, pool: str, how: str, handed: dict[str, Any], **facts: Any) -> tuple[str, int]:
    """Tells a task; gives the name of its result and the number of the event."""
    site = f"result:{pool}:{record.place(who)}"
    event = record.event("SUBMIT", pool, who, handover=handed, how=how, result=site, blocking="NEVER", **facts)
    return site, event


@safely
def tell_asked(record: Record, who: Caller, site: str, **facts: Any) -> int:
    """Tells that somebody asks for a result."""
    return record.event("RESULT", site, who, **facts)


@safely
def tell_raised(site: str | None) -> None:
    """Tells that a task has ended in an exception; once for all that come of one call."""
    record = current()
    if record is not None and site is not None and (site, "raises") not in record.epochs:
        record.epochs[site, "raises"] = 1
        record.write("raises", site)


def first_of(elements: Any) -> tuple[Any, ...]:
    """The first of what many tasks get, in a tuple; empty where it is not known before it is taken."""
    if isinstance(elements, (list, tuple, range)):
        return tuple(elements[:1])
    # What is repeated without end is the same before and after one is taken.
    return (next(elements),) if type(elements) is itertools.repeat and not _ends(elements) else ()


def _ends(repeated: Any) -> bool:
    try:
        repeated.__length_hint__()
    except TypeError:
        return False
    return True


def wraps_error(original: Any) -> Any:
    """What a worker packs an exception of a task in: the task asked for something that was not there."""

    def __init__(self: Any, exc: Any, tb: Any) -> None:
        if isinstance(exc, (NameError, AttributeError)):
            safely(_tell_failing)(exc)
        try:
            original(self, exc, tb)
        except BaseException as error:
            hide(error)
            raise

    return __init__


def _tell_failing(error: BaseException) -> None:
    record = current()
    if record is not None:
        facts = raised_facts(record, error)
        if (facts["place"], "failing") not in record.epochs:
            record.epochs[facts["place"], "failing"] = 1
            record.write("failing", facts["place"], facts)


def between(who: Caller) -> Iterator[str]:
    """The files whose code stands between the user's call and ours."""
    frame: Any = sys._getframe(2)
    while frame is not who.frame and frame is not None:
        yield frame.f_code.co_filename
        frame = frame.f_back
