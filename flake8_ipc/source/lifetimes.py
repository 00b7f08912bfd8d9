"""Who keeps a manager: it lives as long as its maker's process holds it or one of its proxies by some name.

CPython Lib/multiprocessing/managers.py: a proxy holds its manager (``_manager``) where it was made, and a manager that
nobody holds ends its server (``Finalize`` with a weak reference); in other processes a proxy holds nothing.
"""

from __future__ import annotations

import libcst as cst

from ..model import Kind, Memory, Pool, Process, Shared, Verb
from .reach import reachable
from .run import Run
from .values import Inst, Value


def begins(run: Run, manager: Shared) -> None:
    """A manager is made here, in this process."""
    run.made.setdefault(("home", manager), run.role.home)
    run.managers = True


def hand_to_server(run: Run, value: Value, node: cst.CSTNode) -> None:
    """A proxy goes into another proxy, a queue or a pipe: what holds it there keeps no manager."""
    if run.managers:
        _let_go(run, _managers_in(run, value), [], node, "store")


def hand_to_task(run: Run, values: list[Value], node: cst.CSTNode) -> None:
    """A pool lets go of a task's arguments as soon as it has sent them."""
    if run.managers:
        _let_go(run, _managers_in(run, *values), [], node, "submit")


def hand_to_child(run: Run, process: Shared, node: cst.CSTNode) -> None:
    """``start()`` lets go of a process's target and arguments; its own attributes stay."""
    if not run.managers or process.kind is not Kind.PROCESS:
        return
    spec = run.made.get(("spec", id(process)))
    if spec is not None:
        given = [*spec.args.values(), *([spec.target] if spec.target is not None else [])]
        kept: list[Value] = [spec.inst] if isinstance(spec.inst, Inst) else []
        _let_go(run, _managers_in(run, *given), kept, node, "start", process)


def leave(run: Run, scope: int, dying: list[Value], result: Value, node: cst.CSTNode) -> None:
    """A function returns and its names die."""
    managers = _managers_in(run, *dying)
    if managers:
        _let_go(run, managers, [result], node, "return", scope=scope)


def _managers_in(run: Run, *values: Value) -> list[Shared]:
    """The managers, made in this process, that these values hold."""
    found: dict[Shared, None] = {}
    for shared in reachable(run, *values):
        manager = shared if shared.kind is Kind.MANAGER else shared.manager
        if manager is not None and run.made.get(("home", manager)) is run.role.home:
            found[manager] = None
    return list(found)


def _let_go(
    run: Run,
    managers: list[Shared],
    kept: list[Value],
    node: cst.CSTNode,
    why: str,
    process: Shared | None = None,
    *,
    scope: int = 0,
) -> None:
    if not managers or run.vars is None:
        return
    held = [value for key, names in run.vars.items() if key != scope for value in names.values()]
    alive = _alive(run, [*kept, *held], process)
    keeping = alive | {shared for shared in run.program.objects if shared.open}
    for manager in managers:
        if manager not in keeping and not any(shared.manager is manager for shared in keeping):
            run.emit(Verb.DROP, manager, node, why)


def _alive(run: Run, values: list[Value], started: Shared | None) -> set[Shared]:
    """What these values hold, with what processes not started yet and pools hold for their children."""
    found = set(reachable(run, *values))
    pending = list(found)
    while pending:
        shared = pending.pop()
        more: list[Value] = []
        if isinstance(shared, Process) and shared is not started and ("role", shared) not in run.made:
            spec = run.made.get(("spec", id(shared)))
            if spec is not None:
                more = [*spec.args.values(), *([spec.target] if spec.target is not None else [])]
        elif isinstance(shared, Pool):
            initializer = run.made.get(("initializer", shared))
            more = [initializer[0], *initializer[1].values()] if initializer is not None else []
        elif isinstance(shared, Memory) and shared.keeper is not None:
            continue
        for one in reachable(run, *more) if more else ():
            if one not in found:
                found.add(one)
                pending.append(one)
    return found
