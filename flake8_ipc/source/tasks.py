"""Pools and executors: what a task is given, the role it becomes, what comes back."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from ..model import Blocking, Handover, Kind, Pool, Result, Role, RoleKind, Verb
from . import contents
from .branches import either
from .deeds import METHODS, Deed, leave_with
from .elements import iterate_shared
from .handover import argument_of, callee_of, not_a_sequence
from .joining import from_values
from .launch import lower_role
from .lifetimes import hand_to_task
from .made import made
from .names import HARMLESS
from .project import force
from .reach import expose, reachable
from .run import Run, calls, does
from .values import UNKNOWN, Arguments, Const, Data, Foreign, Func, Items, Name, OneOf, Partial, Ref, Value

_POOL = {
    "close": Deed(Verb.CLOSE),
    "terminate": Deed(Verb.TERMINATE),
    "join": Deed(Verb.JOIN),
}
METHODS[Kind.POOL] = METHODS[Kind.THREAD_POOL] = _POOL
METHODS[Kind.EXECUTOR] = {"shutdown": Deed(Verb.SHUTDOWN, (0, "wait"))}
METHODS[Kind.RESULT] = {
    "get": Deed(Verb.RESULT, None, (0, "timeout"), "TimeoutError"),
    "result": Deed(Verb.RESULT, None, (0, "timeout"), "TimeoutError"),
    "exception": Deed(Verb.RESULT, None, (0, "timeout"), "TimeoutError"),
    "successful": Deed(Verb.RESULT, never=True),
    "wait": Deed(Verb.WAIT, None, (0, "timeout")),
    "ready": Deed(Verb.QUERY),
    "done": Deed(Verb.QUERY),
    "running": Deed(Verb.QUERY),
    "cancelled": Deed(Verb.QUERY),
    "cancel": Deed(Verb.TERMINATE),
}
# method: where its function's arguments come from, whether it waits for the result.
_APPLY = {"apply": True, "apply_async": False}
_MAP = {"map": True, "map_async": False, "imap": False, "imap_unordered": False}
_STARMAP = {"starmap": True, "starmap_async": False}


_ITERATORS = frozenset({"imap", "imap_unordered"})


@does(Kind.POOL, Kind.EXECUTOR, Kind.THREAD_POOL)
def submit(run: Run, ref: Ref, name: str, args: Arguments, node: cst.CSTNode) -> Value | None:
    """A method that hands a task to a pool or executor; None where it is another one."""
    pool = ref.shared
    if name == "__enter__":
        return ref
    leaving = leave_with(run, ref) if name == "__exit__" else None
    if leaving is not None:
        run.emit(leaving[0], leaving[1], node, f"{pool.name}.{name}", inherited=ref.inherited, exact=ref.exact)
        return Const(None)
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
        given = args.find(1, "args")
        inner = _applied(run, given, args.find(2, "kwds"))
        wait, lone = _APPLY[name], given if given is not None and not_a_sequence(run, *given) else None
        return _hand_in(run, ref, function, inner, node, name, wait=wait, callbacks=args, lone=lone)
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
    items, element, _ = contents.elements(run, value)
    numbers = isinstance(value, Items) and value.numbers
    if isinstance(element, Data) and (numbers or not isinstance(value, Const)):
        return Data(reads=element.reads, own=True, anything=element.anything)
    return _apart(element, len(items) if items is not None else None)


def _apart(element: Value, tasks: int | None) -> Value:
    """An element with those parts its own that each of the tasks has another one of."""
    if isinstance(element, OneOf) and (element.varies or tasks is not None) and contents.differ(element, tasks):
        return Data(own=True, plain=True, scalar=True)
    if isinstance(element, Data) and (element.varies or element.loop_item):
        return replace(element, own=True)
    if isinstance(element, Items) and element.items is not None:
        return replace(element, items=tuple(_apart(item, tasks) for item in element.items))
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
    lone: tuple[Value, cst.CSTNode] | None = None,
) -> Value:
    pool = ref.shared
    handover = Handover(run.place(node), callee_of(run, *function), each=each, complete=not args.open)
    if lone is not None:
        handover.not_a_sequence = (contents.text(run, lone[1]), run.place(lone[1]))
    handover.arguments = [argument_of(run, value, part) for value, part in args.positional]
    handover.arguments += [argument_of(run, value, part, key) for key, (value, part) in args.named.items()]
    place = run.place(node)
    iterator = name in _ITERATORS or (name == "map" and not wait)
    result: Result = made(
        run, node, "result", lambda: Result(Kind.RESULT, place, f"{pool.name}.{name}", pool=pool, iterator=iterator)
    )
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
    _become_role(run, pool, function[0], args, node, each=each)
    if wait:
        run.emit(Verb.RESULT, result, node, f"{pool.name}.{name}")
    if callbacks is not None:
        _call_back(run, result, callbacks, node)
    return UNKNOWN if wait else Ref(result)


def _call_back(run: Run, result: Result, args: Arguments, node: cst.CSTNode) -> None:
    """Callbacks run in this very process, in the pool's own thread."""
    result.open = result.open or args.open
    for position, key in ((3, "callback"), (4, "error_callback")):
        found = args.find(position, key)
        if found is None or (isinstance(found[0], Const) and found[0].value is None):
            continue
        result.called_back = True
        if key == "error_callback":
            run.emit(Verb.RESULT, result, node, key, blocking=Blocking.NEVER)
        _perhaps(run, found[0], UNKNOWN, node)


