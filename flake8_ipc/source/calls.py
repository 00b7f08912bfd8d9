"""Calls: the text's own functions and classes are followed in place, the library's become events."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import libcst as cst

from ..model import Block, Choice, Flow, Jump, Kind, Seq, Verb
from . import contents
from .changes import changed_by
from .attributes import get_attribute, library_base, lineage, member
from .lookup import bind, call_it
from .project import force, worth_reading
from .run import Exit, Frame, Run
from .scanning import binds_beyond
from .values import (
    NOTHING,
    UNKNOWN,
    Arguments,
    Cls,
    Coll,
    Const,
    Content,
    Context,
    Data,
    Foreign,
    Func,
    Generator,
    Inst,
    Items,
    Method,
    Name,
    OneOf,
    Partial,
    Ref,
    Scope,
    Super,
    Value,
    from_values,
    is_boring,
    join,
    spread,
    with_reads,
)


def evaluate_call(run: Run, node: cst.Call) -> Value:
    """The value of a call expression."""
    if isinstance(node.func, cst.Name) and node.func.value == "super" and isinstance(run.frame.func, Func):
        return _super(run, node)
    callee = run.evaluate(node.func)
    args = arguments(run, node.args)
    _note_run(run, callee, node)
    if run.puts:
        changed_by(run, node, callee, args)
    return call_value(run, callee, args, node)


def _note_run(run: Run, callee: Value, node: cst.Call) -> None:
    """``p.run()`` of a subclass, called from outside its class."""
    for option in spread(callee):
        if isinstance(option, Func) and option.name == "run" and isinstance(option.bound, Inst):
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
        if node.star == "*":
            items = contents.elements(run, value)[0]
            if items is None:
                found.open = True
                run_on = contents.elements(run, value)[1]
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
        from .library import call_name

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
    from .statements import one_of

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
    run.open(*args.values())
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
        from .deeds import do

        return do(run, owner, method.name, args, node)
    if isinstance(owner, Context):
        from .library import call_name

        return call_name(run, f"multiprocessing.{method.name}", args, node, context=owner)
    if isinstance(owner, Super):
        from .launch import call_base

        return call_base(run, owner.inst, method.name, args, node)
    if isinstance(owner, OneOf):
        return _call_one_of(run, OneOf(tuple(Method(option, method.name) for option in owner.options)), args, node)
    from .containers import call_container

    return call_container(run, owner, method.name, args, node)


# -- functions of the text


def is_generator(run: Run, node: cst.FunctionDef | cst.Lambda) -> bool:
    """Whether a function has a ``yield`` of its own."""
    from .scanning import has_yield

    return isinstance(node, cst.FunctionDef) and has_yield(node)


def call_function(run: Run, func: Value, args: Arguments, node: cst.CSTNode, *, known: bool = True) -> Value:
    """Follows a function of the text in place; a generator runs where it is iterated."""
    if not isinstance(func, Func):
        return call_value(run, func, args, node)
    if is_generator(run, func.node):
        return Generator(func, args, node=node)
    return follow(run, func, args, node, known=known)


def follow(
    run: Run,
    func: Func,
    args: Arguments,
    node: cst.CSTNode,
    *,
    known: bool = True,
    on_yield: Callable[[Value], None] | None = None,
) -> Value:
    """Executes a function's body with its parameters bound, in a block of its own."""
    values = list(args.values())
    # Where nothing shared exists yet, or nothing new since and nothing interesting is given, a function that did
    # nothing before will do nothing again.
    dull = (id(func.node), func.bound.key if isinstance(func.bound, (Inst, Cls)) else 0)
    known_objects = len(run.program.objects)
    boring = on_yield is None and (not known_objects or all(map(is_boring, values)))
    if boring and run.dull.get(dull) == known_objects and not (run.puts and binds_beyond(func.node)):
        return from_values(values)
    if func.node in run.stack:
        return Data(anything=True)
    if len(run.stack) >= run.depth:
        run.open(*values)
        run.program.whole = False
        return UNKNOWN
    run.visited.add(id(func.node))
    if isinstance(func.node, cst.FunctionDef) and func.node.asynchronous is not None:
        return _follow_async(run, func, args, node, known=known)
    return _follow(run, func, args, node, dull, known=known, on_yield=on_yield)


