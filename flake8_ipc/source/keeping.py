"""What the starter of a process still keeps of the objects it gave away.

The semaphores behind an object are unlinked when the process that made it has no more use for it (CPython
Lib/multiprocessing/synchronize.py, SemLock), and a process object lets go of its arguments when it has been started
(Lib/multiprocessing/process.py, start). A child that opens them only then finds nothing.
"""

from __future__ import annotations

import libcst as cst

from ..model import CELLS, SEMAPHORE_BACKED, Cell, Kind, Shared, Verb
from .run import Frame, Run
from .values import Items, Ref, Value


def given(run: Run, process: Shared, values: list[Value], node: cst.CSTNode) -> None:
    """A process has been started with these arguments; what only they held is gone."""
    if process.kind is not Kind.PROCESS or run.vars is None:
        return
    handed = [shared for shared in run.reachable(*values) if _backed(shared)]
    if handed:
        run.given_away.update(dict.fromkeys(handed))
        held = [value for _, names in run.vars.items() for value in names.values()]
        _forget(run, handed, held, node, "start")


def _backed(shared: Shared) -> bool:
    if shared.kind in CELLS and isinstance(shared, Cell) and shared.lock is None:
        return False
    return shared.kind in SEMAPHORE_BACKED and not shared.managed


def _forget(run: Run, away: list[Shared], holders: list[Value], node: cst.CSTNode, why: str) -> None:
    kept = set(run.reachable(*holders))
    for shared in away:
        if shared not in kept:
            run.emit(Verb.FORGET, shared, node, why)
            run.given_away.pop(shared, None)


def left(run: Run, frame: Frame, result: Value, node: cst.CSTNode) -> None:
    """A function returns: what it gave to a process and nothing else holds is gone with its names."""
    if run.given_away and run.vars is not None and not frame.scope.captured:
        others = [value for key, names in run.vars.items() if key != frame.scope.key for value in names.values()]
        _forget(run, list(run.given_away), [result, *others], node, "return")


def turned(run: Run, loop: int, node: cst.CSTNode) -> None:
    """A loop begins another turn: what each turn makes, gives to a process and only names is gone when named anew."""
    mine = [shared for shared in run.given_away if shared.many and loop in run.made.get(("loops", shared), ())]
    if mine and run.vars is not None:
        here = run.frame.scope.key
        held = ((key, value) for key, names in run.vars.items() for value in names.values())
        kept = [value for key, value in held if key != here or not isinstance(value, (Ref, Items))]
        _forget(run, mine, kept, node, "next turn")
