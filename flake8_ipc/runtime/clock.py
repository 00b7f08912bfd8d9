"""Vector clocks: what each process knows of the others' past.

Source: Fidge, "Timestamps in message-passing systems that preserve the partial ordering" (1988); Mattern, "Virtual time
and global states of distributed systems" (1989).
"""

from __future__ import annotations

from collections.abc import Mapping


class Clock:
    """The clock of one process (or thread): counts of releases by process name.

    Only what passes knowledge on (a start, a message, a signal) makes it tick.
    """

    __slots__ = ("counts", "name", "version")

    def __init__(self, name: str, counts: Mapping[str, int] | None = None) -> None:
        self.name = name
        self.counts: dict[str, int] = dict(counts or {})
        self.counts[name] = self.counts.get(name, 0) + 1
        self.version = 0

    def release(self) -> dict[str, int]:
        """What is passed on: all that happened so far; what follows is not part of it."""
        told = dict(self.counts)
        self.counts[self.name] += 1
        self.version += 1
        return told

    def acquire(self, counts: Mapping[str, int]) -> None:
        """Takes in what somebody passed on."""
        mine = self.counts
        for name, count in counts.items():
            if mine.get(name, 0) < count:
                mine[name] = count
                self.version += 1
