"""Repetitions in what a process did, told as loops: a long run becomes a short flow, and no count is lost."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from ..model import Count, Flow, Loop, Seq

T = TypeVar("T")

# The longest block of events that is recognised when it comes again at once.
_LONGEST = 48


def folded(
    items: Sequence[T],
    key: Callable[[T], Hashable],
    event: Callable[[T], Flow | None],
    again: Callable[[T, T], None] | None = None,
) -> Seq:
    """The flow of these items; a block that follows itself three times or more is told by its first and last turn,
    and by a loop for those between. ``again`` is told of each item that has no event of its own, and by which it is told."""
    keys = [key(item) for item in items]
    flow = Seq()
    at = 0
    while at < len(items):
        length, turns = _repeat(keys, at)
        if turns < 4:
            _add(flow, items[at : at + 1], event)
            at += 1
            continue
        _add(flow, items[at : at + length], event)
        body = Seq()
        _add(body, items[at + length : at + 2 * length], event)
        if body.items:
            flow.items.append(Loop(body, Count(turns - 2, turns - 2)))
        if again is not None:
            for skipped in range(at + 2 * length, at + length * (turns - 1)):
                again(items[skipped], items[at + length + (skipped - at) % length])
        at += length * (turns - 1)
        _add(flow, items[at : at + length], event)
        at += length
    return flow


def _add(flow: Seq, items: Sequence[T], event: Callable[[T], Flow | None]) -> None:
    flow.items += [made for item in items if (made := event(item)) is not None]


def _repeat(keys: Sequence[Hashable], at: int) -> tuple[int, int]:
    """The block that repeats itself most from here: its length and how often it comes."""
    best = (1, 1)
    for length in range(1, min(_LONGEST, (len(keys) - at) // 2) + 1):
        if keys[at] != keys[at + length]:
            continue
        block = keys[at : at + length]
        turns = 1
        while keys[at + turns * length : at + (turns + 1) * length] == block:
            turns += 1
        if turns * length > best[0] * best[1] and turns > 3:
            best = (length, turns)
    return best
