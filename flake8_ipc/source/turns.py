"""A loop's body, read until what it leaves behind for its next turn is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import libcst as cst

from ..model import Count, Loop, Seq
from .joining import same
from .keeping import turned
from .run import Exit, Run, Turn
from .scanning import assigned, counted_on
from .values import Cls, Coll, Const, Content, Context, Data, Func, Inst, Method, OneOf, Partial, Ref, Value
from .variables import Vars, join_vars

# How often a body is read until its next turn brings nothing new.
_ATTEMPTS = 3


def repeat(
    run: Run, node: cst.CSTNode, loop: Loop, turn: Turn, body: Callable[[], None], count: Count | None
) -> bool:
    """Reads a loop's body until what it leaves behind for its next turn is known; whether there is a next turn."""
    widen(run, node)
    before = run.fork()
    if before is None:
        return False
    end: Vars | None = None
    sequence = Seq()
    for attempt in range(_ATTEMPTS):
        marks = [(exit, len(exit.states), len(exit.again)) for exit in exits(run, turn)]
        run.vars = before.copy()
        looked, run.looked = run.looked, set()
        counted, run.counted = run.counted, set()
        copied = len(run.copies)
        with run.writing() as sequence, _inside(run, node, turn, count):
            body()
            if count is None or count.exact != 1:
                turned(run, id(node), node)
        end, seen, sized = run.vars, run.looked, run.counted
        run.looked, run.counted = looked | seen, counted | sized
        for state in turn.next.again:
            end = join_vars(end, state)
        if attempt == _ATTEMPTS - 1 or (_settled(before, end, seen, sized) and len(run.copies) == copied):
            break
        for exit, states, again in marks:
            del exit.states[states:]
            del exit.again[again:]
        before = join_vars(before.copy(), end) or before
    loop.body = sequence
    if sequence.items:
        run.out.append(loop)
    again = end is not None
    run.vars = join_vars(end, before if count is None or count.low == 0 else None)
    return again


def exits(run: Run, turn: Turn) -> list[Exit]:
    """Every exit that the body may jump to."""
    frame = run.frame
    found = [turn.leave, turn.next]
    for outer in frame.turns:
        found += [outer.leave, outer.next]
    if frame.exit is not None:
        found.append(frame.exit)
    return found


@contextmanager
def _inside(run: Run, node: cst.CSTNode, turn: Turn, count: Count | None) -> Iterator[None]:
    outer = (run.loops, run.counts, run.controls, run.rank)
    run.frame.turns.append(turn)
    run.loops, run.counts = (*run.loops, id(node)), (*run.counts, count)
    try:
        yield
    finally:
        run.frame.turns.pop()
        run.loops, run.counts, run.controls, run.rank = outer


def _settled(before: Vars, after: Vars | None, looked: set[int], counted: set[int]) -> bool:
    """Whether a turn leaves nothing behind that its next one would see differently.

    ``looked``: the collections whose content the turn looked at; that others are being filled makes no difference.
    ``counted``: those of which it asked how many they hold.
    """
    if after is None:
        return True
    for owner, value, now in before.changes(after):
        if type(now) is Data:
            settled = not _another_message(now, value)
        elif type(now) is Const:
            settled = type(value) is not Const or same(now, value)
        elif type(now) is Content and type(value) is Content and owner in counted:
            settled = len(now.items or ()) == len(value.items or ()) and (owner not in looked or same(now, value))
        else:
            settled = not _matters(now) or same(now, value) or (type(now) is Content and owner not in looked)
        if not settled:
            return False
    return True


def _another_message(now: Data, before: Value) -> bool:
    """Whether a name holds a message that is another than it held before the turn, or one that was put since.

    What was a constant, and may decide the first turn's tests, is none any more.
    """
    if isinstance(before, Data):
        return before.message not in (None, now.message) or now.puts != before.puts
    return isinstance(before, Const)


def _matters(value: Value) -> bool:
    return isinstance(value, (Ref, Inst, Func, Coll, Content, OneOf, Method, Context, Cls, Partial))


def widen(run: Run, node: cst.CSTNode) -> None:
    """Numbers that the loop changes are no longer known inside it."""
    names = assigned(node)
    if run.vars is None or not names:
        return
    changed = [(owner, name, held[name]) for owner, held in run.vars.items() for name in names.intersection(held)]
    for owner, name, value in changed:
        if isinstance(value, Const) and not isinstance(value.value, (type(None), str)):
            each = frozenset({id(node)} if name in counted_on(node) else ())
            run.vars.set(owner, name, Data(plain=True, reads=value.reads, varies=each))