def _follow_async(run: Run, func: Func, args: Arguments, node: cst.CSTNode, *, known: bool) -> Value:
    """A coroutine that never returns is a task beside its maker, not the end of it."""
    before = run.fork()
    with run.writing() as sequence:
        result = _follow(run, func, args, node, (0, 0), known=known)
    if run.vars is None:
        run.vars = before
        run.out.append(Choice([sequence, Seq()]))
    else:
        run.out.extend(sequence.items)
    return result


def _follow(
    run: Run,
    func: Func,
    args: Arguments,
    node: cst.CSTNode,
    dull: tuple[int, int],
    *,
    known: bool,
    on_yield: Callable[[Value], None] | None = None,
) -> Value:
    known_objects = len(run.program.objects)
    boring = on_yield is None and (not known_objects or all(map(is_boring, args.values())))
    frame = Frame(Scope("function", func.scope, func.scope.module), func, on_yield=on_yield)
    frame.selves = (*run.frame.selves, func.bound.key if isinstance(func.bound, Inst) else 0)
    place = run.place(node)
    block = Block(Seq(), place, func.name)
    frame.exit = Exit(block)
    outer = (run.frame, run.calls, run.stack, run.controls, run.in_async, run.abroad)
    if run.frame.scope.module is run.home:
        run.abroad = place
    bind_parameters(run, func, args, frame, known=known)
    run.frame, run.calls, run.stack, run.controls = frame, (*run.calls, place), (*run.stack, func.node), NOTHING
    run.in_async = isinstance(func.node, cst.FunctionDef) and func.node.asynchronous is not None
    try:
        with run.writing() as sequence:
            if isinstance(func.node, cst.Lambda):
                run.unused.add(id(func.node.body))
                frame.returned.append(run.evaluate(func.node.body))
            else:
                run.body(func.node.body)
                if run.vars is not None:
                    frame.returned.append(Const(None))
    finally:
        run.frame, run.calls, run.stack, run.controls, run.in_async, run.abroad = outer
    block.body = sequence
    silent = idle(sequence, block)
    run.arrive(frame.exit)
    if not silent:
        run.out.append(block)
    result = _result(frame, outer[3] | run.controls)
    _leave(run, frame, result, node)
    if silent and boring and run.vars is not None and len(run.program.objects) == known_objects:
        if is_boring(result) and isinstance(result, (Data, Const)) and not isinstance(func.node, cst.Lambda):
            run.dull[dull] = known_objects
    return result


def _result(frame: Frame, reads: object) -> Value:
    joined: Value = frame.returned[0] if frame.returned else UNKNOWN
    for value in frame.returned[1:]:
        joined = join(joined, value)
    return joined


def idle(flow: Flow, block: Block) -> bool:
    """Whether a flow does nothing but, perhaps, leave its own block."""
    if isinstance(flow, Seq):
        return all(idle(item, block) for item in flow.items)
    if isinstance(flow, Choice):
        return all(idle(branch, block) for branch in flow.branches)
    return isinstance(flow, Jump) and flow.target is block


def _leave(run: Run, frame: Frame, result: Value, node: cst.CSTNode) -> None:
    """The frame's names die: pipe ends that nothing else holds are dropped where their pipe lives on."""
    if run.vars is None:
        return
    scope = frame.scope
    mine = {name: run.vars.get((scope.key, name)) for name in scope.names}
    ends = [end for value in mine.values() if value is not None for end in contents.ends_in(value)]
    made = [end for end in ends if end in frame.made]
    if made:
        others = [value for (key, _), value in run.vars.items() if key != scope.key]
        alive = set(run.reachable(result, *others))
        lives_on = alive & set(frame.made)
        for end in made:
            if end not in alive and lives_on:
                run.emit(Verb.DROP, end, node, "return")
    if not scope.captured:
        for name in mine:
            run.vars.pop((scope.key, name), None)
    if frame.made and run.frame is not frame:
        run.frame.made += [shared for shared in frame.made if shared not in ends]


