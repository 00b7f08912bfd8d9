"""Tests: their value, whether they are decided, and the message they look at."""

from __future__ import annotations

from dataclasses import dataclass, replace

import libcst as cst

from ..model import Constant, Event, Kind, Test, Verb
from . import copies
from .joining import as_constant, from_values, join, spread
from .operations import as_number, as_truth, compare
from .proxies import length
from .run import Run
from .values import NOTHING, Const, Data, Func, Guard, Items, Opaque, Ref, Seen, Value


_SIZED = frozenset({Kind.DICT, Kind.LIST, Kind.SET})


@dataclass(slots=True)
class Condition:
    """A test: its value, whether it is decided, and the message it looks at."""

    value: Value
    truth: bool | None = None
    test: Test | None = None
    reads: frozenset[Event] = NOTHING
    narrow: tuple[str, Value | None, Value | None] | None = None
    guard: bool = False
    seen: Seen | None = None
    # Where it comes out so, this is the one copy of the role that has this number.
    single: tuple[bool, tuple[int, object]] | None = None


def condition(run: Run, node: cst.BaseExpression) -> Condition:
    """Evaluates a test."""
    inner, negated = node, False
    while type(inner) is cst.UnaryOperation and type(inner.operator) is cst.Not:
        inner, negated = inner.expression, not negated
    found = _message_test(run, inner)
    if found is None:
        value = run.evaluate(inner)
        as_truth(run, value, inner)
        if run.copies:
            copies.read(run, [value], inner, 0)
        found = _judged(run, value, inner)
    decide(run, found.value)
    return opposite(found) if negated else found


def _judged(run: Run, value: Value, node: cst.BaseExpression) -> Condition:
    if isinstance(value, Guard):
        return Condition(value, value.truth, guard=True)
    if isinstance(value, Const):
        return Condition(value, None if value.reads else bool(value.value), reads=value.reads)
    if isinstance(value, Ref) and value.shared.kind in _SIZED:
        found = length(run, value, node)
        return Condition(found, reads=from_values([found]).reads)
    if isinstance(value, (Ref, Func)) and type(node) is cst.Name:
        return Condition(value, True)
    if isinstance(value, Data) and value.told is not None:
        return Condition(value, test=value.told)
    if isinstance(value, Data) and value.message is not None and value.message.verb is Verb.QUERY:
        # Whether an event is set.
        return Condition(value, test=Test(value.message, Constant(True)), seen=value.seen)
    if isinstance(value, Data) and value.message is not None and isinstance(node, (cst.Name, cst.NamedExpr)):
        # `if item:` tells a message from None, as from others that are false.
        name = node.value if isinstance(node, cst.Name) else _target_name(node.target)
        test = Test(value.message, Constant(None), equal=False, truth=True)
        return Condition(value, test=test, narrow=(name, None, None))
    narrow = (node.value, None, None) if type(node) is cst.Name else None
    seen = value.seen if isinstance(value, (Data, Items)) else None
    single = (False, (id(value), 0)) if isinstance(value, Data) and value.own else None
    return Condition(value, reads=from_values([value]).reads, narrow=narrow, seen=seen, single=single)


def expected(run: Run, node: cst.BaseExpression, *, equal: bool) -> Constant | None:
    """What something is known to be where a test comes out true (``equal``) or false: the constant in the test."""
    if type(node) is not cst.Comparison or len(node.comparisons) != 1:
        return None
    target = node.comparisons[0]
    if type(target.operator) is not (cst.Equal if equal else cst.NotEqual):
        return None
    plain = isinstance(target.comparator, (cst.Name, cst.Integer, cst.SimpleString))
    known = as_constant(run.evaluate(target.comparator)) if plain else None
    return Constant(known.value) if known is not None else None


def _target_name(target: cst.BaseExpression) -> str:
    return target.value if type(target) is cst.Name else ""


