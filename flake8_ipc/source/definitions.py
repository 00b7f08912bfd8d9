"""Functions, classes and imports: what a definition binds."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from ..model import ProcessClass, RoleKind
from .attributes import is_plain_base, library_base, lineage
from .calls import call_value
from .expressions import defaults_of
from .lookup import BUILTINS, bind
from .names import canonical
from .pauses import leave_for_later
from .project import force, resolve, worth_reading
from .run import Frame, Run, executes
from .scanning import own_nodes
from .statements import _at_module_level, last_name
from .values import UNKNOWN, Arguments, Cls, Foreign, Func, Name, Scope, Value


@executes(cst.FunctionDef)
def function(run: Run, node: cst.FunctionDef) -> None:
    scope = run.frame.scope
    scope.captured = True
    defaults = defaults_of(run, node.params)
    owner = None
    name = node.name.value
    if scope.kind == "class":
        owner = run.made.get(("open class", scope.key))
    func = Func(
        node,
        scope.parent if scope.kind == "class" and scope.parent is not None else scope,
        name,
        owner,
        None,
        scope.kind == "function" or (scope.kind == "class" and owner is not None and owner.local),
        defaults,
        decorators(run, node.decorators),
        guarded=run.guarded and scope.kind == "module" and run.program.root.kind is RoleKind.MAIN,
    )
    if owner is not None:
        func = Func(
            node, func.scope, name, owner, None, False, defaults, func.decorators
        )
    bind(run, name, _decorated(run, func, node))
    if "atexit.register" in func.decorators:
        leave_for_later(run, func, Arguments(), node)


def _decorated(run: Run, func: Func, node: cst.FunctionDef) -> Value:
    """What a function is once the decorators of this project's own have wrapped it; its name finds it as before."""
    for decorator in reversed(node.decorators):
        wrapper = run.evaluate(decorator.decorator)
        made = call_value(run, wrapper, Arguments([(func, node)]), node) if isinstance(wrapper, Func) else None
        if isinstance(made, Func) and made.bound is None and type(made.node) is cst.FunctionDef:
            func = replace(made, name=func.name, owner=func.owner, nested=func.nested, decorators=func.decorators)
    return func


def decorators(run: Run, nodes: object) -> frozenset[str]:
    """The dotted names of a definition's decorators, calls included; ``?`` stands for one that is not known."""
    found = set()
    for decorator in nodes:  # type: ignore[attr-defined]
        node = decorator.decorator
        if type(node) is cst.Call:
            node = node.func
        value = run.evaluate(node)
        dotted = value.dotted if isinstance(value, Name) else last_name(node) or "?"
        found.add(dotted)
    return frozenset(found)


@executes(cst.ClassDef)
def class_(run: Run, node: cst.ClassDef) -> None:
    _at_module_level(run, node)
    scope = run.frame.scope
    scope.captured = True
    bases = tuple(_base(run, run.evaluate(base.value)) for base in node.bases)
    names = decorators(run, node.decorators)
    local = scope.kind == "function"
    fields = _fields(run, node) if names & {"dataclasses.dataclass", "dataclass"} or _named_tuple(bases) else ()
    for base in bases:
        if isinstance(base, Cls) and fields:
            fields = (*base.fields, *(field for field in fields if field not in base.fields))
    cls = Cls(node, scope, node.name.value, bases, {}, local, fields)
    inner = Scope("class", scope, scope.module)
    inner.key = cls.key
    run.made["open class", inner.key] = cls
    outer, run.frame = run.frame, Frame(inner, run.frame.func)
    try:
        run.body(node.body)
    finally:
        run.frame = outer
    if library_base(cls) is not None:
        _note_process_class(run, cls)
    bind(run, cls.name, cls)


def _base(run: Run, value: Value) -> Value:
    if isinstance(value, Foreign) and worth_reading(value, []):
        return force(run, value) or UNKNOWN
    return value


def _named_tuple(bases: tuple[Value, ...]) -> bool:
    return any(isinstance(base, Name) and base.dotted.endswith("NamedTuple") for base in bases)