def bind_parameters(run: Run, func: Func, args: Arguments, frame: Frame, *, known: bool = True) -> None:
    """Binds a call's arguments to the parameters.

    ``known`` False: the caller cannot be seen, and what is missing may be anything.
    """
    params = func.node.params
    names = [*params.posonly_params, *params.params]
    positional = [value for value, _ in args.positional]
    if func.bound is not None:
        positional.insert(0, func.bound)
    outer, run.frame = run.frame, frame
    try:
        for index, param in enumerate((*names, *params.kwonly_params)):
            name = param.name.value
            if index < len(names) and index < len(positional):
                value = positional[index]
            elif name in args.named:
                value = args.named[name][0]
            elif known and not args.open:
                value = func.defaults.get(name, UNKNOWN)
            else:
                from .entries import unknown_argument

                value = unknown_argument(run, param, func.defaults.get(name))
            bind(run, name, value)
        _bind_rest(run, func, args, positional[len(names) :])
    finally:
        run.frame = outer


def _bind_rest(run: Run, func: Func, args: Arguments, rest: list[Value]) -> None:
    params = func.node.params
    if isinstance(params.star_arg, cst.Param):
        items = None if args.open else tuple(rest)
        bind(run, params.star_arg.name.value, Items(items, UNKNOWN if not rest else rest[0]))
    if params.star_kwarg is not None:
        taken = {param.name.value for param in (*params.params, *params.kwonly_params)}
        extra: dict[object, Value] = {name: value for name, (value, _) in args.named.items() if name not in taken}
        bind(run, params.star_kwarg.name.value, contents.make(run, "dict", None if args.open else extra, None, None))


# -- classes of the text


def instantiate(run: Run, cls: Cls, args: Arguments, node: cst.CSTNode, *, known: bool = True) -> Value:
    """Makes an object of a class of the text; a Process subclass makes a process too."""
    run.visited.add(id(cls.node))
    from .launch import make_process

    base = library_base(cls)
    shared = make_process(run, node, base, cls) if base is not None else None
    inst = Inst(cls, shared)
    init = member(run, cls, "__init__")
    if isinstance(init, Func):
        bound = get_attribute(run, inst, "__init__", node)
        if shared is not None:
            from .launch import note_parameters

            note_parameters(run, shared, bound, args, inst)
        call_function(run, bound, args, node, known=known)
    elif shared is not None:
        from .launch import call_base

        call_base(run, inst, "__init__", args, node)
    elif cls.fields:
        _fill_fields(run, inst, cls, args, node)
    elif any(not isinstance(base, Cls) for base in lineage(cls)):
        values = list(args.values())
        for shared_object in run.reachable(*values):
            shared_object.open = True
    if shared is not None:
        from .launch import complete

        complete(run, shared, inst)
    return inst


def _fill_fields(run: Run, inst: Inst, cls: Cls, args: Arguments, node: cst.CSTNode) -> None:
    for index, name in enumerate(cls.fields):
        value = args.get(index, name)
        if value is None:
            value = member(run, cls, name)
            if isinstance(value, Partial):
                value = call_value(run, value.func, Arguments(), node)
        call_it(run, value or UNKNOWN, name)
        run.store(inst.key, name, value if value is not None else Data(anything=args.open))
    post = member(run, cls, "__post_init__")
    if post is not None:
        call_method(run, inst, "__post_init__", Arguments(), node)


__all__ = ["Content", "spread", "with_reads"]
