"""What stands around an event in its flow: loops, handlers, the ways out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..model import Block, Choice, End, Event, Flow, Jump, Loop, Raise, Role, Seq, Try, Verb, parts

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


def walk(flow: Flow, *, handlers: bool = True) -> Iterator[Flow]:
    """A flow and every node in it."""
    yield flow
    for part in parts(flow):
        if isinstance(flow, Try) and not handlers and any(part is handler.body for handler in flow.handlers):
            continue
        yield from walk(part, handlers=handlers)


def surroundings(flow: Flow) -> Iterator[Surroundings]:
    """Every event of a flow with what stands around it."""
    pending: list[tuple[Flow, tuple[Flow, ...]]] = [(flow, ())]
    while pending:
        node, above = pending.pop()
        if isinstance(node, Event):
            yield Surroundings(node, node.setting.above or above)
        else:
            pending.extend((part, (*above, node)) for part in reversed(parts(node)))


def same_turn(flow: Flow, made: Event, later: Event) -> bool:
    """Whether something is done to an object in the very turn of the loop that made it."""
    found = {one.event: one.loops for one in surroundings(flow) if one.event is made or one.event is later}
    mine, other = found.get(made, []), found.get(later, [])
    return bool(mine) and any(loop is mine[-1] for loop in other)


def beside(flow: Flow, one: Event, other: Event) -> bool:
    """Whether each turn of the innermost loop around one event has just one of the other."""
    found = {found.event: found.loops for found in surroundings(flow) if found.event is one or found.event is other}
    mine, yours = found.get(one, []), found.get(other, [])
    return bool(mine) and bool(yours) and mine[-1] is yours[-1]


def in_its_turn(role: Role, event: Event) -> bool:
    """Whether an event surely is of one object: made but once in each copy of its role, or in this very turn of a loop."""
    if not event.target.many:
        return True
    made = [one for one in role.events(Verb.CREATE, Verb.ATTACH) if one.target is event.target]
    return any(same_turn(role.flow, one, event) or not _loops_around(role.flow, one) for one in made)


def _loops_around(flow: Flow, event: Event) -> list[Loop]:
    return next((one.loops for one in surroundings(flow) if one.event is event), [])


def in_open_loop(flow: Flow, event: Event) -> bool:
    """Whether an event stands in a loop whose number of turns is not known beforehand."""
    found = (one for one in surroundings(flow) if one.event is event)
    return any(loop.count is None for one in found for loop in one.loops)


def catches(flow: Flow, event: Event, name: str) -> bool:
    """Whether an ``except`` clause around an event names this very exception."""
    for one in surroundings(flow):
        if one.event is event:
            for outer, inner in zip(one.above, (*one.above[1:], event)):
                if isinstance(outer, Try) and inner is outer.body:
                    if any(handler.names is not None and name in handler.names for handler in outer.handlers):
                        return True
    return False


def waits_for_eof(flow: Flow, event: Event) -> bool:
    """Whether a receive waits for the end of its pipe: a loop to it, or EOFError caught around it."""
    found = [one for one in surroundings(flow) if one.event is event]
    return any(one.catches_eof or one.reads_to_eof for one in found)


__all__ = ["Choice", "Seq", "Surroundings", "leaves", "surroundings", "walk"]
