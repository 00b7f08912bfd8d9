"""What is handed to a process, a task or an initializer, in the model's words."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from ..model import Argument, Callee, CalleeKind, Fault, Handover, Shared, Signature
from . import contents
from .attributes import is_plain_base, member
from .project import force
from .reach import reachable
from .run import Run
from .values import (
    Arguments,
    Cls,
    Coll,
    Const,
    Content,
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
    Value,
)

_Given = tuple[Value, cst.CSTNode]


def handover_of(
    run: Run,
    node: cst.CSTNode,
    target: _Given | None,
    given: _Given | None,
    named: _Given | None,
    *,
    process: Shared | None = None,
) -> Handover:
    """A target with its ``args`` and ``kwargs``."""
    handover = Handover(run.place(node))
    if target is not None:
        handover.callee = callee_of(run, *target)
    if given is not None:
        _positional(run, handover, *given)
    if named is not None:
        _by_name(run, handover, *named)
    return handover


def _positional(run: Run, handover: Handover, value: Value, node: cst.CSTNode) -> None:
    wrong = not_a_sequence(run, value, node)
    if wrong:
        handover.not_a_sequence = (contents.text(run, node), run.place(node))
        handover.complete = False
        return
    items = contents.elements(run, value)[0]
    if items is None or isinstance(value, OneOf):
        handover.complete = False
        handover.arguments.append(argument_of(run, value, node))
        return
    nodes = _element_nodes(node, len(items))
    handover.arguments += [argument_of(run, item, part) for item, part in zip(items, nodes)]


def _element_nodes(node: cst.CSTNode, count: int) -> list[cst.CSTNode]:
    """The nodes of a display's elements; the whole one, where it is no display of that many."""
    if isinstance(node, (cst.Tuple, cst.List)) and len(node.elements) == count:
        if not any(type(element) is cst.StarredElement for element in node.elements):
            return [element.value for element in node.elements]
    return [node] * count


def _by_name(run: Run, handover: Handover, value: Value, node: cst.CSTNode) -> None:
    content = run.content(value) if isinstance(value, Coll) else None
    if content is None or content.items is None:
        handover.complete = False
        handover.arguments.append(argument_of(run, value, node))
        return
    parts: dict[object, cst.CSTNode] = {}
    if type(node) is cst.Dict:
        for element in node.elements:
            if type(element) is cst.DictElement and type(element.key) is cst.SimpleString:
                parts[element.key.evaluated_value] = element.value
    for key, item in content.items.items():
        handover.arguments.append(argument_of(run, item, parts.get(key, node), str(key)))


def argument_of(run: Run, value: Value, node: cst.CSTNode, keyword: str | None = None) -> Argument:
    """One argument."""
    shared = tuple(reachable(run, value, pickled=True))
    return Argument(run.place(node), contents.text(run, node), shared, keyword, fault_of(run, value))


def not_a_sequence(run: Run, value: Value, node: cst.CSTNode) -> bool:
    """Whether what stands for ``args`` is surely no sequence of arguments."""
    if isinstance(value, OneOf):
        return all(not_a_sequence(run, option, node) for option in value.options)
    if isinstance(value, (Const, Ref, Func, Cls, Name)):
        return not (isinstance(value, Const) and isinstance(value.value, tuple))
    if isinstance(value, Inst):
        iterable = any(member(run, value.cls, name) is not None for name in ("__iter__", "__getitem__"))
        return not iterable and not _unknown_base(value.cls)
    if isinstance(value, Data) and value.scalar:
        return True
    if isinstance(value, Data) and not value.anything:
        lone = isinstance(node, (cst.Name, cst.Attribute, cst.Subscript, cst.Call)) and bool(node.lpar)
        return lone and type(node) is not cst.Call
    return False


def fault_of(run: Run, value: Value, depth: int = 0) -> Fault | None:
    """Why a value cannot be pickled, if it is known not to be."""
    if isinstance(value, Func):
        if type(value.node) is cst.Lambda:
            return Fault.LAMBDA
        if value.nested and value.bound is None:
            return Fault.NESTED
        if value.guarded:
            return Fault.GUARDED
        return fault_of(run, value.bound, depth + 1) if value.bound is not None and depth < 4 else None
    if isinstance(value, Inst):
        return Fault.LOCAL_CLASS if value.cls.local else None
    if isinstance(value, Cls):
        return Fault.LOCAL_CLASS if value.local else None
    if isinstance(value, Partial):
        return _first_fault(run, [value.func, *value.args, *(item for _, item in value.kwargs)], depth)
    if isinstance(value, Items):
        return _first_fault(run, [*(value.items or ()), value.element], depth)
    if isinstance(value, Coll):
        content: Content = run.content(value)
        inside = list((content.items or {}).values())
        return _first_fault(run, [*inside, *([content.element] if content.element else [])], depth)
    return None


def _first_fault(run: Run, values: list[Value], depth: int) -> Fault | None:
    if depth > 4:
        return None
    return next((fault for value in values if (fault := fault_of(run, value, depth + 1))), None)


