"""A role's flow as a control flow graph, and what can be worked out along it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from ..model import Block, Choice, End, Event, Flow, Handler, Jump, Loop, Raise, Seq, Try, Verb

State = TypeVar("State")
# Loops nested deeper than this are not unrolled.
_UNROLLED = 2
_CATCH_ALL = frozenset({"Exception", "BaseException"})


@dataclass(eq=False, slots=True)
class Node:
    """A point of the flow: an event, an end of the role in the midst of its flow, or a mere crossing.

    ``after`` is where it goes on, ``failing`` where an exception before its event may lead. ``catchers`` are the
    ``except`` clauses around it, innermost first, by the names they catch. ``raises`` is the exception raised here anew.
    """

    event: Event | None = None
    after: list[Node] = field(default_factory=list)
    failing: tuple[Node, ...] = ()
    catchers: tuple[tuple[tuple[str, ...] | None, Node], ...] = ()
    raises: str | None = None
    end: End | None = None


@dataclass(frozen=True, slots=True)
class _Context:
    """Where jumps and exceptions lead at some point of the flow."""

    targets: dict[int, tuple[Node, Node, int]]
    finals: tuple[tuple[Flow, _Context], ...] = ()
    handlers: tuple[tuple[tuple[str, ...] | None, Node], ...] = ()
    depth: int = 0


class Graph:
    """The graph of a flow.

    Each loop's first turn stands apart from its later ones, so that what holds on every path into the second turn can
    be told. A loop over a collection turns at least once: that nothing happens where there is nothing is no finding.
    """

    def __init__(self, flow: Flow) -> None:
        self.nodes: list[Node] = []
        self._ways: dict[Node, list[tuple[Node, bool]]] = {}
        self.exit = self._node()
        self.failed = self._node()
        # The ways of an exception that nobody catches: through every ``finally`` to the end.
        self._uncaught: set[Node] = {self.failed}
        self.entry = self._build(flow, self.exit, _Context({}, handlers=((None, self.failed),)))

    def _node(self, event: Event | None = None, *after: Node) -> Node:
        node = Node(event, list(after))
        self.nodes.append(node)
        return node

    def _build(self, flow: Flow, next_: Node, at: _Context) -> Node:
        if isinstance(flow, Event):
            node = self._node(flow, next_)
            node.failing = tuple(handler for _, handler in at.handlers if handler is not self.failed)
            node.catchers = at.handlers
            return node
        if isinstance(flow, Seq):
            for item in reversed(flow.items):
                next_ = self._build(item, next_, at)
            return next_
        if isinstance(flow, Choice):
            return self._choice(flow, next_, at)
        if isinstance(flow, Loop):
            return self._loop(flow, next_, at)
        if isinstance(flow, Block):
            inside = self._inside(at, flow, next_, next_)
            return self._build(flow.body, next_, inside)
        if isinstance(flow, Jump):
            return self._jump(flow, at)
        if isinstance(flow, Try):
            return self._try(flow, next_, at)
        if isinstance(flow, Raise):
            if not flow.sure:
                return self._risk(next_, at)
            node = self._node(None, *self._catchers(flow.name, at))
            node.raises = flow.name
            return node
        assert isinstance(flow, End)
        node = self._node(None, self.exit if flow.hard else self._past_finals(self.exit, at.finals))
        node.end = flow
        return node

    def _choice(self, flow: Choice, next_: Node, at: _Context) -> Node:
        branches = [self._build(branch, next_, at) for branch in flow.branches]
        test = flow.test
        if test is not None and test.event.verb is not Verb.QUERY:
            # Past the branch of a message that is known, it is known that this very message came.
            index = 0 if test.equal else 1
            got = test.event
            learned = Event(
                Verb.GET, got.target, got.place, got.name, payload=test.constant, setting=got.setting, exact=got.exact
            )
            branches[index] = self._node(learned, branches[index])
        return self._node(None, *branches)

    @staticmethod
    def _inside(at: _Context, target: Loop | Block, leave: Node, again: Node) -> _Context:
        targets = {**at.targets, id(target): (leave, again, len(at.finals))}
        return _Context(targets, at.finals, at.handlers, at.depth)

    def _loop(self, loop: Loop, next_: Node, at: _Context) -> Node:
        head = self._node(None)
        deeper = _Context(at.targets, at.finals, at.handlers, at.depth + 1)
        later = self._build(loop.body, head, self._inside(deeper, loop, next_, head))
        head.after = [later] if loop.count is None else [later, next_]
        if at.depth >= _UNROLLED:
            return later
        if loop.count is not None and loop.count.high == 1:
            return self._build(loop.body, next_, self._inside(deeper, loop, next_, next_))
        return self._build(loop.body, head, self._inside(deeper, loop, next_, head))

    def _jump(self, jump: Jump, at: _Context) -> Node:
        leave, again, depth = at.targets.get(id(jump.target), (self.exit, self.exit, 0))
        node = again if jump.again else leave
        return self._node(None, self._past_finals(node, at.finals[depth:]))

    def _past_finals(self, node: Node, finals: tuple[tuple[Flow, _Context], ...]) -> Node:
        """The way to a node through what has to be done before."""
        for final, context in finals:
            node = self._build(final, node, context)
        return node

    def _try(self, flow: Try, next_: Node, at: _Context) -> Node:
        after = self._build(flow.final, next_, at)
        rest = at.handlers
        if not (isinstance(flow.final, Seq) and not flow.final.items):
            rest = tuple((names, self._build(flow.final, node, at)) for names, node in at.handlers)
            self._uncaught.update(new for (_, new), (_, old) in zip(rest, at.handlers) if old in self._uncaught)
        finals = (*at.finals, (flow.final, at))
        guarded = _Context(at.targets, finals, rest, at.depth)
        catching: list[tuple[tuple[str, ...] | None, Node]] = []
        for handler in flow.handlers:
            catching.append((handler.names, self._build(handler.body, after, guarded)))
        all_caught = any(_catches_all(handler) for handler in flow.handlers)
        inner = _Context(at.targets, finals, tuple(catching) if all_caught else (*catching, *rest), at.depth)
        orelse = self._build(flow.orelse, after, guarded)
        body = self._build(flow.body, orelse, inner)
        head = self._node(None, body)
        head.failing = tuple(node for _, node in catching)
        return head

    def _risk(self, next_: Node, at: _Context) -> Node:
        """What may raise anything: every handler may get it, up to the first that catches all."""
        node = self._node(None, next_)
        for names, handler in at.handlers:
            node.failing = (*node.failing, handler)
            if names is None or _CATCH_ALL.intersection(names):
                break
        return node

    def _catchers(self, name: str | None, at: _Context) -> list[Node]:
        for names, node in at.handlers:
            if names is None or name in names or _CATCH_ALL.intersection(names):
                return [node]
        return [self.failed]

    # -- working things out

    def forward(
        self,
        start: State,
        step: Callable[[State, Event], State],
        meet: Callable[[State, State], State],
        fails: Callable[[Event | None], bool] = lambda event: True,
        *,
        failing: bool = True,
    ) -> dict[Node, State]:
        """The state before each node that can be reached, met over all paths that lead there.

        ``fails`` tells which events raise what a handler around them catches (None: something in its body that is no
        event); all may, unless told otherwise. Without ``failing`` only the paths on which nothing raises.
        """
        before: dict[Node, State] = {self.entry: start}
        pending = [self.entry]
        while pending:
            node = pending.pop()
            state = before[node]
            after = step(state, node.event) if node.event is not None else state
            for next_ in node.after:
                _merge(before, pending, next_, after, meet)
            for handler in node.failing if failing and fails(node.event) else ():
                _merge(before, pending, handler, state, meet)
        return before

    def caught(self, node: Node, *names: str) -> Node | None:
        """Where the handler begins that catches an exception of one of these names, raised at a node; None: nobody does."""
        for caught, handler in node.catchers:
            if caught is None or _CATCH_ALL.intersection(caught) or not set(names).isdisjoint(caught):
                return None if handler in self._uncaught else handler
        return None

    def beyond(self, start: Node, ends: Callable[[Event], bool] = lambda event: False) -> Iterator[Node]:
        """Every node that can be reached from one where no call raises; not past an event that ``ends`` the way."""
        seen, pending = {start}, [start]
        while pending:
            node = pending.pop()
            yield node
            if node.event is None or not ends(node.event):
                fresh = [after for after in node.after if after not in seen]
                seen.update(fresh)
                pending.extend(fresh)

    def later(self, event: Event, *, until: Callable[[Event], bool] = lambda event: False) -> set[Event]:
        """The events that may come after one, on paths that go no further than an event that ``until`` holds of."""
        found: set[Event] = set()
        seen: set[Node] = set()
        pending = [next_ for node in self.at(event) for next_ in (*node.after, *node.failing)]
        while pending:
            node = pending.pop()
            if node in seen:
                continue
            seen.add(node)
            if node.event is not None:
                found.add(node.event)
                if until(node.event):
                    continue
            pending.extend((*node.after, *node.failing))
        return found

    def earlier(self, event: Event) -> set[Event]:
        """The events that may have been done, and not have failed, before one."""
        found: set[Event] = set()
        pending = self.at(event)
        seen = set(pending)
        ways = self._ways_to()
        while pending:
            for node, done in ways.get(pending.pop(), ()):
                if done and node.event is not None:
                    found.add(node.event)
                if node not in seen:
                    seen.add(node)
                    pending.append(node)
        return found

    def _ways_to(self) -> dict[Node, list[tuple[Node, bool]]]:
        """The nodes that lead to each, of those that can be reached; and whether their events are done on that way."""
        if not self._ways:
            for node in self.forward(None, lambda state, event: None, lambda one, other: None):
                for next_ in node.after:
                    self._ways.setdefault(next_, []).append((node, True))
                for handler in node.failing:
                    self._ways.setdefault(handler, []).append((node, False))
        return self._ways

    def at(self, event: Event) -> list[Node]:
        """Every node of an event."""
        return [node for node in self.nodes if node.event is event]


def _merge(
    before: dict[Node, State], pending: list[Node], node: Node, state: State, meet: Callable[[State, State], State]
) -> None:
    new = node not in before
    merged = state if new else meet(before[node], state)
    if new or merged != before[node]:
        before[node] = merged
        pending.append(node)


def _catches_all(handler: Handler) -> bool:
    return handler.names is None or bool(_CATCH_ALL.intersection(handler.names))


def by_event(before: dict[Node, State]) -> dict[Event, list[State]]:
    """The states before each event, one for each node it has."""
    found: dict[Event, list[State]] = {}
    for node, state in before.items():
        if node.event is not None:
            found.setdefault(node.event, []).append(state)
    return found


def union(one: frozenset[State], other: frozenset[State]) -> frozenset[State]:
    """What holds on some path."""
    return one | other


def intersection(one: frozenset[State], other: frozenset[State]) -> frozenset[State]:
    """What holds on every path."""
    return one & other


__all__ = ["Graph", "Iterable", "Node", "by_event", "intersection", "union"]
