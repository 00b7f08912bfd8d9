"""Where a program may be entered: the main flow, and every function or class that nobody in the file calls."""

from __future__ import annotations

import libcst as cst

from ..model import UNTOLD, Cell, Choice, Kind, Lock, Memory, PipeEnd, Pool, Process, Queue, Role, RoleKind, Seq, Shared
from . import copies
from .attributes import get_attribute, lineage, member
from .calls import call_value, instantiate
from .following import follow
from .joining import join, spread
from .launch import make_process, start
from .lookup import lookup
from .names import canonical
from .reach import expose, reachable
from .run import Run
from .values import UNKNOWN, Arguments, Cls, Const, Data, Func, Generator, Inst, Method, Name, OneOf, Ref, Value, fresh_key

_ANNOTATED: dict[str, Kind] = {
    "Queue": Kind.QUEUE,
    "JoinableQueue": Kind.JOINABLE_QUEUE,
    "SimpleQueue": Kind.SIMPLE_QUEUE,
    "Connection": Kind.PIPE_END,
    "Lock": Kind.LOCK,
    "RLock": Kind.RLOCK,
    "Semaphore": Kind.SEMAPHORE,
    "BoundedSemaphore": Kind.BOUNDED_SEMAPHORE,
    "Condition": Kind.CONDITION,
    "Event": Kind.EVENT,
    "Barrier": Kind.BARRIER,
    "Synchronized": Kind.VALUE,
    "Value": Kind.VALUE,
    "SynchronizedArray": Kind.ARRAY,
    "Array": Kind.ARRAY,
    "Process": Kind.PROCESS,
    "Pool": Kind.POOL,
}


def unknown_argument(run: Run, param: cst.Param, default: Value | None) -> Value:
    """What a parameter holds when the caller cannot be seen: its annotation may tell."""
    value: Value = Data(anything=True, thing=fresh_key())
    if param.annotation is not None:
        shared = _annotated(run, param.annotation.annotation, param)
        if shared is not None:
            value = shared
    if default is not None and not isinstance(default, Data):
        value = join(value, default) if not isinstance(default, Const) else value
    return value


def _annotated(run: Run, node: cst.BaseExpression, param: cst.Param) -> Value | None:
    dotted = _annotation_name(run, node)
    if dotted is None:
        return None
    package, _, name = canonical(dotted).rpartition(".")
    kind = _ANNOTATED.get(name) if package == "multiprocessing" else None
    if package == "concurrent.futures" and name == "ProcessPoolExecutor":
        kind = Kind.EXECUTOR
    if kind is None:
        return None
    key = ("parameter", id(param), run.role)
    shared = run.made.get(key)
    if shared is None:
        shared = run.made[key] = _foreign(kind, run, param)
        run.program.objects.append(shared)
    return Ref(shared)


def _foreign(kind: Kind, run: Run, param: cst.Param) -> Shared:
    """An object that some other file made."""
    place, name = run.place(param.name), param.name.value
    if kind in (Kind.VALUE, Kind.ARRAY):
        lock = Lock(Kind.RLOCK, place, "its lock", context=UNTOLD, open=True)
        return Cell(kind, place, name, context=UNTOLD, open=True, lock=lock)
    if kind in (Kind.QUEUE, Kind.JOINABLE_QUEUE, Kind.SIMPLE_QUEUE):
        return Queue(kind, place, name, context=UNTOLD, open=True, maxsize=None)
    if kind is Kind.PIPE_END:
        return PipeEnd(kind, place, name, context=UNTOLD, open=True)
    if kind in (Kind.LOCK, Kind.RLOCK, Kind.SEMAPHORE, Kind.BOUNDED_SEMAPHORE, Kind.CONDITION):
        return Lock(kind, place, name, context=UNTOLD, open=True, count=None if "semaphore" in kind.value else 1)
    if kind is Kind.PROCESS:
        return Process(kind, place, name, context=UNTOLD, open=True, daemon=None)
    if kind in (Kind.POOL, Kind.EXECUTOR):
        return Pool(kind, place, name, context=UNTOLD, open=True)
    return Shared(kind, place, name, context=UNTOLD, open=True)