def _perhaps(run: Run, function: Value, given: Value, node: cst.CSTNode) -> None:
    """A function that is called at some other time, or not at all; what it returns goes nowhere."""
    from .calls import call_value
    outer, run.in_async = run.in_async, False
    either(run, lambda: _ignore(call_value(run, function, Arguments([(given, node)]), node)), lambda: None)
    run.in_async = outer


def _ignore(value: Value) -> None:
    """A callback's result goes nowhere."""


def _become_role(run: Run, pool: object, target: Value, args: Arguments, node: cst.CSTNode, *, each: bool) -> None:
    if not isinstance(pool, Pool):
        return
    if isinstance(target, Foreign):
        target = force(run, target) or target
    func = target.func if isinstance(target, Partial) else target
    # Tasks that are given the same objects are one role.
    given = frozenset(reachable(run, *args.values()))
    key = ("task", pool, func.node if isinstance(func, Func) else node, given)
    if key in run.made:
        _once_more(run.made[key], pool)
        return
    thread = pool.kind is Kind.THREAD_POOL
    role = run.made[key] = Role(
        getattr(func, "name", "task"),
        RoleKind.THREAD if thread else RoleKind.TASK,
        run.place(node),
        process=pool,
        parent=run.role,
        many=pool.size != 1 and (each or not _but_once(run, pool)),
    )
    run.program.roles.append(role)
    if isinstance(func, (Name, Data, Foreign)):
        role.known = isinstance(func, Name) and (not given or func.dotted in HARMLESS)
        expose(run, *args.values())
        return
    initializer = run.made.get(("initializer", pool))

    def first() -> None:
        if initializer is not None:
            from .calls import call_value

            # What an initializer sets is the worker's own on purpose.
            born, run.born = run.born, 0
            before = len(run.out)
            call_value(run, initializer[0], initializer[1], node)
            run.born = born
            if len(run.out) > before:
                # This each worker does, however few the tasks.
                role.many = pool.size != 1

    lower_role(run, role, target, args, node, run.loops, first=first)


def _but_once(run: Run, pool: Pool) -> bool:
    """Whether what is handed in here is handed in one time in the life of a pool."""
    known = run.program.root.kind is RoleKind.MAIN or pool in run.frame.made
    return known and not run.loops and not run.role.many and not pool.many


def _once_more(role: Role, pool: Pool) -> None:
    """A task that is handed in again may run beside itself."""
    if not role.many and pool.size != 1:
        role.many = True
        for event in role.events(Verb.CREATE):
            event.target.many = True


_LOOP = "asyncio.a_loop"


@calls("asyncio.get_running_loop", "asyncio.get_event_loop", "asyncio.new_event_loop")
def _event_loop(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    return Name(_LOOP)


@calls(f"{_LOOP}.run_in_executor")
def _run_in_executor(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """A task for an executor whose result is the event loop's to take."""
    executor, function = args.get(0, "executor"), args.find(1, "func")
    if not isinstance(executor, Ref) or executor.shared.kind is not Kind.EXECUTOR or function is None:
        expose(run, *args.values())
        return from_values(args.values())
    inner = Arguments(args.positional[2:], open=args.open)
    future = _hand_in(run, executor, function, inner, node, "run_in_executor", wait=False)
    expose(run, future)
    return UNKNOWN


# -- results


@does(Kind.RESULT)
def _on_result(run: Run, ref: Ref, name: str, args: Arguments, node: cst.CSTNode) -> Value | None:
    """What a result's table does not tell: callbacks, and an iterator's next element."""
    result = ref.shared
    if name == "add_done_callback" and isinstance(result, Result):
        result.called_back = True
        function = args.get(0, "fn")
        if function is not None:
            _perhaps(run, function, ref, node)
        return Const(None)
    if name in ("next", "__next__"):
        return iterate_shared(run, ref, node, whole=False)
    return ref if name == "__iter__" else None


@calls("concurrent.futures.as_completed")
def _as_completed(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """Every future it is given, in another order."""
    value = args.get(0, "fs")
    if value is None:
        return UNKNOWN
    _, element, count = contents.elements(run, value)
    return Items(None, element, count)


@calls("concurrent.futures.wait")
def _wait(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """The futures it is given, parted into those that are done and those that are not."""
    value = args.get(0, "fs")
    if value is None:
        return UNKNOWN
    _, element, count = contents.elements(run, value)
    futures = contents.bare(run, element)
    for future in futures:
        run.emit(Verb.WAIT, future, node, "wait", exact=False, blocking=Blocking.TIMED)
    if len(args.positional) + len(args.named) == 1 and not args.open:
        # Neither a timeout nor another RETURN_WHEN: all of them are done.
        for pool in dict.fromkeys(future.pool for future in futures if isinstance(future, Result)):
            if pool is not None:
                run.emit(Verb.LEARN, pool, node)
    sets: list[Value] = [contents.make(run, "set", None, element, count) for _ in range(2)]
    return Items(tuple(sets), names=("done", "not_done"))


__all__ = ["submit"]
