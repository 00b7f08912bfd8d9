"""Vector clocks: what each process knows of the others' past.

Source: Fidge, "Timestamps in message-passing systems that preserve the partial ordering" (1988); Mattern, "Virtual time
and global states of distributed systems" (1989).
"""

from __future__ import annotations

import json
from collections.abc import Mapping


class Clock:
    """The clock of one process (or thread): counts of releases by process name.

    Only what passes knowledge on (a start, a message, a signal) makes it tick.
    """

    __slots__ = ("_head", "_heads", "counts", "name", "version")

    def __init__(self, name: str, counts: Mapping[str, int] | None = None) -> None:
        self.name = name
        self.counts: dict[str, int] = dict(counts or {})
        self.counts[name] = self.counts.get(name, 0) + 1
        self.version = 0
        self._head: bytes | None = None
        self._heads: dict[bytes, str] = {}

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
                self._head = None

    def stamp(self) -> tuple[bytes, int]:
        """What is passed on with a message: who sends and what it knows of others, which seldom changes, and its own count."""
        head = self._head
        if head is None:
            others = {name: count for name, count in self.counts.items() if name != self.name}
            head = self._head = json.dumps([self.name, others]).encode()
        count = self.counts[self.name]
        self.counts[self.name] = count + 1
        self.version += 1
        return head, count

    def take(self, head: bytes, count: int) -> str:
        """Takes in what came with a message; gives who sent it."""
        sender = self._heads.get(head)
        if sender is None:
            if len(self._heads) >= _HEADS:
                self._heads.clear()
            sender, others = json.loads(head)
            self.acquire(others)
            self._heads[head] = sender
        if self.counts.get(sender, 0) < count:
            self.counts[sender] = count
            self.version += 1
            self._head = None
        return sender


# Heads that are remembered, to be read once.
_HEADS = 256