def _fields(run: Run, node: cst.ClassDef) -> tuple[str, ...]:
    found = []
    for line in node.body.body:
        for small in line.body if type(line) is cst.SimpleStatementLine else ():
            if type(small) is cst.AnnAssign and type(small.target) is cst.Name:
                found.append(small.target.value)
    return tuple(found)


def _note_process_class(run: Run, cls: Cls) -> None:
    """What is known of a subclass of Process."""
    facts = ProcessClass(cls.name, run.place(cls.node), runs=_runs(run, cls))
    init = run.load(cls.key, "__init__")
    if isinstance(init, Func) and type(init.node) is cst.FunctionDef:
        facts.init = run.place(init.node)
        facts.calls_super = _reaches_base(init.node)
    run.made["class", cls.key] = facts
    if run.frame.scope.module is run.home:
        run.program.classes.append(facts)


def _runs(run: Run, cls: Cls) -> bool | None:
    unknown = False
    for base in lineage(cls):
        if isinstance(base, Cls):
            if run.load(base.key, "run") is not None:
                return True
        elif is_plain_base(base):
            continue
        elif not isinstance(base, Name) or library_base(Cls(cls.node, cls.scope, "", (base,))) is None:
            unknown = True
    return None if unknown else False


def _reaches_base(node: cst.FunctionDef) -> bool:
    """Whether an ``__init__`` calls its base's, or something that may do so for it."""
    for inner in own_nodes(node.body):
        if type(inner) is cst.Attribute and inner.attr.value == "__init__":
            return True
        if type(inner) is cst.Name and inner.value == "super":
            return True
    return False


# -- imports


@executes(cst.Import)
def import_(run: Run, node: cst.Import) -> None:
    for alias in node.names:
        dotted = _dotted(alias.name)
        if alias.asname is not None and type(alias.asname.name) is cst.Name:
            bind(run, alias.asname.name.value, imported(run, dotted))
        else:
            top = dotted.partition(".")[0]
            bind(run, top, imported(run, top))


@executes(cst.ImportFrom)
def import_from(run: Run, node: cst.ImportFrom) -> None:
    module = "." * len(node.relative) + (_dotted(node.module) if node.module is not None else "")
    if isinstance(node.names, cst.ImportStar):
        if canonical(module) == "multiprocessing":
            for name in _STARRED:
                bind(run, name, Name(f"multiprocessing.{name}"))
        return
    for alias in node.names:
        name = _dotted(alias.name)
        as_name = alias.asname.name.value if alias.asname and type(alias.asname.name) is cst.Name else name
        bind(run, as_name, imported(run, module, name))


def imported(run: Run, module: str, name: str | None = None) -> Value:
    """What an import binds: a thing of the project's own where it can be read, else its dotted name."""
    dotted = canonical(module if name is None else f"{module}.{name}")
    if module.partition(".")[0] == "multiprocess":
        # The package multiprocess exists to pickle by dill instead of pickle.
        run.program.dill = True
    if dotted.partition(".")[0] in ("multiprocessing", "concurrent", "threading", "queue", "subprocess", "functools"):
        return Name(dotted)
    found = resolve(run, module, name)
    if found is not None:
        return found
    return UNKNOWN if dotted in BUILTINS else Name(dotted)


def _dotted(node: cst.BaseExpression) -> str:
    if type(node) is cst.Attribute:
        return f"{_dotted(node.value)}.{node.attr.value}"
    return node.value if type(node) is cst.Name else ""


# What `from multiprocessing import *` brings (CPython Lib/multiprocessing/context.py).
_STARRED = (
    "Array Barrier BoundedSemaphore Condition Event JoinableQueue Lock Manager Pipe Pool Process Queue RLock RawArray"
    " RawValue Semaphore SimpleQueue Value active_children cpu_count current_process freeze_support get_context"
    " get_logger get_start_method log_to_stderr parent_process set_start_method"
).split()
