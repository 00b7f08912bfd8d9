"""Functions of the text, followed in place: their parameters bound, their names and results kept apart."""

from __future__ import annotations

import functools
from collections.abc import Callable

import libcst as cst

from ..model import Block, Choice, Flow, Jump, Memory, Seq, Verb
from . import contents
from .joining import from_values, is_boring, join
from .keeping import left
from .lifetimes import leave
from .lookup import bind
from .reach import expose, reachable
from .run import Exit, Frame, Run
from .scanning import binds_beyond
from .silence import without_events
from .values import NOTHING, UNKNOWN, Arguments, Cls, Const, Data, Func, Inst, Items, Ref, Scope, Value, View


def follow(
    run: Run,
    func: Func,
    args: Arguments,
    node: cst.CSTNode,
    *,
    known: bool = True,
    on_yield: Callable[[Value, cst.Yield], None] | None = None,
) -> Value:
    """Executes a function's body with its parameters bound, in a block of its own."""
    values = list(args.values())
    # Where nothing shared exists yet, or nothing new since and nothing interesting is given, a function that did
    # nothing before (but, perhaps, raise) will do nothing again.
    known_objects = len(run.program.objects)
    dull = (id(func.node), func.bound.key if known_objects and isinstance(func.bound, (Inst, Cls)) else 0)
    boring = on_yield is None and (not known_objects or all(map(is_boring, values)))
    before = run.dull.get(dull) if boring else None
    if before is not None and before[0] == known_objects and not (run.puts and binds_beyond(func.node)):
        run.out.extend(before[1])
        return from_values(values)
    again = run.stack.count(func.node)
    if again:
        if again > 1 or len(run.stack) >= run.depth or on_yield is not None:
            return Data(anything=True)
        # A function that calls itself is followed once more, with numbers that may be any.
        args = _any_numbers(args)
    if len(run.stack) >= run.depth:
        expose(run, *values)
        run.program.whole = False
        return UNKNOWN
    run.visited.add(id(func.node))
    if _is_coroutine(func.node):
        return _follow_async(run, func, args, node, known=known)
    return _follow(run, func, args, node, dull, known=known, on_yield=on_yield)


def _any_numbers(args: Arguments) -> Arguments:
    def any_number(value: Value) -> Value:
        return Data(plain=True, reads=value.reads) if isinstance(value, Const) and value.value is not None else value

    positional = [(any_number(value), node) for value, node in args.positional]
    return Arguments(positional, {name: (any_number(value), node) for name, (value, node) in args.named.items()}, args.open)


# Decorators under which a function still runs where it is called.
_IN_PLACE = frozenset("staticmethod classmethod property contextlib.contextmanager functools.wraps functools.cache".split())


def _is_coroutine(node: cst.FunctionDef | cst.Lambda) -> bool:
    return type(node) is cst.FunctionDef and node.asynchronous is not None


def _follow_async(run: Run, func: Func, args: Arguments, node: cst.CSTNode, *, known: bool) -> Value:
    """A coroutine that never returns is a task beside its maker, not the end of it."""
    if id(node) not in run.awaited:
        run.program.interleaved = True
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
    on_yield: Callable[[Value, cst.Yield], None] | None = None,
) -> Value:
    known_objects = len(run.program.objects)
    boring = on_yield is None and (not known_objects or all(map(is_boring, args.values())))
    frame = Frame(Scope("function", func.scope, func.scope.module), func, on_yield=on_yield)
    frame.selves = (*run.frame.selves, func.bound.key if isinstance(func.bound, Inst) else 0)
    place = run.place(node)
    block = Block(Seq(), place, func.name)
    frame.exit = Exit(block)
    outer = (run.frame, run.calls, run.stack, run.controls, run.in_async, run.abroad, run.rank)
    if run.frame.scope.module is run.home:
        run.abroad = place
    bind_parameters(run, func, args, frame, known=known)
    run.frame, run.calls, run.stack, run.controls = frame, (*run.calls, place), (*run.stack, func.node), NOTHING
    # What a coroutine calls runs in its event loop too, unless a decorator takes it elsewhere (sync_to_async).
    run.in_async = _is_coroutine(func.node) or (run.in_async and not func.decorators - _IN_PLACE)
    try:
        with run.writing() as sequence:
            if type(func.node) is cst.FunctionDef:
                run.body(func.node.body)
                if run.vars is not None:
                    frame.returned.append(Const(None))
            else:
                run.unused.add(id(func.node.body))
                frame.returned.append(run.evaluate(func.node.body))
    finally:
        run.frame, run.calls, run.stack, run.controls, run.in_async, run.abroad, run.rank = outer
    block.body = sequence
    run.arrive(frame.exit)
    quiet = without_events(sequence) if run.vars is not None else None
    left = quiet if quiet is not None else [] if idle(sequence, block) else [block]
    run.out.extend(left)
    result = _result(frame, outer[3] | run.controls)
    _leave(run, frame, result, node)
    if quiet is not None and boring and run.vars is not None and len(run.program.objects) == known_objects:
        if is_boring(result) and isinstance(result, (Data, Const)) and type(func.node) is not cst.Lambda:
            run.dull[dull] = (known_objects, quiet)
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
    ends = [end for value in run.vars.of(scope.key).values() for end in contents.ends_in(value)]
    made = [end for end in ends if end in frame.made]
    mine = list(run.vars.of(scope.key).values())
    blocks = [block for value in mine for block in _blocks_in(value, frame)]
    if run.managers:
        leave(run, scope.key, mine, result, node)
    if made or blocks:
        others = [value for key, names in run.vars.items() if key != scope.key for value in names.values()]
        alive = set(reachable(run, result, *others))
        lives_on = alive & set(frame.made)
        for end in made:
            if end not in alive and lives_on:
                run.emit(Verb.DROP, end, node, "return")
        for block in blocks:
            if block not in alive:
                run.emit(Verb.DROP, block, node, "return")
    left(run, frame, result, node)
    if not scope.captured:
        run.vars.forget(scope.key)
    if frame.made and run.frame is not frame:
        run.frame.made += [shared for shared in frame.made if shared not in ends]


def _blocks_in(value: Value, frame: Frame) -> list[Memory]:
    """The block of shared memory, made in this frame, that a value surely is."""
    shared = value.shared if isinstance(value, Ref) and not isinstance(value, View) else None
    return [shared] if isinstance(shared, Memory) and shared.fresh and shared in frame.made else []


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
            if type(value) is Ref and _none(func.defaults.get(name)):
                run.made["optional", value.shared] = True
            bind(run, name, value)
        _bind_rest(run, func, args, positional[len(names) :])
    finally:
        run.frame = outer


def _none(value: Value | None) -> bool:
    return isinstance(value, Const) and value.value is None


def _bind_rest(run: Run, func: Func, args: Arguments, rest: list[Value]) -> None:
    params = func.node.params
    if type(params.star_arg) is cst.Param:
        items = None if args.open else tuple(rest)
        bind(run, params.star_arg.name.value, Items(items, functools.reduce(join, rest) if rest else UNKNOWN))
    if params.star_kwarg is not None:
        taken = {param.name.value for param in (*params.params, *params.kwonly_params)}
        extra: dict[object, Value] = {name: value for name, (value, _) in args.named.items() if name not in taken}
        bind(run, params.star_kwarg.name.value, contents.make(run, "dict", None if args.open else extra, None, None))