def spelt_out(run: Run, node: cst.BaseExpression) -> cst.BaseExpression:
    """``item in (None, "stop")`` of a message, as the comparisons that it stands for."""
    if type(node) is not cst.Comparison or len(node.comparisons) != 1 or type(node.left) is not cst.Name:
        return node
    sign, among = node.comparisons[0].operator, node.comparisons[0].comparator
    if type(sign) not in (cst.In, cst.NotIn) or not isinstance(among, (cst.Tuple, cst.List, cst.Set)):
        return node
    value = run.evaluate(node.left)
    if not isinstance(value, Data) or value.message is None or not among.elements:
        return node
    one, chain = (cst.Equal(), cst.Or()) if type(sign) is cst.In else (cst.NotEqual(), cst.And())
    found: cst.BaseExpression | None = None
    for element in among.elements:
        test = node.with_changes(comparisons=[cst.ComparisonTarget(one, element.value)])
        found = test if found is None else cst.BooleanOperation(found, chain, test)
    return found or node


def _message_test(run: Run, node: cst.BaseExpression) -> Condition | None:
    """``item is None``, ``item == "stop"``: a message against a constant."""
    if type(node) is not cst.Comparison or len(node.comparisons) != 1:
        return None
    sign = node.comparisons[0].operator
    if type(sign) not in (cst.Is, cst.IsNot, cst.Equal, cst.NotEqual):
        return None
    other_node = node.comparisons[0].comparator
    if not isinstance(node.left, (cst.Name, cst.NamedExpr, cst.Attribute, cst.Call)):
        return None
    equal = isinstance(sign, (cst.Is, cst.Equal))
    left = run.evaluate(node.left)
    right = run.evaluate(other_node)
    if run.copies:
        copies.read(run, [left, right], node)
    known = as_constant(right)
    if isinstance(left, Data) and left.message is not None and known is not None:
        name = node.left.value if type(node.left) is cst.Name else ""
        if type(node.left) is cst.NamedExpr:
            name = _target_name(node.left.target)
        same, differs = (right, None) if equal else (None, right)
        narrow = (name, same, differs) if name else None
        return Condition(left, test=Test(left.message, Constant(known.value), equal), narrow=narrow)
    if isinstance(left, Data) and left.message is not None and isinstance(right, Opaque):
        # What comes out of a queue or pipe is a copy: never the object itself.
        return Condition(left, not equal)
    if type(sign) in (cst.Equal, cst.NotEqual):
        as_number(run, left, node, "comparison")
        as_number(run, right, node, "comparison")
    verdict = compare(left, right, sign)
    value = verdict if verdict is not None else from_values([left, right], plain=True)
    found = _judged(run, value, node)
    if isinstance(left, Data) and left.own and isinstance(right, Const):
        found.single = (equal, (id(left), right.value))
    if isinstance(left, Data) and left.seen is not None and isinstance(right, Const):
        found.seen = left.seen.compared(right.value, equal=equal)
    if type(node.left) is cst.Name and isinstance(right, Const) and verdict is None and right.value is None:
        found.narrow = (node.left.value, right, None) if equal else (node.left.value, None, right)
        _narrow_options(run, found, node.left.value, left, equal=equal)
    return found


def _narrow_options(run: Run, found: Condition, name: str, value: Value, *, equal: bool) -> None:
    """``x is None`` on one of several: the other branch has the rest."""
    rest = [option for option in spread(value) if not (isinstance(option, Const) and option.value is None)]
    if len(rest) == len(spread(value)) or not rest:
        return
    kept = rest[0]
    for option in rest[1:]:
        kept = join(kept, option)
    none = Const(None)
    found.narrow = (name, none, kept) if equal else (name, kept, none)


def opposite(found: Condition) -> Condition:
    test = found.test
    return Condition(
        found.value,
        None if found.truth is None else not found.truth,
        replace(test, equal=not test.equal) if test is not None else None,
        found.reads,
        (found.narrow[0], found.narrow[2], found.narrow[1]) if found.narrow is not None else None,
        found.guard,
        found.seen.opposite() if found.seen is not None else None,
        (not found.single[0], found.single[1]) if found.single is not None else None,
    )


def decide(run: Run, value: Value) -> None:
    """A branch or loop that a queue's size decides."""
    if isinstance(value, Data) and value.sizes:
        for node, shared in zip(value.sizes, value.size_of):
            run.emit(Verb.DECIDE, shared, node, "size")
