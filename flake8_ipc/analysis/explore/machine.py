"""A role's flow as a list of small steps, of which only those remain that matter to who waits for whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ...model import Block, Choice, Count, End, Event, Flow, Jump, Loop, Raise, Seq, Shared, Test, Try, Verb, events

CATCH_ALL = frozenset({"Exception", "BaseException"})
Handlers = tuple[tuple[tuple[str, ...] | None, int], ...]


@dataclass(eq=False, slots=True)
class Deed:
    """Does an event, then goes on; ``handlers`` are where its exceptions lead."""

    event: Event
    next: int
    handlers: Handlers


@dataclass(eq=False, slots=True)
class Fork:
    """Goes on at one of several steps; ``test`` tells which, where that is known.

    ``chosen``: the text has these branches, where it does not only stand for what may raise.
    """

    targets: list[int]
    test: Test | None
    chosen: bool = False


@dataclass(eq=False, slots=True)
class Enter:
    """Begins to count a loop's turns in a slot."""

    slot: int
    count: Count
    consumes: bool
    head: int
    body: int


@dataclass(eq=False, slots=True)
class Head:
    """Another turn, or on behind the loop."""

    slot: int
    body: int
    next: int


@dataclass(eq=False, slots=True)
class Stop:
    """The role has ended."""


@dataclass(eq=False, slots=True)
class Spin:
    """The role does something for ever that concerns nobody."""


Step = Deed | Fork | Enter | Head | Stop | Spin


@dataclass(frozen=True, slots=True)
class _At:
    targets: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    finals: tuple[tuple[Flow, _At], ...] = ()
    handlers: Handlers = ()


class Machine:
    """The steps of one role. ``matters`` says which events remain, ``takes`` which of them use something up."""

    def __init__(self, flow: Flow, matters: Callable[[Event], bool], takes: Callable[[Event], bool]) -> None:
        self._matters = matters
        self._takes = takes
        self.steps: list[Step] = [Stop()]
        self.slots = 0
        # Each loop's head, and the first step behind it that is none of its own.
        self.loops: list[tuple[int, int]] = []
        self.start = self._build(flow, 0, _At())

    def _add(self, step: Step) -> int:
        self.steps.append(step)
        return len(self.steps) - 1

    def _build(self, flow: Flow, next_: int, at: _At) -> int:
        if isinstance(flow, Event):
            return self._add(Deed(flow, next_, at.handlers)) if self._matters(flow) else self._unseen(flow, next_, at)
        if isinstance(flow, Seq):
            for item in reversed(flow.items):
                next_ = self._build(item, next_, at)
            return next_
        if isinstance(flow, Choice):
            targets = [self._build(branch, next_, at) for branch in flow.branches]
            return targets[0] if len(set(targets)) == 1 else self._add(Fork(targets, flow.test, chosen=True))
        if isinstance(flow, Loop):
            return self._loop(flow, next_, at)
        if isinstance(flow, Block):
            return self._build(flow.body, next_, _inside(at, flow, next_, next_))
        if isinstance(flow, Jump):
            return self._jump(flow, at)
        if isinstance(flow, Try):
            return self._try(flow, next_, at)
        if isinstance(flow, Raise):
            return caught(at.handlers, flow.name) if flow.sure else next_
        assert isinstance(flow, End)
        return 0

    def _unseen(self, event: Event, next_: int, at: _At) -> int:
        """What is done to something that is not played may end in its exception, where that is caught."""
        name = "EOFError" if event.verb is Verb.RECV else event.raises if event.verb is Verb.GET else None
        handler = caught(at.handlers, name) if name is not None else 0
        return self._add(Fork([next_, handler], None)) if handler and handler != next_ else next_

    def _loop(self, loop: Loop, next_: int, at: _At) -> int:
        if loop.count is None:
            head = self._add(Spin())
            body = self._build(loop.body, head, _inside(at, loop, next_, head))
            self.loops.append((head, len(self.steps)))
            if all(event.verb is Verb.PAUSE for event in events(loop.body)) or self._runs_dry(loop, head + 1):
                # Who only looks, again and again, at something outside does see it come about in the end; and what is not
                # played comes to an end, too.
                for step in self.steps[head + 1 :]:
                    if isinstance(step, Fork):
                        step.targets = [to for to in step.targets if to != head] or step.targets
            if body != head:
                # The head is a mere crossing: it leads to the body.
                self.steps[head] = Fork([body], None)
            return body
        slot, self.slots = self.slots, self.slots + 1
        head = self._add(Head(slot, next_, next_))
        before = len(self.steps)
        body = self._build(loop.body, head, _inside(at, loop, next_, head))
        self.loops.append((head, len(self.steps)))
        if body == head:
            return next_
        self.steps[head] = Head(slot, body, next_)
        consumes = any(isinstance(step, Deed) and self._takes(step.event) for step in self.steps[before:])
        return self._add(Enter(slot, loop.count, consumes, head, body))

    def _runs_dry(self, loop: Loop, first: int) -> bool:
        """Whether each turn of a loop, from its ``first`` step, takes something or raises, and does nothing that is played."""
        items = loop.body.items if isinstance(loop.body, Seq) else [loop.body]
        takes = any(isinstance(one, Event) and one.verb is Verb.GET and one.raises is not None for one in items)
        return takes and not any(isinstance(step, Deed) for step in self.steps[first:])

    def _jump(self, jump: Jump, at: _At) -> int:
        leave, again, depth = at.targets.get(id(jump.target), (0, 0, 0))
        to = again if jump.again else leave
        for final, context in at.finals[depth:]:
            to = self._build(final, to, context)
        return to

    def _try(self, flow: Try, next_: int, at: _At) -> int:
        after = self._build(flow.final, next_, at)
        rest: Handlers = at.handlers
        if not (isinstance(flow.final, Seq) and not flow.final.items):
            rest = tuple((names, self._build(flow.final, to, at)) for names, to in at.handlers)
            rest = (*rest, (None, self._build(flow.final, 0, at)))
        guarded = _At(at.targets, (*at.finals, (flow.final, at)), rest)
        mine = tuple((handler.names, self._build(handler.body, after, guarded)) for handler in flow.handlers)
        inner = _At(at.targets, guarded.finals, (*mine, *rest))
        orelse = self._build(flow.orelse, after, guarded)
        body = self._build(flow.body, orelse, inner)
        # What cannot be seen may raise too, before anything else is done.
        entries = sorted({body, *(to for _, to in mine)})
        return body if not mine or self._sees_all(flow) else self._add(Fork([body, *(e for e in entries if e != body)], None))

    @staticmethod
    def _sees_all(flow: Try) -> bool:
        """Whether only the events shown raise: handlers of EOFError, Empty and their kin wait for those alone."""
        known = {"EOFError", "Empty", "Full", "BrokenBarrierError", "TimeoutError", "OSError", "BrokenPipeError"}
        known |= {"KeyboardInterrupt", "queue.Empty"}
        return all(handler.names is not None and known.issuperset(handler.names) for handler in flow.handlers)


