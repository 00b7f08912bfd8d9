"""Executors of processes and what they are given (CPython Lib/concurrent/futures/process.py)."""

from __future__ import annotations

import threading
from typing import Any

from ..handing import handover
from ..identity import MARK, also, mark
from ..interruptions import hide
from ..patch import done, replace, safely
from ..places import Caller, asker, caller
from ..record import Record, current
from .tasks import between, first_of, made, tell_asked, tell_raised, tell_task, works, wraps_error

# The result of the map that an executor is asked for now, by thread: the futures behind it are its own.
_mapping = threading.local()


def _made(original: Any) -> Any:
    def __init__(
        self: Any,
        max_workers: Any = None,
        mp_context: Any = None,
        initializer: Any = None,
        initargs: Any = (),
        **kwargs: Any,
    ) -> None:
        def make() -> None:
            original(self, max_workers, mp_context, initializer, initargs, **kwargs)

        try:
            made(self, "EXECUTOR", max_workers, initializer, initargs, mp_context, make, "_call_queue")
        except BaseException as error:
            hide(error)
            raise

    return __init__


def _threads_made(original: Any) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        def make() -> None:
            original(self, *args, **kwargs)

        try:
            made(self, "THREAD_POOL", None, None, (), None, make, "")
        except BaseException as error:
            hide(error)
            raise

    return __init__


def _given_to_thread(thing: Any, /, *args: Any, **kwargs: Any) -> dict[str, Any]:
    return {"blocking": "NEVER"}


def _submitted(original: Any) -> Any:
    def submit(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        record, pool = current(), mark(self)
        site, event = getattr(_mapping, "site", None), 0
        who = asker(2) if site is None and record is not None else None
        if record is not None and pool is not None and who is not None:
            site, event = _tell(record, who, pool, fn, args, kwargs) or (None, 0)
        try:
            future = original(self, fn, *args, **kwargs)
        except BaseException as error:
            if record is not None:
                record.failed(event, error)
            hide(error)
            raise
        if site is not None:
            setattr(future, MARK, site)
        return future

    return submit


@safely
def _tell(
    record: Record, who: Caller, pool: str, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[str, int] | None:
    found: tuple[str, int] | None = tell_task(record, who, pool, "submit", handover(fn, args, kwargs), each=False)
    if found is not None and any("asyncio" in file for file in between(who)):
        # The event loop takes the result.
        tell_asked(record, who, found[0], blocking="NEVER")
    return found


def _mapped(original: Any) -> Any:
    def map(self: Any, fn: Any, *iterables: Any, **kwargs: Any) -> Any:
        record, pool, who = current(), mark(self), caller(2)
        if record is not None and pool is not None and who is not None:
            told = _tell_map(record, who, pool, fn, iterables)
            _mapping.site = told[0] if told is not None else None
        try:
            return original(self, fn, *iterables, **kwargs)
        except BaseException as error:
            hide(error)
            raise
        finally:
            _mapping.site = None

    return map


@safely
def _tell_map(record: Record, who: Caller, pool: str, fn: Any, iterables: tuple[Any, ...]) -> tuple[str, int] | None:
    firsts = [first_of(one) for one in iterables]
    known = bool(firsts) and all(firsts)
    handed = handover(fn, tuple(one[0] for one in firsts) if known else (), {})
    handed["complete"] = handed.get("complete", False) and known
    found: tuple[str, int] | None = tell_task(record, who, pool, "map", handed, each=True)
    return found


def _raised(original: Any) -> Any:
    def set_exception(self: Any, exception: Any) -> Any:
        if current() is not None and exception is not None:
            tell_raised(mark(self))
        return original(self, exception)

    return set_exception


def _exit_facts(thing: Any, /, *args: Any) -> dict[str, Any]:
    return {}


def _watch_processes(process: Any) -> None:
    executor = process.ProcessPoolExecutor
    replace(executor, "__init__", _made)
    replace(process, "_process_worker", works)
    replace(process._ExceptionWithTraceback, "__init__", wraps_error)
    replace(executor, "submit", _submitted)
    replace(executor, "map", _mapped)
    done(executor, "shutdown", "SHUTDOWN", mark)
    done(executor, "__exit__", "SHUTDOWN", mark, _exit_facts)
    also("concurrent.futures.process", ("ProcessPoolExecutor",), mark)


def _watch_threads(thread: Any) -> None:
    threads = thread.ThreadPoolExecutor
    replace(threads, "__init__", _threads_made)
    done(threads, "submit", "SUBMIT", mark, _given_to_thread, who_calls=asker)
    done(threads, "shutdown", "SHUTDOWN", mark)
    done(threads, "__exit__", "SHUTDOWN", mark, _exit_facts)


def install(module: Any) -> None:
    """Watches executors of processes, and those of threads as far as they wait."""
    if module.__name__.endswith(".process"):
        _watch_processes(module)
    elif module.__name__.endswith(".thread"):
        _watch_threads(module)
    else:
        replace(module.Future, "set_exception", _raised)
