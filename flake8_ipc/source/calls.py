"""Calls: the text's own functions and classes are followed in place, the library's become events."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import libcst as cst

from ..model import CHANGERS, Kind, Memory, Process, Shared, Verb
from . import copies, keys
from .attributes import get_attribute, library_base, lineage, member
from .branches import one_of
from .changes import changed_by
from .containers import call_container
from .deeds import do
from .elements import iterated
from .following import follow
from .joining import from_values, join, spread
from .launch import call_base, complete, make_process, note_parameters, spec_of
from .library import call_name
from .lookup import call_it
from .managers import manager_bases, new_manager, register
from .pauses import leave_for_later, note_method
from .project import force, worth_reading
from .proxies import change_copy
from .reach import expose, reachable
from .run import Run
from .scanning import has_yield
from .values import (
    UNKNOWN,
    Arguments,
    Cls,
    Coll,
    Context,
    Data,
    Foreign,
    Func,
    Generator,
    Inst,
    Method,
    Name,
    OneOf,
    Partial,
    Ref,
    Super,
    Value,
)


def evaluate_call(run: Run, node: cst.Call) -> Value:
    """The value of a call expression."""
    if type(node.func) is cst.Name and node.func.value == "super" and isinstance(run.frame.func, Func):
        return _super(run, node)
    callee = run.evaluate(node.func)
    if isinstance(callee, Name) and callee.dotted in _AWAITING or _is_method(node, "run_until_complete"):
        run.awaited.update(id(arg.value) for arg in node.args)
    args = arguments(run, node.args)
    _note_run(run, callee, node)
    if run.puts:
        changed_by(run, node, callee, args)
    if type(node.func) is cst.Attribute:
        note_method(run, callee, node.func.attr.value, args, node)
    return call_value(run, callee, args, node)


# What runs a coroutine to its end before it returns, or when it is awaited itself.
_AWAITING = frozenset({"asyncio.run", "asyncio.wait_for", "asyncio.shield", "anyio.run", "trio.run"})


def _is_method(node: cst.Call, name: str) -> bool:
    return type(node.func) is cst.Attribute and node.func.attr.value == name


def _note_run(run: Run, callee: Value, node: cst.Call) -> None:
    """``p.run()`` of a subclass, called from outside its class."""
    for option in spread(callee):
        if type(option) is Func and option.name == "run" and isinstance(option.bound, Inst):
            shared = option.bound.shared
            outside = run.frame.func is None or run.frame.func.owner is None
            if shared is not None and shared.kind is Kind.PROCESS and outside:
                run.emit(Verb.RUN, shared, node, f"{shared.name}.run")


def _super(run: Run, node: cst.Call) -> Value:
    func = run.frame.func
    if func is None or func.owner is None or not isinstance(func.bound, (Inst, Cls)):
        return UNKNOWN
    if isinstance(func.bound, Cls):
        return func.bound.bases[0] if func.bound.bases else UNKNOWN
    return Super(func.bound, func.owner)


def arguments(run: Run, nodes: Sequence[cst.Arg]) -> Arguments:
    """Evaluates the arguments of a call."""
    found = Arguments()
    for node in nodes:
        value = run.evaluate(node.value)
        if node.star and run.copies:
            copies.read(run, [value], node.value)
        if node.star == "*":
            items, run_on, _ = iterated(run, value, node.value)
            if items is None:
                found.open = True
                found.positional.append((run_on, node.value))
            else:
                found.positional += [(item, node.value) for item in items]
        elif node.star == "**":
            content = run.content(value) if isinstance(value, Coll) else None
            if content is None or content.items is None:
                found.open = True
            else:
                found.named.update({str(key): (item, node.value) for key, item in content.items.items()})
        elif node.keyword is not None:
            found.named[node.keyword.value] = (value, node.value)
        else:
            found.positional.append((value, node.value))
    return found


def call_value(run: Run, callee: Value, args: Arguments, node: cst.CSTNode) -> Value:
    """Calls whatever a value is."""
    if run.vars is None:
        return UNKNOWN
    if isinstance(callee, Func):
        return call_function(run, callee, args, node)
    if isinstance(callee, Name):
        return call_name(run, callee.dotted, args, node)
    if isinstance(callee, Method):
        return _call_method(run, callee, args, node)
    if isinstance(callee, Cls):
        return instantiate(run, callee, args, node)
    if isinstance(callee, Partial):
        return call_value(run, callee.func, with_partial(callee, args, node), node)
    if isinstance(callee, Inst):
        return call_method(run, callee, "__call__", args, node)
    if isinstance(callee, OneOf):
        return _call_one_of(run, callee, args, node)
    if isinstance(callee, Foreign) and worth_reading(callee, list(args.values())):
        found = force(run, callee)
        if found is not None:
            return call_value(run, found, args, node)
    return call_unknown(run, args, callee)


def _call_one_of(run: Run, callee: OneOf, args: Arguments, node: cst.CSTNode) -> Value:
    results: list[Value] = []

    def call(option: Value) -> Callable[[], None]:
        return lambda: results.append(call_value(run, option, args, node))

    one_of(run, [call(option) for option in callee.options])
    joined: Value = results[0] if results else UNKNOWN
    for value in results[1:]:
        joined = join(joined, value)
    return joined


def with_partial(partial: Partial, args: Arguments, node: cst.CSTNode) -> Arguments:
    """The arguments that the function inside a partial gets."""
    merged = Arguments([(value, node) for value in partial.args] + args.positional, open=args.open)
    merged.named = {**{name: (value, node) for name, value in partial.kwargs}, **args.named}
    return merged


def call_unknown(run: Run, args: Arguments, callee: Value = UNKNOWN) -> Value:
    """A call of code that cannot be seen: whatever it is given is open from now on."""
    if run.copies:
        copies.forgotten(run, args.values())
    expose(run, *args.values())
    return from_values([callee, *args.values()])


def call_method(run: Run, inst: Inst, name: str, args: Arguments, node: cst.CSTNode) -> Value:
    """Calls a method of an object of the text."""
    method = get_attribute(run, inst, name, node)
    if isinstance(method, (Func, Method)):
        return call_value(run, method, args, node)
    return call_unknown(run, args)


def _call_method(run: Run, method: Method, args: Arguments, node: cst.CSTNode) -> Value:
    owner = method.owner
    if isinstance(owner, Ref):
        return do(run, owner, method.name, args, node)
    if isinstance(owner, Context):
        return call_name(run, f"multiprocessing.{method.name}", args, node, context=owner)
    if isinstance(owner, Super):
        return call_base(run, owner.inst, method.name, args, node)
    if isinstance(owner, OneOf):
        return _call_one_of(run, OneOf(tuple(Method(option, method.name) for option in owner.options)), args, node)
    if isinstance(owner, Cls) and method.name == "register":
        return register(run, owner, args, node)
    if method.name in CHANGERS:
        change_copy(run, owner, node, method.name, used=id(node) not in run.unused)
    return call_container(run, owner, method.name, args, node)


# -- functions of the text


def call_function(run: Run, func: Value, args: Arguments, node: cst.CSTNode, *, known: bool = True) -> Value:
    """Follows a function of the text in place; a generator runs where it is iterated."""
    if not isinstance(func, Func):
        return call_value(run, func, args, node)
    if func.scope.module.yields and type(func.node) is cst.FunctionDef and has_yield(func.node):
        return Generator(func, args, node=node, module=run.frame.scope.module)
    return follow(run, func, args, node, known=known)


# -- classes of the text


def instantiate(run: Run, cls: Cls, args: Arguments, node: cst.CSTNode, *, known: bool = True) -> Value:
    """Makes an object of a class of the text; a Process subclass makes a process too."""
    run.visited.add(id(cls.node))
    base = library_base(cls)
    shared: Shared | None = make_process(run, node, base, cls) if base is not None else None
    bases = manager_bases(cls) if base is None else frozenset()
    if bases:
        shared = new_manager(run, bases, node, cls)
    inst = Inst(cls, shared)
    for library in lineage(cls):
        if isinstance(library, Name) and keys.takes_key(library.dotted):
            keys.given(run, library.dotted, args)
    init = member(run, cls, "__init__")
    if isinstance(init, Func):
        bound = get_attribute(run, inst, "__init__", node)
        if isinstance(shared, Process):
            note_parameters(run, shared, bound, args, inst)
            # One that starts itself there runs its own ``run``, with what it has by then.
            spec_of(run, shared).inst = inst
        call_function(run, bound, args, node, known=known)
    elif isinstance(shared, Process):
        call_base(run, inst, "__init__", args, node)
    elif cls.fields:
        _fill_fields(run, inst, cls, args, node)
    elif shared is None and any(not isinstance(base, Cls) for base in lineage(cls)):
        values = list(args.values())
        for shared_object in reachable(run, *values):
            shared_object.open = True
    if member(run, cls, "__del__") is not None:
        # What it does when the object dies is not followed.
        expose(run, *(Ref(one) for one in reachable(run, inst) if isinstance(one, Memory)))
    if isinstance(shared, Process):
        complete(run, shared, inst)
    if member(run, cls, "__del__") is not None:
        leave_for_later(run, get_attribute(run, inst, "__del__", node), Arguments(), node)
    return inst


def _fill_fields(run: Run, inst: Inst, cls: Cls, args: Arguments, node: cst.CSTNode) -> None:
    outer = run.path
    for index, name in enumerate(cls.fields):
        # What two factories make at this one place are two things.
        run.path = (*outer, name)
        value = args.get(index, name)
        if value is None:
            value = member(run, cls, name)
            if isinstance(value, Partial):
                value = call_value(run, value.func, Arguments(), node)
        call_it(run, value or UNKNOWN, name)
        run.store(inst.key, name, value if value is not None else Data(anything=args.open))
    run.path = outer
    post = member(run, cls, "__post_init__")
    if post is not None:
        call_method(run, inst, "__post_init__", Arguments(), node)