def _inside(at: _At, target: Loop | Block, leave: int, again: int) -> _At:
    return _At({**at.targets, id(target): (leave, again, len(at.finals))}, at.finals, at.handlers)


def begins_with_branches(machine: Machine) -> bool:
    """Whether branches of the text, and nothing else, are chosen between before the first deed."""
    seen: set[int] = set()
    pending = [machine.start]
    while pending:
        pc = pending.pop()
        step = machine.steps[pc]
        if pc in seen or isinstance(step, (Deed, Stop, Enter)):
            continue
        seen.add(pc)
        if not isinstance(step, Fork) or step.test is not None or (len(step.targets) > 1 and not step.chosen):
            return False
        pending += step.targets
    return bool(seen)


def turns_idly(machine: Machine, fork: int, pc: int, carriers: frozenset[Shared]) -> bool:
    """Whether all ways from a fork's target lead to the next turn of a loop around it, without a put on one of these queues."""
    around = {head for head, end in machine.loops if head < fork < end}
    seen: set[int] = set()
    pending = [pc] if around else []
    while pending:
        pc = pending.pop()
        step = machine.steps[pc]
        if pc in around or pc in seen:
            continue
        seen.add(pc)
        if isinstance(step, Deed):
            if step.event.verb is Verb.PUT and step.event.target in carriers:
                return False
            pending.append(step.next)
        elif isinstance(step, Fork):
            pending += step.targets
        elif isinstance(step, (Enter, Head)):
            pending += [step.body, step.head if isinstance(step, Enter) else step.next]
        else:
            return False
    return bool(around)


def caught(handlers: Handlers, name: str | None) -> int:
    """Where an exception of this name leads: a handler's first step, or the role's end."""
    for names, to in handlers:
        if names is None or name in names or CATCH_ALL.intersection(names):
            return to
    return 0
