"""What a loop learns that looks at a shared value until it has changed: whatever was done before that change.

A flag carries no clock, for every write of every value would have to. So it is worked out afterwards: a loop that can end
by what it reads alone, and is left, has read what was written last by then.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import Any, NamedTuple

from .sources import FUNCTIONS
from .texts import Texts
from .told import Thread, Told

Counts = Mapping[str, float]
Lines = Callable[[Told], Mapping[Thread | None, list[list[Any]]]]
# A value that was looked at, and which of its elements.
_Looked = tuple[str, object]
# An event's own share of its epoch: no process tells as many.
_SHARE = 1e-9
_EXITS = (ast.Break, ast.Return, ast.Raise)
_CHANGES = frozenset({"WRITE", "CALL"})


class _Write(NamedTuple):
    moment: int
    writer: str
    key: object
    counts: Counts


class _End(NamedTuple):
    """The first event behind a loop: its number, where it stands, and what all loops up to there have learnt."""

    number: int
    moment: float
    learnt: Counts


class Polls:
    """Who learnt what of whom by looking at shared values, in one run; ``known`` tells an object's name at a moment."""

    def __init__(self, told: Mapping[str, Told], texts: Texts, known: Callable[[str, int], str], lines: Lines) -> None:
        self._texts = texts
        self._known = known
        self._deciding: dict[ast.While, frozenset[ast.AST]] = {}
        self._ends: dict[str, list[_End]] = {}
        left = [(one, end) for one in told.values() for thread in lines(one).values() for end in self._left(one, thread)]
        if left:
            written = self._written({name for _, (_, looked) in left for name, _ in looked}, told)
            for one, (line, looked) in sorted(left, key=lambda end: end[1][0][0]):
                self._end(one, line, [write for name, key in looked for write in _last(written[name], one, line[6], key)])

    def counts(self, told: Told, number: int, clock: int) -> Counts:
        """What a process knew of the others' past at one of its events."""
        counts = dict[str, float](told.clocks.get(clock, {}))
        if self._ends:
            counts[told.name] = _moment(told, number, clock)
            while any([self._learns(counts, poller, told.name, number) for poller in self._ends]):
                pass
        return counts

    def _learns(self, counts: dict[str, float], poller: str, owner: str, number: int) -> bool:
        """Adds what came of those loops of one process that are known of; whether that was anything new."""
        ends = self._ends[poller]
        if poller == owner:
            passed = bisect_right(ends, number, key=lambda end: end.number)
        else:
            passed = bisect_right(ends, counts.get(poller, 0), key=lambda end: end.moment)
        learnt = ends[passed - 1].learnt if passed else {}
        news = {name: count for name, count in learnt.items() if name != owner and counts.get(name, 0) < count}
        counts.update(news)
        return bool(news)

    def _end(self, told: Told, line: list[Any], writes: list[_Write]) -> None:
        ends = self._ends.setdefault(told.name, [])
        learnt = dict(ends[-1].learnt) if ends else {}
        for write in writes:
            for name, count in write.counts.items():
                learnt[name] = max(learnt.get(name, 0), count)
        ends.append(_End(line[0], _moment(told, line[0], line[5]), learnt))

    def _written(self, names: Set[str], told: Mapping[str, Told]) -> Mapping[str, list[_Write]]:
        """What was done to the values that loops look at, in its order."""
        found: dict[str, list[_Write]] = {name: [] for name in names}
        for one in told.values():
            for number, _, verb, name, _, clock, moment, facts, _ in one.events:
                if verb in _CHANGES and (known := self._known(name, moment)) in names:
                    counts = {**one.clocks.get(clock, {}), one.name: _moment(one, number, clock)}
                    found[known].append(_Write(moment, one.name, facts.get("key"), counts))
        for writes in found.values():
            writes.sort(key=lambda write: write.moment)
        return found

    # -- the loops

    def _left(self, told: Told, lines: list[list[Any]]) -> Iterator[tuple[list[Any], set[_Looked]]]:
        """The events with which a thread is behind a loop, and what it had looked at in there."""
        looking: dict[ast.While, set[_Looked]] = {}
        around = {where: self._around(told, where) for where in {line[4] for line in lines}}
        for line in lines:
            loops = around[line[4]]
            for loop in [one for one in looking if one not in loops]:
                yield line, looking.pop(loop)
            if line[2] == "READ":
                for loop in [one for one, decides in loops.items() if decides]:
                    looking.setdefault(loop, set()).add((self._known(line[3], line[6]), line[7].get("key")))

    def _around(self, told: Told, where: int) -> dict[ast.While, bool]:
        """The loops around what was done at a place, and whether what is read there decides that they end."""
        found: dict[ast.While, bool] = {}
        for call in (*told.calls.get(where, ()), where):
            source, node = self._texts.source(told.places[call].path), self._texts.node(told.places[call])
            above = [node, *source.above(node)] if node is not None else []
            for loop in above:
                if isinstance(loop, FUNCTIONS):
                    break
                if isinstance(loop, ast.While):
                    found[loop] = any(one in self._decides(loop) for one in above)
        return found

    def _decides(self, loop: ast.While) -> frozenset[ast.AST]:
        """The one test that can end a loop, with all that is part of it; nothing where there are several ways out."""
        if loop not in self._deciding:
            tests = [test for one in _within(loop.body) if isinstance(one, ast.If) and (test := _ends_by(one)) is not None]
            exits = sum(isinstance(one, _EXITS) for one in _within(loop.body))
            if not isinstance(loop.test, ast.Constant):
                tests.append(loop.test)
                exits += 1
            parts = list(ast.walk(tests[0])) if len(tests) == exits == 1 else []
            self._deciding[loop] = frozenset() if any(isinstance(one, ast.And) for one in parts) else frozenset(parts)
        return self._deciding[loop]


def _moment(told: Told, number: int, clock: int) -> float:
    """Where an event stands in its process's own past: epochs are whole numbers, and whoever knows one knows all of it."""
    return told.clocks.get(clock, {}).get(told.name, 0) - 1 + number * _SHARE


def _last(written: list[_Write], told: Told, moment: int, key: object) -> Iterable[_Write]:
    """What each of the others had done last to a value by a moment."""
    found: dict[str, _Write] = {}
    for write in written:
        if write.moment < moment and write.writer != told.name and (write.key == key or None in (write.key, key)):
            found[write.writer] = write
    return found.values()


def _within(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a loop that belong to no other loop or function; of an inner loop those that leave the outer one."""
    for statement in body:
        yield statement
        if isinstance(statement, (ast.While, ast.For, ast.AsyncFor)):
            yield from (one for one in _within(statement.body) if isinstance(one, (ast.Return, ast.Raise)))
        elif not isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            for part in ast.iter_child_nodes(statement):
                inner = getattr(part, "body", None)
                yield from _within([part] if isinstance(part, ast.stmt) else inner if isinstance(inner, list) else [])


def _ends_by(statement: ast.If) -> ast.expr | None:
    """The test of a statement under which a loop is left."""
    return statement.test if any(isinstance(one, _EXITS) for one in statement.body) else None