def _annotation_name(run: Run, node: cst.BaseExpression) -> str | None:
    """The dotted name in an annotation: quoted, ``X | None``, ``Optional[X]`` and ``X[int]`` included."""
    if type(node) is cst.SimpleString:
        text = node.evaluated_value
        try:
            return _annotation_name(run, cst.parse_expression(text if isinstance(text, str) else ""))
        except cst.ParserSyntaxError:
            return None
    if type(node) is cst.BinaryOperation:
        return _annotation_name(run, node.left) or _annotation_name(run, node.right)
    if type(node) is cst.Subscript:
        outer = _annotation_name(run, node.value)
        if outer in ("typing.Optional", "typing.Annotated"):
            first = node.slice[0].slice
            return _annotation_name(run, first.value) if type(first) is cst.Index else None
        return outer
    if type(node) is cst.Name:
        value = lookup(run, node.value)
        return value.dotted if isinstance(value, Name) else None
    if type(node) is cst.Attribute:
        inner = _annotation_name(run, node.value)
        return canonical(f"{inner}.{node.attr.value}") if inner else None
    return None


def enter_function(run: Run, func: Func) -> None:
    """A function as an entry: called once, with unknown arguments."""
    result = follow(run, func, Arguments(open=True), func.node, known=False)
    if run.copies:
        copies.read(run, [result], func.node)
    _let_go(run, result)


def _let_go(run: Run, result: Value) -> None:
    """What an entry gives back, or leaves in places that others can reach, is open."""
    if isinstance(result, Generator):
        return
    expose(run, result)


def enter_class(run: Run, cls: Cls) -> None:
    """A class as an entry: made once, then each of its methods called or not, in the order of the text."""
    inst = instantiate(run, cls, Arguments(open=True), cls.node, known=False)
    if not isinstance(inst, Inst) or run.vars is None:
        return
    methods = [func for func in _methods(run, inst) if id(func.node) not in run.visited]
    for shared in reachable(run, inst):
        # What an object of it shows, its users can close and unlink.
        shared.open = shared.open or isinstance(shared, Memory)
    if isinstance(inst.shared, Process):
        # Whoever makes it holds it, and may do more with it than its own class shows.
        inst.shared.open = True
        run.unused.add(id(cls.node))
        start(run, inst.shared, cls.node, Ref(inst.shared))
        methods = [func for func in methods if func.name != "run"]
    before = run.fork()
    for func in methods:
        if id(func.node) in run.visited and func.name.startswith("_"):
            continue
        run.vars = before.copy() if before is not None else None
        # Which of its methods run in which process only their callers know.
        run.copies = {}
        # One that it has from a base in another file is told by the class.
        where = func.node if func.scope.module is run.home else cls.node
        with run.writing() as sequence:
            result = call_value(run, func, Arguments(open=True), where)
            if isinstance(result, Generator) and result.func is not None:
                follow(run, result.func, result.args, where, known=False)
            else:
                # What gives back the object itself, for more calls on it, hands nothing out.
                expose(run, *(one for one in spread(result) if not (isinstance(one, Inst) and one.key == inst.key)))
        if sequence.items:
            run.out.append(Choice([sequence, Seq()]))
    run.vars = before


def _methods(run: Run, inst: Inst) -> list[Func]:
    found: dict[str, Func] = {}
    for base in reversed([base for base in lineage(inst.cls) if isinstance(base, Cls)]):
        for name, value in list(run.held(base.key).items()):
            if isinstance(value, Func) and name not in ("__init__", "__new__", "__del__"):
                bound = get_attribute(run, inst, name, value.node) if not _is_property(value) else None
                if isinstance(bound, Func):
                    found[name] = bound
                elif _is_property(value):
                    found[name] = Func(
                        value.node, value.scope, name, value.owner, inst, False, value.defaults, value.decorators
                    )
    return sorted(found.values(), key=lambda func: func.name.startswith("_"))


def _is_property(value: Func) -> bool:
    return bool(value.decorators & {"property", "cached_property", "functools.cached_property"})


__all__ = ["UNKNOWN", "Method", "OneOf", "Role", "RoleKind", "enter_class", "enter_function", "make_process", "member"]
