"""What stands around an event in its flow: loops, handlers, the ways out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .events import Event
from .flow import Block, End, Flow, Jump, Loop, Raise, Try, parts, walk

_END_OF_FILE = frozenset({"EOFError", "OSError", "ConnectionError", "IOError"})
_ANY = frozenset({"Exception", "BaseException"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The nodes that an event stands in, outermost first."""

    event: Event
    above: tuple[Flow, ...]

    @property
    def loops(self) -> list[Loop]:
        """The loops around it, outermost first."""
        return [node for node in self.above if isinstance(node, Loop)]

    @property
    def catches_eof(self) -> bool:
        """Whether an EOFError raised here is caught in this role."""
        return self.catches(_END_OF_FILE)

    def catches(self, names: frozenset[str]) -> bool:
        """Whether an exception of one of these names, raised here, is caught in this role."""
        names |= _ANY
        for outer, inner in zip(self.above, (*self.above[1:], self.event)):
            if isinstance(outer, Try) and inner is outer.body:
                for handler in outer.handlers:
                    if handler.names is None or names.intersection(handler.names):
                        return True
        return False

    @property
    def endless(self) -> bool:
        """Whether it stands in a loop that only an exception from here ends."""
        return any(loop.count is None and not leaves(loop, handlers=True) for loop in self.loops)

    @property
    def reads_to_eof(self) -> bool:
        """Whether only the end of the pipe ends the loop that it stands in."""
        if not self.loops:
            return False
        loop = self.loops[-1]
        if loop.count is not None:
            return False
        return not leaves(loop, handlers=False)


def leaves(loop: Loop, *, handlers: bool) -> bool:
    """Whether something in a loop's body can end the loop; in its ``except`` clauses too with ``handlers``."""
    inside: set[int] = set()
    for node in walk(loop.body, handlers=handlers):
        if isinstance(node, (Block, Loop)):
            inside.add(id(node))
    for node in walk(loop.body, handlers=handlers):
        if isinstance(node, End) or (isinstance(node, Raise) and node.sure):
            return True
        if isinstance(node, Jump) and id(node.target) not in inside and not (node.target is loop and node.again):
            return True
    return False


def surroundings(flow: Flow) -> Iterator[Surroundings]:
    """Every event of a flow, in the order of the text, with what stands around it."""
    pending: list[tuple[Flow, tuple[Flow, ...]]] = [(flow, ())]
    while pending:
        node, above = pending.pop()
        if isinstance(node, Event):
            yield Surroundings(node, node.setting.above or above)
        elif inner := parts(node):
            deeper = (*above, node)
            pending.extend([(part, deeper) for part in reversed(inner)])
