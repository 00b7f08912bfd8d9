"""Which items taken from a queue are acknowledged along every path of a role, and which once too often.

A role's flow is played through with the items it has taken and not acknowledged yet. Explicit raises lead to their
handlers; what else may raise does so where a ``try`` begins, before anything is done in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ..model import (
    UNFINISHED,
    Block,
    Choice,
    Constant,
    End,
    Ending,
    Event,
    Flow,
    Handler,
    Jump,
    Loop,
    Raise,
    Role,
    Seq,
    Shared,
    Try,
    Verb,
    walk,
)

_CATCH_ALL = frozenset({"Exception", "BaseException"})
# Handlers of these alone wait for the events that are shown.
_SHOWN = frozenset({"Empty", "Full", "EOFError", "BrokenBarrierError", "TimeoutError", "BrokenPipeError"})
# An item of which so many more are taken before the first is acknowledged never will be.
_TOO_MANY = 3
_STATES = 100


@dataclass(frozen=True, slots=True)
class Taken:
    """An item that was taken: by which get, what it is or is not on this path, whether an exception came since."""

    get: Event
    known: Constant | None = None
    others: frozenset[Constant] = frozenset()
    caught: bool = False


@dataclass(frozen=True, slots=True)
class _Book:
    """What is not acknowledged yet, and what acknowledged the last one.

    ``chose``: a branch that cannot be judged chose whether to acknowledge. ``failed``: an exception was caught in this
    turn, such as that of a get that found nothing.
    """

    taken: tuple[Taken, ...] = ()
    last: Event | None = None
    chose: bool = False
    failed: bool = False


_Books: TypeAlias = frozenset[_Book]
_NONE: _Books = frozenset()


class _Unclear(Exception):
    """There are more ways through than are followed."""


@dataclass(slots=True)
class Account:
    """What the paths of one role leave: items never acknowledged, and acknowledgements of one that was, with the first."""

    missing: dict[Taken, None] = field(default_factory=dict)
    surplus: dict[Event, Event] = field(default_factory=dict)


def account(role: Role, queue: Shared) -> Account:
    """The account of one role; empty where it cannot be told, as for items that are acknowledged in batches."""
    if any(event.clock is not None for event in role.events(Verb.GET)):
        return _seen(role, queue)
    if _in_batches(role.flow, queue):
        return _short(role.flow, queue)
    try:
        return _Reader(queue).read(role.flow)
    except _Unclear:
        return Account()


def _seen(role: Role, queue: Shared) -> Account:
    """The account of a run, which has one path: who acknowledges means what he took last."""
    found = Account()
    if not role.counted:
        return found
    taken: list[Event] = []
    last: Event | None = None
    for event in role.events(Verb.GET, Verb.TASK_DONE):
        if event.target is not queue or (event.verb is Verb.GET and event.failed is not None):
            continue
        if event.verb is Verb.GET:
            taken.append(event)
            last = None
        elif taken:
            taken.pop()
            last = event
        elif last is not None:
            found.surplus[event] = last
    waits = any(event.failed == UNFINISHED for event in role.events(Verb.GET) if event.target is queue)
    if role.ending is not Ending.ITSELF and not waits:
        # Ended in its work: what it had taken last might have come to be acknowledged.
        taken = taken[:-1]
    found.missing.update(dict.fromkeys(Taken(event, event.payload) for event in taken))
    return found


def _in_batches(flow: Flow, queue: Shared) -> bool:
    """Whether some loop only takes and another part only acknowledges."""
    whole = _verbs(flow, queue)
    if len(whole) < 2:
        return False
    return any(isinstance(node, Loop) and len(_verbs(node.body, queue)) == 1 for node in walk(flow))


def _short(flow: Flow, queue: Shared) -> Account:
    """The account of batches: what a loop leaves for sure that takes more in each turn than it acknowledges."""
    found = Account()
    for node in walk(flow):
        if isinstance(node, Loop):
            taken, acknowledged = (_times(node.body, queue, verb) for verb in (Verb.GET, Verb.TASK_DONE))
            if taken is not None and acknowledged is not None and taken > acknowledged > 0:
                gets = [one for one in walk(node.body) if isinstance(one, Event) and one.verb is Verb.GET]
                found.missing.update(dict.fromkeys(Taken(get) for get in gets if get.target is queue))
    return found


def _times(flow: Flow, queue: Shared, verb: Verb) -> int | None:
    """How often something is done to a queue; None where it hangs on anything, or may be cut short."""
    if isinstance(flow, Event):
        return int(flow.target is queue and flow.verb is verb and flow.exact)
    if isinstance(flow, Seq):
        parts = [_times(item, queue, verb) for item in flow.items]
        return None if None in parts else sum(part for part in parts if part is not None)
    if isinstance(flow, Choice):
        branches = {_times(branch, queue, verb) for branch in flow.branches}
        return branches.pop() if len(branches) == 1 else None
    if isinstance(flow, Block):
        return _times(flow.body, queue, verb)
    if isinstance(flow, Loop):
        each, turns = _times(flow.body, queue, verb), flow.count.exact if flow.count is not None else None
        return 0 if each == 0 else each * turns if each is not None and turns is not None else None
    return None


def _verbs(flow: Flow, queue: Shared) -> set[Verb]:
    wanted = (Verb.GET, Verb.TASK_DONE)
    return {node.verb for node in walk(flow) if isinstance(node, Event) and node.target is queue and node.verb in wanted}


class _Reader:
    def __init__(self, queue: Shared) -> None:
        self._queue = queue
        self._account = Account()
        self._left: dict[tuple[int, bool], _Books] = {}
        self._raised: list[tuple[str | None, _Books]] = []

    def read(self, flow: Flow) -> Account:
        """The whole account of a flow."""
        self._finish(self._flow(flow, frozenset({_Book()})))
        return self._account

    def _finish(self, books: _Books) -> None:
        for book in books:
            self._account.missing.update(dict.fromkeys(item for item in book.taken if not item.caught))

    def _flow(self, flow: Flow, books: _Books) -> _Books:
        if not books:
            return books
        if len(books) > _STATES:
            raise _Unclear
        if isinstance(flow, Event):
            return self._event(flow, books) if flow.target is self._queue else books
        if isinstance(flow, Seq):
            for item in flow.items:
                books = self._flow(item, books)
            return books
        if isinstance(flow, Choice):
            return self._choice(flow, books)
        if isinstance(flow, Loop):
            return self._loop(flow, books)
        if isinstance(flow, Block):
            books = self._flow(flow.body, books)
            return books | self._left.pop((id(flow), False), _NONE)
        if isinstance(flow, Try):
            return self._try(flow, books)
        if isinstance(flow, Jump):
            self._leave((id(flow.target), flow.again), books)
        elif isinstance(flow, Raise):
            self._raised.append((flow.name, books))
        else:
            assert isinstance(flow, End)
            self._finish(books)
        return _NONE

    def _leave(self, to: tuple[int, bool], books: _Books) -> None:
        self._left[to] = self._left.get(to, _NONE) | books

    # -- events

    def _event(self, event: Event, books: _Books) -> _Books:
        if event.verb is Verb.GET:
            if event.raises is not None:
                self._raised.append((event.raises, books))
            return frozenset(after for book in books if (after := self._take(event, book)) is not None)
        if event.verb is Verb.TASK_DONE:
            return frozenset(self._acknowledge(event, book) for book in books)
        return books

    def _take(self, event: Event, book: _Book) -> _Book | None:
        before = [item for item in book.taken if item.get is event]
        if len(before) + 1 >= _TOO_MANY:
            self._account.missing[before[0]] = None
            return None
        return _Book((*book.taken, Taken(event)))

    def _acknowledge(self, event: Event, book: _Book) -> _Book:
        if book.taken:
            rest = book.taken[:-1]
            return replace(book, taken=rest, last=None if rest else event)
        if book.last is not None:
            self._account.surplus.setdefault(event, book.last)
        return book

    # -- branches

    def _choice(self, flow: Choice, books: _Books) -> _Books:
        known = any(flow.test is not None and flow.test.event is item.get for book in books for item in book.taken)
        acknowledge = [Verb.TASK_DONE in _verbs(branch, self._queue) for branch in flow.branches]
        splits = not known and any(acknowledge) and not all(acknowledge)
        if not known:
            books = _judged(books, splits=splits)
        ends = [self._flow(branch, _learn(flow, index, books)) for index, branch in enumerate(flow.branches)]
        after = _NONE.union(*ends)
        through = {does for does, end in zip(acknowledge, ends) if end}
        return frozenset(replace(book, chose=True) for book in after) if splits and len(through) == 2 else after

    def _loop(self, loop: Loop, books: _Books) -> _Books:
        seen, after = _NONE, _NONE
        pending = books
        while new := pending - seen:
            seen |= new
            if len(seen) > _STATES:
                raise _Unclear
            turn = frozenset(replace(book, last=None, failed=False) for book in new)
            end = self._flow(loop.body, turn) | self._left.pop((id(loop), True), _NONE)
            after |= end
            pending = _NONE if loop.count is not None and loop.count.high == 1 else end
        left = self._left.pop((id(loop), False), _NONE)
        return left | after if loop.count is not None else left

    # -- exceptions

    def _try(self, flow: Try, books: _Books) -> _Books:
        left, raised = self._left, self._raised
        self._left, self._raised = {}, []
        after = self._flow(flow.body, books)
        inside, self._raised = self._raised, []
        after = self._flow(flow.orelse, after)
        for handler in flow.handlers:
            entered = _NONE if handler.names is not None and _SHOWN.issuperset(handler.names) else books
            entered = entered.union(*(states for name, states in inside if _catches(handler, name)))
            after |= self._flow(handler.body, frozenset(map(_interrupted, entered)))
        mine, escaped = self._left, self._raised
        escaped += [(name, states) for name, states in inside if not any(_catches(one, name) for one in flow.handlers)]
        self._left, self._raised = left, raised
        after = self._flow(flow.final, after)
        for to, states in mine.items():
            self._leave(to, self._flow(flow.final, states))
        self._raised += [(name, self._flow(flow.final, states)) for name, states in escaped]
        return after


def _interrupted(book: _Book) -> _Book:
    return replace(book, taken=tuple(replace(item, caught=True) for item in book.taken), last=None, failed=True)


def _judged(books: _Books, *, splits: bool) -> _Books:
    """The books that are followed into branches that cannot be judged.

    What hangs on whether something failed before, or, with ``splits``, on an earlier branch that chose, cannot be told.
    """
    failed = any(book.failed for book in books)
    return frozenset(
        book for book in books if not (splits and book.chose) and not (failed and book.taken and not book.failed)
    )


def _catches(handler: Handler, name: str | None) -> bool:
    return handler.names is None or name is None or name in handler.names or bool(_CATCH_ALL.intersection(handler.names))


def _learn(flow: Choice, index: int, books: Iterable[_Book]) -> _Books:
    """The books that can come to a branch, with what it tells of the item it looks at."""
    test = flow.test
    if test is None:
        return frozenset(books)
    equal = test.equal is (index == 0)
    found = set()
    for book in books:
        items = list(book.taken)
        at = next((place for place in reversed(range(len(items))) if items[place].get is test.event), None)
        if at is not None:
            item = items[at]
            if (item.known is not None and (item.known == test.constant) is not equal) or (
                equal and test.constant in item.others
            ):
                continue
            items[at] = (
                replace(item, known=test.constant) if equal else replace(item, others=item.others | {test.constant})
            )
        found.add(replace(book, taken=tuple(items)))
    return frozenset(found)
