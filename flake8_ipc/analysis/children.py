"""Children of ``subprocess`` and the pipes to them: who reads and closes what before somebody waits.

A child whose output nobody takes blocks in its write when the pipe is full, and then neither ends nor closes another
pipe. Only what no normal path has done counts: a pipe that may have been read is taken for read, and so is one that code
which cannot be seen has got before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..model import (
    Choice,
    End,
    Event,
    Jump,
    Key,
    Loop,
    Program,
    Raise,
    Role,
    RoleKind,
    Shared,
    Stream,
    Subprocess,
    Surroundings,
    Verb,
    leaves,
    walk,
)
from .graph import by_event, union
from .study import Study

_ENDS = frozenset({Verb.JOIN, Verb.KILL, Verb.TERMINATE, Verb.WAIT})
_TENDS = (Verb.RECV, Verb.CLOSE, Verb.SEND, Verb.ESCAPE)
_EMPTY = (None, "", b"")
# A fact of the state beside the names of the pipes that are tended: something was written to the child.
_WRITTEN = "written"


@dataclass(frozen=True, slots=True)
class Block:
    """An event that waits for a child which may be blocked, for nobody tends this pipe before."""

    event: Event
    child: Subprocess
    stream: Stream


def blocked(study: Study) -> Iterator[Block]:
    """Every wait for a child that may be blocked, of children all of whose users are known."""
    if study.program.observed:
        yield from _seen(study.program)
        return
    for role, create in study.program.events(Verb.CREATE):
        child = create.target
        if isinstance(child, Subprocess) and child.streams and not (child.whole or elsewhere(study, child)):
            yield from _Child(study, role, child).blocks()


def _seen(program: Program) -> Iterator[Block]:
    """The waits of a run that were proved to last for good, and those after which a pipe that nobody read held something."""
    stuck = {halt.event for halt in program.halts}
    for role in program.roles:
        ended: set[Shared] = set()
        read = {event.target for one in program.roles if one is not role for event in one.events(Verb.RECV)}
        for event in role.events():
            child = event.target.child if isinstance(event.target, Stream) else event.target
            if not isinstance(child, Subprocess) or child.whole:
                continue
            if event.verb in (Verb.KILL, Verb.TERMINATE):
                ended.add(child)
            elif event.verb is Verb.RECV:
                read.add(event.target)
            asked = event.verb is Verb.WAIT or (event.verb is Verb.POLL and _again_and_again(event))
            pipes = [one for one in event.unread if isinstance(one, Stream) and one not in read]
            if not asked or child in ended:
                pipes = []
            if event in stuck:
                pipes = list(_untaken(program, child, event))
            if pipes:
                yield Block(event, child, pipes[0])


def _again_and_again(event: Event) -> bool:
    return any(isinstance(node, Loop) and node.count is None for node in event.setting.above)


def _untaken(program: Program, child: Subprocess, event: Event) -> Iterator[Stream]:
    """The pipes of a child that nobody reads, and last the one that nobody closes."""
    tended = {one.target for _, one in program.events(Verb.RECV, Verb.CLOSE) if one is not event}
    for which in ("stdout", "stderr", "stdin"):
        pipe = child.streams.get(which)
        if pipe is not None and pipe is not event.target and pipe not in tended:
            yield pipe


def elsewhere(study: Study, child: Subprocess) -> bool:
    """Whether more may be done to a child than is seen, nobody knows when.

    An object of a program that is only a part holds it, or somebody has it who got it in no visible way.
    """
    if child.kept and study.program.root.kind is RoleKind.ENTRY:
        return True
    return child.open and not any(study.program.uses(child, Verb.ESCAPE))


class _Child:
    """One child, seen from the role that made it."""

    def __init__(self, study: Study, role: Role, child: Subprocess) -> None:
        self.study = study
        self.role = role
        self.child = child
        self.around = {
            one.event: one
            for one in role.around.values()
            if one.event.target is child or one.event.target in child.streams.values()
        }
        others = set(_tended_by_others(study.program, role, child))
        given = {event.target for event in role.events(Verb.ESCAPE)}
        part = study.program.root.kind is RoleKind.ENTRY
        self.pipes = {
            which: pipe
            for which, pipe in child.streams.items()
            if pipe not in others and (not pipe.open or pipe in given) and not (part and pipe.kept)
        }

    def blocks(self) -> Iterator[Block]:
        if not self.pipes:
            return
        nothing: frozenset[str] = frozenset()
        before = by_event(self.study.graph(self.role).forward(nothing, self._step, union, failing=False))
        for event in self.around:
            for state in before.get(event, ()):
                pipe = self._untended(event, state) if event.exact else None
                if pipe is not None:
                    yield Block(event, self.child, pipe)
                    break

    def _step(self, state: frozenset[str], event: Event) -> frozenset[str]:
        target = event.target
        if target is self.child:
            if event.verb is Verb.CREATE:
                return frozenset()
            ended = event.verb in _ENDS or event.verb is Verb.ESCAPE or (event.verb is Verb.POLL and self._in_poll_loop(event))
            return state | set(self.pipes) if ended else state
        if isinstance(target, Stream) and target.child is self.child:
            if event.verb in (Verb.CLOSE, Verb.ESCAPE):
                return state | {target.which}
            if event.verb is Verb.SEND:
                return state | {_WRITTEN}
            if event.verb is Verb.RECV:
                # What was read to its end has told that the child is past all its pipes.
                whole = self._to_the_end(event)
                rest = {which for which in self.pipes if which != "stdin" or _WRITTEN in state}
                return state | {target.which} | (rest if whole else set())
        return state

    def _untended(self, event: Event, state: frozenset[str]) -> Stream | None:
        """The pipe that blocks the child while this event waits for it."""
        out = [pipe for which, pipe in self.pipes.items() if which not in state and which != "stdin"]
        fed = [pipe for which, pipe in self.pipes.items() if which not in state and which == "stdin"]
        if event.verb is Verb.WAIT:
            return next(iter((*out, *fed)), None)
        if event.verb is Verb.POLL and self._in_poll_loop(event):
            read = self._beside(event, self._poll_loops(event))
            return next((pipe for pipe in (*out, *fed) if pipe not in read), None)
        if event.verb is Verb.RECV and self._to_the_end(event):
            beside = self._beside(event, self.around[event].loops[-1:])
            others = [pipe for pipe in out if pipe is not event.target and pipe not in beside]
            if fed and _WRITTEN in state and fed[0] not in beside:
                others += fed
            return next(iter(others), None)
        return None

    def _beside(self, event: Event, loops: list[Loop]) -> set[object]:
        """The pipes that the bodies of these loops read, close, write to or give away."""
        mine = {id(loop) for loop in loops}
        return {
            one.event.target
            for one in self.around.values()
            if one.event.verb in _TENDS and any(id(loop) in mine for loop in one.loops)
        }

    def _in_poll_loop(self, event: Event) -> bool:
        """Whether a poll is asked again and again for the same child."""
        return bool(self._poll_loops(event))

    def _poll_loops(self, event: Event) -> list[Loop]:
        """The loops that wait: not those that make each child, nor those that only turn so many times (a patience, or from
        one child to the next), nor those that wait for something else and only look whether the child has failed.
        """
        here = self.around.get(event)
        made = {id(loop) for one in self.around.values() if one.event.verb is Verb.CREATE for loop in one.loops}
        return [
            loop
            for loop in (here.loops if here is not None else ())
            if id(loop) not in made and loop.count is None and not _watches(loop, event)
        ]

    def _to_the_end(self, event: Event) -> bool:
        """Whether a read goes on until the child closes the pipe."""
        if event.key is Key.WHOLE:
            return True
        here = self.around.get(event)
        if here is None or not here.loops:
            return False
        if event.name == "iteration":
            return not leaves(here.loops[-1], handlers=False)
        return here.loops[-1].count is None and _left_at_end(here)


def _watches(loop: Loop, poll: Event) -> bool:
    """Whether the end of the child, which a poll tells, is a failure in this loop: it raises or ends the program."""
    for node in walk(loop.body):
        if isinstance(node, Choice) and node.test is not None and node.test.event is poll:
            ended = node.branches[1 if node.test.equal else 0]
            if any(isinstance(inner, (Raise, End)) for inner in walk(ended)):
                return True
    return False


def _left_at_end(here: Surroundings) -> bool:
    """Whether a loop that reads line by line is left only where there is no more."""
    loop = here.loops[-1]
    told = False
    for node in walk(loop.body, handlers=False):
        if isinstance(node, Choice):
            for branch in node.branches:
                if _goes_out(branch, loop):
                    test = node.test
                    if test is None or test.event is not here.event or test.constant.value not in _EMPTY:
                        return False
                    told = True
    return told


def _goes_out(flow: object, loop: Loop) -> bool:
    """Whether a branch does nothing but leave a loop, or raises."""
    parts = list(walk(flow))  # type: ignore[arg-type]
    inner = {id(node) for node in walk(loop.body)}
    return any(
        isinstance(node, Raise) or (isinstance(node, Jump) and id(node.target) not in inner and not node.again)
        for node in parts
    )


def _tended_by_others(program: Program, role: Role, child: Subprocess) -> Iterator[Shared]:
    """The pipes of a child that another process or thread reads or closes; all of them, where it ends the child."""
    for other in program.roles:
        if other is not role:
            for event in other.events(*_TENDS, Verb.JOIN, Verb.KILL, Verb.TERMINATE):
                yield from child.streams.values() if event.target is child else (event.target,)
