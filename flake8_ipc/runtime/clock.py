"""Vector clocks: what each process knows of the others' past.

Source: Fidge, "Timestamps in message-passing systems that preserve the partial ordering" (1988); Mattern, "Virtual time
and global states of distributed systems" (1989).
"""

from __future__ import annotations

import json
from collections.abc import Mapping


class Clock:
    """The clock of one process (or thread): counts of releases by process name.

    Only what passes knowledge on (a start, a message, a signal) makes it tick, and only once something has happened after
    that: what is passed on twice with nothing between is the same. ``version`` changes with each epoch. ``tail`` is kept
    here by whoever sends messages, as long as what they carry stays the same. ``learnt`` is what was taken in since it began:
    all that whoever began it may not know; ``news`` what there is since it was told last, all of it at first.
    """

    __slots__ = ("_head", "_heads", "_passed", "counts", "learnt", "name", "news", "tail", "version")

    def __init__(self, name: str, counts: Mapping[str, int] | None = None) -> None:
        self.name = name
        self._begin(dict(counts or {}))

    def _begin(self, counts: dict[str, int]) -> None:
        name = self.name
        self.counts = counts
        counts[name] = counts.get(name, 0) + 1
        self.learnt: dict[str, int] = {}
        self.news: dict[str, int] = counts
        self.version = 0
        self.tail: bytes | None = None
        self._passed = False
        self._head: bytes | None = None
        self._heads: dict[bytes, str] = {}

    def child(self, name: str, passed: int) -> Clock:
        """The clock of a forked child, in that child: it goes on with what it has inherited, of which nothing is copied.

        ``passed`` is what it was given to know of its parent, who may have been at more in another thread.
        """
        clock = Clock.__new__(Clock)
        clock.name = name
        self.counts[self.name] = passed
        clock._begin(self.counts)
        return clock

    def happens(self) -> int:
        """Something happens here now; gives the version of the epoch that it is part of."""
        if self._passed:
            self._passed = False
            self.news[self.name] = self.counts[self.name] = self.counts[self.name] + 1
            self.tail = None
        return self.version

    def release(self) -> dict[str, int]:
        """What is passed on: all that happened so far; what follows is not part of it."""
        self.pass_on()
        return dict(self.counts)

    def last(self) -> dict[str, int]:
        """The same, without what whoever began this process knows anyway."""
        self.pass_on()
        return {**self.learnt, self.name: self.counts[self.name]}

    def told(self) -> tuple[bool, dict[str, int]]:
        """What there is to tell, and whether that is all or what is new."""
        news, self.news = self.news, {}
        return news is self.counts, news

    def untold(self) -> None:
        """What was told may have been lost: all of it is to be told again."""
        self.news = self.counts

    def pass_on(self) -> None:
        """All that happened so far is passed on."""
        if not self._passed:
            self._passed = True
            self.version += 1

    def acquire(self, counts: Mapping[str, int]) -> None:
        """Takes in what somebody passed on."""
        mine = self.counts
        for name, count in counts.items():
            if mine.get(name, 0) < count:
                self.learnt[name] = self.news[name] = mine[name] = count
                self.version += 1
                self._head = self.tail = None

    def stamp(self) -> tuple[bytes, int]:
        """What is passed on with a message: who sends and what it knows of others, which seldom changes, and its own count."""
        head = self._head
        if head is None:
            others = {name: count for name, count in self.counts.items() if name != self.name}
            head = self._head = json.dumps([self.name, others]).encode()
        self.pass_on()
        return head, self.counts[self.name]

    def take(self, head: bytes, count: int) -> str:
        """Takes in what came with a message; gives who sent it."""
        sender = self._heads.get(head)
        if sender is None:
            if len(self._heads) >= _HEADS:
                self._heads.clear()
            sender, others = json.loads(head)
            self.acquire(others)
            self._heads[head] = sender
        self.acquire({sender: count})
        return sender


# Heads that are remembered, to be read once.
_HEADS = 256
