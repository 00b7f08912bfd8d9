"""What a thread was in when its process was ended.

Of what is done often only the first times are written down; but the table of waits, which outlives the process, shows where
a thread waited last.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .endings import fits
from .slots import Wait
from .tables import Shown
from .told import Thread, Told

# What may wait, and so be unfinished.
_WAITS = frozenset({"GET", "RECV", "SEND", "JOIN", "ACQUIRE", "WAIT", "POLL", "JOIN_THREAD", "RESULT"})


class Lastly:
    """The end of one process: its table as it was left, and which of its threads were proved to be stuck."""

    def __init__(self, told: Told, table: Mapping[int, Shown], stuck: Collection[int]) -> None:
        self._told = told
        self._table = table
        self._stuck = stuck
        self._dull = {(verb, *rest) for (what, verb), all_ in told.more.items() if what == "dull" for rest in map(tuple, all_)}

    def lines(self, thread: Thread | None, lines: list[list[Any]]) -> list[list[Any]]:
        """The events of a thread, with the one that it was in though it was not written down any more."""
        shown = self._table.get(self._native(thread))
        if not self._dull or self._told.ended or shown is None or shown.wait is Wait.NOTHING or not lines:
            return lines
        there = [line for line in lines if line[4] == shown.place and fits(shown.wait, line[2])]
        if not there or lines[-1][4] == shown.place or (there[-1][2], there[-1][3], shown.place) not in self._dull:
            return lines
        _, number, verb, name, where, *_, facts, at = there[-1]
        self._told.unwritten += 1
        return [*lines, [-self._told.unwritten, number, verb, name, where, lines[-1][5], self._told.last, facts, at]]

    def unfinished(self, thread: Thread | None, lines: list[list[Any]]) -> int:
        """The number of the event that a thread was still in when it was ended; 0: none."""
        if not lines or self._told.ended or self._native(thread) in self._stuck:
            return 0
        number, _, verb, name, where, *_ = lines[-1]
        if verb not in _WAITS:
            return 0
        shown = self._table.get(self._native(thread))
        if (verb, name, where) in self._dull and (shown is None or shown.wait is Wait.NOTHING):
            # It came here again, and went on.
            return 0
        return int(number)

    def _native(self, thread: Thread | None) -> int:
        return thread.native if thread is not None else self._told.pid
