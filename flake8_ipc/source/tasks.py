"""Pools and executors: what a task is given, the role it becomes, what comes back."""

from __future__ import annotations

import libcst as cst

from ..model import Blocking, Handover, Kind, Pool, Result, Role, RoleKind, Verb
from . import contents
from .handover import argument_of, callee_of
from .launch import lower_role
from .lifetimes import hand_to_task
from .made import made
from .project import force
from .run import Run
from .values import UNKNOWN, Arguments, Const, Data, Foreign, Func, Items, Method, Name, Partial, Ref, Value

# method: where its function's arguments come from, whether it waits for the result.
_APPLY = {"apply": True, "apply_async": False}
_MAP = {"map": True, "map_async": False, "imap": False, "imap_unordered": False}
_STARMAP = {"starmap": True, "starmap_async": False}


def submit(run: Run, ref: Ref, name: str, args: Arguments, node: cst.CSTNode) -> Value | None:
    """A method that hands a task to a pool or executor; None where it is another one."""
    pool = ref.shared
    futures = pool.kind is Kind.EXECUTOR or (pool.kind is Kind.THREAD_POOL and name == "submit")
    function = args.find(0, "func") or args.find(None, "fn")
    if function is None:
        return None
    if name == "submit":
        return _hand_in(run, ref, function, Arguments(args.positional[1:], args.named, args.open), node, name, wait=False)
    if name == "map" and futures:
        inner = Arguments([(_each(run, value), part) for value, part in args.positional[1:]])
        return _hand_in(run, ref, function, inner, node, name, wait=False, each=True)
    if name in _APPLY:
        inner = _applied(run, args.find(1, "args"), args.find(2, "kwds"))
        return _hand_in(run, ref, function, inner, node, name, wait=_APPLY[name], callbacks=args)
    if name in _MAP:
        given = args.find(1, "iterable")
        inner = Arguments([(_each(run, given[0]), given[1])] if given else [])
        return _hand_in(run, ref, function, inner, node, name, wait=_MAP[name], each=True, callbacks=args)
    if name in _STARMAP:
        given = args.find(1, "iterable")
        row = _each(run, given[0]) if given else UNKNOWN
        items = row.items if isinstance(row, Items) else None
        where = given[1] if given else node
        inner = Arguments([(item, where) for item in items or ()], open=items is None)
        return _hand_in(run, ref, function, inner, node, name, wait=_STARMAP[name], each=True, callbacks=args)
    return None


def _each(run: Run, value: Value) -> Value:
    """One element of an iterable, as one task gets it: no other task has the same."""
    _, element, _ = contents.elements(run, value)
    numbers = isinstance(value, Items) and value.numbers
    if isinstance(element, Data) and (numbers or not isinstance(value, Const)):
        return Data(reads=element.reads, own=True, anything=element.anything)
    return element


def _applied(
    run: Run, given: tuple[Value, cst.CSTNode] | None, named: tuple[Value, cst.CSTNode] | None
) -> Arguments:
    found = Arguments()
    if given is not None:
        items = contents.elements(run, given[0])[0]
        found.open = items is None
        nodes = [element.value for element in given[1].elements] if isinstance(given[1], (cst.Tuple, cst.List)) else []
        if items is not None:
            exact = nodes if len(nodes) == len(items) else [given[1]] * len(items)
            found.positional = list(zip(items, exact))
    if named is not None:
        content = run.content(named[0]) if hasattr(named[0], "kind") else None  # type: ignore[arg-type]
        if content is None or content.items is None:
            found.open = True
        else:
            found.named = {str(key): (value, named[1]) for key, value in content.items.items()}
    return found


def _hand_in(
    run: Run,
    ref: Ref,
    function: tuple[Value, cst.CSTNode],
    args: Arguments,
    node: cst.CSTNode,
    name: str,
    *,
    wait: bool,
    each: bool = False,
    callbacks: Arguments | None = None,
) -> Value:
    pool = ref.shared
    handover = Handover(run.place(node), callee_of(run, *function), each=each, complete=not args.open)
    handover.arguments = [argument_of(run, value, part) for value, part in args.positional]
    handover.arguments += [argument_of(run, value, part, key) for key, (value, part) in args.named.items()]
    place = run.place(node)
    result: Result = made(run, node, "result", lambda: Result(Kind.RESULT, place, f"{pool.name}.{name}", pool=pool))
    run.emit(
        Verb.SUBMIT,
        pool,
        node,
        f"{pool.name}.{name}",
        handover=handover,
        result=result,
        used=id(node) not in run.unused,
        inherited=ref.inherited,
        exact=ref.exact,
        blocking=Blocking.NEVER,
    )
    if not wait and pool.kind is Kind.POOL:
        hand_to_task(run, list(args.values()), node)
    _become_role(run, pool, function[0], args, node)
    if wait:
        run.emit(Verb.RESULT, result, node, f"{pool.name}.{name}")
    if callbacks is not None:
        _call_back(run, result, callbacks, node)
    return UNKNOWN if wait else Ref(result)


def _call_back(run: Run, result: Result, args: Arguments, node: cst.CSTNode) -> None:
    """Callbacks run in this very process, in the pool's own thread."""
    from .calls import call_value
    from .branches import either

    for key in ("callback", "error_callback"):
        found = args.named.get(key)
        if found is None:
            continue
        if key == "error_callback":
            run.emit(Verb.RESULT, result, node, key, blocking=Blocking.NEVER)
        function = found[0]
        outer, run.in_async = run.in_async, False
        either(run, lambda: _ignore(call_value(run, function, Arguments([(UNKNOWN, node)]), node)), lambda: None)
        run.in_async = outer


def _ignore(value: Value) -> None:
    """A callback's result goes nowhere."""


def _become_role(run: Run, pool: object, target: Value, args: Arguments, node: cst.CSTNode) -> None:
    if not isinstance(pool, Pool):
        return
    if isinstance(target, Foreign):
        target = force(run, target) or target
    func = target.func if isinstance(target, Partial) else target
    key = ("task", pool, func.node if isinstance(func, Func) else node)
    if key in run.made:
        return
    run.made[key] = True
    thread = pool.kind is Kind.THREAD_POOL
    role = Role(
        getattr(func, "name", "task"),
        RoleKind.THREAD if thread else RoleKind.TASK,
        run.place(node),
        process=pool,
        parent=run.role,
        many=pool.size != 1,
    )
    run.program.roles.append(role)
    if isinstance(func, (Name, Data, Foreign)):
        role.known = False
        run.open(*args.values())
        return
    initializer = run.made.get(("initializer", pool))

    def first() -> None:
        if initializer is not None:
            from .calls import call_value

            # What an initializer sets is the worker's own on purpose.
            born, run.born = run.born, 0
            call_value(run, initializer[0], initializer[1], node)
            run.born = born

    lower_role(run, role, target, args, node, run.loops, first=first)


__all__ = ["Method", "submit"]
