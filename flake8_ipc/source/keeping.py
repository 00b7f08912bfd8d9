"""What the starter of a process still keeps of the objects it gave away.

The semaphores behind an object are unlinked when the process that made it has no more use for it (CPython
Lib/multiprocessing/synchronize.py, SemLock), and a process object lets go of its arguments when it has been started
(Lib/multiprocessing/process.py, start). A child that opens them only then finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..model import CELLS, SEMAPHORE_BACKED, Cell, Kind, Lock, Shared, Verb
from .reach import reachable
from .run import Frame, Run
from .values import Items, Ref, Value, fresh_key


# What has been given to a process and may be let go of, as a part of the state: each path has its own.
_AWAY = fresh_key()


def given(run: Run, process: Shared, values: list[Value], node: cst.CSTNode) -> None:
    """A process has been started with these arguments; what only they held is gone."""
    if process.kind is not Kind.PROCESS or run.vars is None:
        return
    handed = [shared for shared in reachable(run, *values) if _backed(shared)]
    for shared in handed:
        run.vars.set(_AWAY, str(id(shared)), Ref(shared))
    if handed:
        _forget(run, handed, list(_held(run)), node, "start")


def forget_given(run: Run) -> None:
    """Another process, or another program, has nothing to let go of."""
    if run.vars is not None:
        run.vars.forget(_AWAY)


def _backed(shared: Shared) -> bool:
    if shared.kind in CELLS and isinstance(shared, Cell) and shared.lock is None:
        return False
    return shared.kind in SEMAPHORE_BACKED and not shared.managed


def _away(run: Run) -> list[Shared]:
    held = run.vars.of(_AWAY).values() if run.vars is not None else ()
    return [value.shared for value in held if isinstance(value, Ref)]


def _held(run: Run, *, but: int | None = None) -> Iterator[Value]:
    """What everybody holds, but this scope."""
    for owner, names in run.vars.items() if run.vars is not None else ():
        if owner not in (but, _AWAY):
            yield from names.values()


def _forget(run: Run, away: list[Shared], holders: list[Value], node: cst.CSTNode, why: str) -> None:
    kept = set(reachable(run, *holders))
    # A shared value, or a condition, holds the lock that it was made with.
    kept |= {one.lock for one in kept if isinstance(one, (Cell, Lock)) and one.lock is not None}
    for shared in away:
        if shared not in kept and run.vars is not None:
            run.emit(Verb.FORGET, shared, node, why)
            run.vars.drop(_AWAY, str(id(shared)))


def rebound(run: Run, before: Value | None, value: Value, node: cst.CSTNode) -> None:
    """A name or attribute holds another value than before: what it held may have had no other."""
    if isinstance(before, Ref) and run.vars is not None and str(id(before.shared)) in run.vars.of(_AWAY):
        if not (isinstance(value, Ref) and value.shared is before.shared):
            _forget(run, [before.shared], list(_held(run)), node, "rebinding")


def left(run: Run, frame: Frame, result: Value, node: cst.CSTNode) -> None:
    """A function returns: what it gave to a process and nothing else holds is gone with its names."""
    away = _away(run)
    if away and not frame.scope.captured:
        _forget(run, away, [result, *_held(run, but=frame.scope.key)], node, "return")


def turned(run: Run, loop: int, node: cst.CSTNode) -> None:
    """A loop begins another turn: what each turn makes, gives to a process and only names is gone when named anew."""
    mine = [shared for shared in _away(run) if shared.many and loop in run.made.get(("loops", shared), ())]
    if mine and run.vars is not None:
        here = run.frame.scope.key
        longer = [value for value in run.vars.of(here).values() if not isinstance(value, (Ref, Items))]
        _forget(run, mine, [*longer, *_held(run, but=here)], node, "next turn")