def callee_of(run: Run, value: Value, node: cst.CSTNode) -> Callee:
    """What is to be run."""
    if isinstance(value, Foreign):
        value = force(run, value) or value
    callee = Callee(CalleeKind.UNKNOWN, contents.text(run, node), run.place(node), fault=fault_of(run, value))
    called = type(node) is cst.Call
    if isinstance(value, (Partial, Inst)) or (isinstance(value, Func) and value.bound is not None):
        callee.shared = tuple(reachable(run, value if not isinstance(value, Func) else value.bound or value, pickled=True))
    if isinstance(value, Func):
        callee.kind = _kind_of_function(value)
        callee.signature = signature_of(value)
        callee.definition = value.scope.module.locator.place(value.node)
    elif isinstance(value, Partial):
        callee.kind = CalleeKind.PARTIAL
        callee.signature = _signature_of_partial(value)
    elif isinstance(value, Inst):
        callable_ = member(run, value.cls, "__call__") is not None
        callee.kind = CalleeKind.INSTANCE
        if not callable_ and not _unknown_base(value.cls):
            callee.kind = CalleeKind.CALLED if called else CalleeKind.NOT_CALLABLE
        if value.cls.local:
            callee.kind = CalleeKind.LOCAL_CLASS
    elif isinstance(value, Cls) and value.local:
        callee.kind = CalleeKind.LOCAL_CLASS
    elif isinstance(value, Method):
        callee.kind = CalleeKind.METHOD
    elif isinstance(value, (Const, Items, Coll, Generator, Ref)) or (isinstance(value, Data) and value.plain):
        callee.kind = CalleeKind.CALLED if called else CalleeKind.NOT_CALLABLE
        if isinstance(value, Const) and value.value is None and not called:
            callee.kind = CalleeKind.NONE
        if isinstance(value, Data) and not called:
            callee.kind = CalleeKind.UNKNOWN
    return callee


def _unknown_base(cls: Cls) -> bool:
    """Whether a base, of whose methods nothing is known, may make up for what the text lacks."""
    return any(_unknown_base(base) if isinstance(base, Cls) else not is_plain_base(base) for base in cls.bases)


def _kind_of_function(value: Func) -> CalleeKind:
    if type(value.node) is cst.Lambda:
        return CalleeKind.LAMBDA
    if value.bound is not None:
        return CalleeKind.METHOD
    return CalleeKind.NESTED if value.nested else CalleeKind.FUNCTION


def signature_of(value: Func) -> Signature | None:
    """The parameters of a function as a caller sees them; None where decorators may have changed them."""
    if value.decorators - {"staticmethod", "classmethod"}:
        return None
    params = value.node.params
    positional = [*params.posonly_params, *params.params]
    only = len(params.posonly_params)
    if value.bound is not None and positional:
        positional, only = positional[1:], max(0, only - 1)
    return Signature(
        positional=tuple(param.name.value for param in positional),
        positional_only=only,
        defaults=sum(param.default is not None for param in positional),
        keyword_only=tuple(param.name.value for param in params.kwonly_params),
        keyword_required=tuple(param.name.value for param in params.kwonly_params if param.default is None),
        star=type(params.star_arg) is cst.Param,
        star_star=params.star_kwarg is not None,
    )


def _signature_of_partial(value: Partial) -> Signature | None:
    """What is left to fill of the function inside a partial; names it fixed may be given again."""
    inner = signature_of(value.func) if isinstance(value.func, Func) else None
    if inner is None or len(value.args) > len(inner.positional):
        return None
    fixed = {name for name, _ in value.kwargs}
    rest = inner.positional[len(value.args) :]
    if fixed.intersection(rest):
        first = min(rest.index(name) for name in fixed if name in rest)
        later = rest[first:]
        required = tuple(name for name in later[: len(later) - inner.defaults] if name not in fixed)
        return Signature(
            positional=rest[:first],
            positional_only=max(0, inner.positional_only - len(value.args)),
            defaults=max(0, inner.defaults - len(later)),
            keyword_only=(*later, *inner.keyword_only),
            keyword_required=(*required, *(name for name in inner.keyword_required if name not in fixed)),
            star=False,
            star_star=inner.star_star,
        )
    return Signature(
        positional=rest,
        positional_only=max(0, inner.positional_only - len(value.args)),
        defaults=min(inner.defaults, len(rest)),
        keyword_only=inner.keyword_only,
        keyword_required=tuple(name for name in inner.keyword_required if name not in fixed),
        star=inner.star,
        star_star=inner.star_star,
    )


def all_handed(args: Arguments, loops: tuple[int, ...]) -> Arguments:
    """Arguments as their receiver has them (``handed``)."""
    found = Arguments(open=args.open)
    found.positional = [(handed(value, loops), node) for value, node in args.positional]
    found.named = {name: (handed(value, loops), node) for name, (value, node) in args.named.items()}
    return found


def handed(value: Value, loops: tuple[int, ...]) -> Value:
    """A value as its receiver has it: what differs from copy to copy is its own."""
    if isinstance(value, Data):
        own = value.own or bool(value.varies.intersection(loops))
        return replace(value, own=own, varies=frozenset(), copy=None) if own or value.varies or value.copy else value
    if isinstance(value, Ref):
        return replace(value, inherited=False, exact=True)
    if isinstance(value, Items):
        items = tuple(handed(item, loops) for item in value.items) if value.items is not None else None
        return Items(items, handed(value.element, loops), value.count, value.sequence, value.numbers)
    if isinstance(value, Partial):
        args = tuple(handed(item, loops) for item in value.args)
        return Partial(value.func, args, tuple((name, handed(item, loops)) for name, item in value.kwargs))
    if isinstance(value, OneOf):
        if value.varies.intersection(loops):
            return Data(own=True, plain=True, scalar=True)
        return OneOf(tuple(handed(option, loops) for option in value.options))
    return value
