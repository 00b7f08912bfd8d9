"""What a run did, as a trace: a lane a process, a row a thread, a span a call, an arrow a message.

The Trace Event Format ("Trace Event Format", Google, 2016), as https://ui.perfetto.dev and chrome://tracing read it: ``M``
names a process or thread, ``X`` is a span in microseconds, ``s`` and ``f`` are the two ends of an arrow.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

from .account import Account, lines_of
from .monitor.watchman import Blocked
from .session import Session
from .told import Thread, Told

# Nanoseconds that a call must last for its span to be one of waiting.
_BLOCKED = 100_000
_WAITS = frozenset({"GET", "PUT", "RECV", "SEND", "JOIN", "ACQUIRE", "WAIT", "POLL", "JOIN_THREAD", "RESULT", "SHUTDOWN"})
# Nanoseconds that a span is shown with at least.
_LEAST = 1_000


def write(session: Session, path: str, stuck: Sequence[Blocked] = ()) -> None:
    """Writes the trace of a run into a file."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"traceEvents": list(events(session, stuck)), "displayTimeUnit": "ms"}, file)


def events(session: Session, stuck: Sequence[Blocked] = ()) -> Iterator[dict[str, Any]]:
    """The events of the trace."""
    account = Account(session, stuck)
    if account.program() is not None:
        yield from _Trace(account).events()


class _Trace:
    """The records, and where each event stands in the trace."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._told = account.told
        self._begun = min(told.begun for told in self._told.values())
        # The clock that every process reads: what waits still does so till now.
        self._end = time.monotonic_ns()
        self._at: dict[tuple[str, int], dict[str, Any]] = {}

    def events(self) -> Iterator[dict[str, Any]]:
        """Names first, then spans, then arrows."""
        for told in self._told.values():
            yield from self._named(told)
        for told in self._told.values():
            for thread, lines in lines_of(told).items():
                for line in lines:
                    span = self._span(told, thread, line)
                    self._at[told.name, line[0]] = span
                    yield span
        yield from self._arrows()

    def _named(self, told: Told) -> Iterator[dict[str, Any]]:
        role = self._account.roles[told.name]
        yield {"ph": "M", "name": "process_name", "pid": told.pid, "args": {"name": role.name}}
        order = {"sort_index": list(self._told).index(told.name)}
        yield {"ph": "M", "name": "process_sort_index", "pid": told.pid, "args": order}
        yield {"ph": "M", "name": "thread_name", "pid": told.pid, "tid": told.pid, "args": {"name": "main thread"}}
        for (name, native), thread in self._account.threads.items():
            if name == told.name:
                yield {"ph": "M", "name": "thread_name", "pid": told.pid, "tid": abs(native), "args": {"name": thread.name}}

    def _span(self, told: Told, thread: Thread | None, line: list[Any]) -> dict[str, Any]:
        number, _, verb, name, where, _, moment, facts, *_ = line
        texts, there = self._account.texts, told.places[where]
        place = texts.place(there)
        # A call that never returned lasts to the end.
        open_ = verb in _WAITS and number not in told.done and number not in told.failed
        until = told.done.get(number, (told.last if told.ended else self._end) if open_ else moment + _LEAST)
        blocked = verb in _WAITS and until - moment >= _BLOCKED
        shared = self._account.find(name, moment)
        args = {"place": f"{place.path}:{place.line}:{place.column + 1}", "object": shared.name if shared is not None else name}
        if number in told.failed:
            args["failed"] = told.failed[number]
        return {
            "ph": "X",
            "name": texts.call(there, verb),
            "cat": f"{verb.lower()},blocked" if blocked else verb.lower(),
            "pid": told.pid,
            "tid": abs(thread.native) if thread is not None else told.pid,
            "ts": self._micro(moment),
            "dur": max(until - moment, _LEAST) / 1000,
            "args": args,
        }

    def _micro(self, moment: int) -> float:
        return (moment - self._begun) / 1000

    def _arrows(self) -> Iterator[dict[str, Any]]:
        """From each put or send to what took its message."""
        number = 0
        for told in self._told.values():
            for event, sender in told.came.items():
                begin, end = self._at.get(sender), self._at.get((told.name, event))
                if begin is not None and end is not None:
                    number += 1
                    arrow = {"name": "message", "cat": "message", "id": number}
                    yield {**arrow, "ph": "s", "pid": begin["pid"], "tid": begin["tid"], "ts": begin["ts"]}
                    yield {**arrow, "ph": "f", "bp": "e", "pid": end["pid"], "tid": end["tid"], "ts": end["ts"] + end["dur"]}
