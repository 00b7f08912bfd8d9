"""Statements -> flow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from ..model import Block, Choice, Constant, Event, Flow, Handler, Jump, Raise, Seq, Test, Try, Verb
from . import contents
from .changes import note_change
from .lookup import assign, bind, delete, lookup
from .run import Exit, Run, Vars, executes, join_vars
from .values import (
    NOTHING,
    UNKNOWN,
    Const,
    Data,
    Func,
    Guard,
    Name,
    Opaque,
    Ref,
    Value,
    from_values,
    spread,
)


@dataclass(slots=True)
class Condition:
    """A test: its value, whether it is decided, and the message it looks at."""

    value: Value
    truth: bool | None = None
    test: Test | None = None
    reads: frozenset[Event] = NOTHING
    narrow: tuple[str, Value | None, Value | None] | None = None
    guard: bool = False


def condition(run: Run, node: cst.BaseExpression) -> Condition:
    """Evaluates a test."""
    inner, negated = node, False
    while isinstance(inner, cst.UnaryOperation) and isinstance(inner.operator, cst.Not):
        inner, negated = inner.expression, not negated
    found = _message_test(run, inner)
    if found is None:
        from .expressions import as_number

        value = run.evaluate(inner)
        as_number(run, value, inner, "truth")
        found = _judged(run, value, inner)
    decide(run, found.value)
    return _negated(found) if negated else found


def _judged(run: Run, value: Value, node: cst.BaseExpression) -> Condition:
    if isinstance(value, Guard):
        return Condition(value, value.truth, guard=True)
    if isinstance(value, Const):
        return Condition(value, None if value.reads else bool(value.value), reads=value.reads)
    if isinstance(value, (Ref, Func)) and isinstance(node, cst.Name):
        return Condition(value, True)
    if isinstance(value, Data) and value.message is not None and isinstance(node, (cst.Name, cst.NamedExpr)):
        # `if item:` tells a message from None, but not from other false ones.
        name = node.value if isinstance(node, cst.Name) else _target_name(node.target)
        test = Test(value.message, Constant(None), equal=False)
        return Condition(value, test=test, narrow=(name, None, None))
    narrow = (node.value, None, None) if isinstance(node, cst.Name) else None
    return Condition(value, reads=from_values([value]).reads, narrow=narrow)


def _target_name(target: cst.BaseExpression) -> str:
    return target.value if isinstance(target, cst.Name) else ""


def _message_test(run: Run, node: cst.BaseExpression) -> Condition | None:
    """``item is None``, ``item == "stop"``: a message against a constant."""
    if not isinstance(node, cst.Comparison) or len(node.comparisons) != 1:
        return None
    sign = node.comparisons[0].operator
    if not isinstance(sign, (cst.Is, cst.IsNot, cst.Equal, cst.NotEqual)):
        return None
    other_node = node.comparisons[0].comparator
    if not isinstance(node.left, (cst.Name, cst.NamedExpr, cst.Attribute, cst.Call)):
        return None
    equal = isinstance(sign, (cst.Is, cst.Equal))
    left = run.evaluate(node.left)
    right = run.evaluate(other_node)
    if isinstance(left, Data) and left.message is not None and isinstance(right, Const):
        name = node.left.value if isinstance(node.left, cst.Name) else ""
        if isinstance(node.left, cst.NamedExpr):
            name = _target_name(node.left.target)
        same, differs = (right, None) if equal else (None, right)
        narrow = (name, same, differs) if name else None
        return Condition(left, test=Test(left.message, Constant(right.value), equal), narrow=narrow)
    if isinstance(left, Data) and left.message is not None and isinstance(right, Opaque):
        # What comes out of a queue or pipe is a copy: never the object itself.
        return Condition(left, not equal)
    from .expressions import as_number, compare

    if isinstance(sign, (cst.Equal, cst.NotEqual)):
        as_number(run, left, node, "comparison")
        as_number(run, right, node, "comparison")
    verdict = compare(left, right, sign)
    value = verdict if verdict is not None else from_values([left, right], plain=True)
    found = _judged(run, value, node)
    if isinstance(node.left, cst.Name) and isinstance(right, Const) and verdict is None and right.value is None:
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
        from .values import join

        kept = join(kept, option)
    none = Const(None)
    found.narrow = (name, none, kept) if equal else (name, kept, none)


def _negated(found: Condition) -> Condition:
    test = found.test
    return Condition(
        found.value,
        None if found.truth is None else not found.truth,
        Test(test.event, test.constant, not test.equal) if test is not None else None,
        found.reads,
        (found.narrow[0], found.narrow[2], found.narrow[1]) if found.narrow is not None else None,
        found.guard,
    )


def decide(run: Run, value: Value) -> None:
    """A branch or loop that a queue's size decides."""
    if isinstance(value, Data) and value.sizes:
        for node, shared in zip(value.sizes, value.size_of):
            run.emit(Verb.DECIDE, shared, node, "size")


# -- branches


def either(
    run: Run,
    then: Callable[[], None],
    other: Callable[[], None],
    *,
    test: Condition | None = None,
    reads: frozenset[Event] = NOTHING,
) -> None:
    """One of two branches: the only possible one, where that is known."""
    found = test or Condition(UNKNOWN, reads=reads)
    outer = run.controls
    if found.truth is not None:
        guarded = run.guarded
        run.guarded = guarded or found.guard
        (then if found.truth else other)()
        run.guarded = guarded
        return
    run.controls = outer | found.reads
    before = run.fork()
    _narrow(run, found.narrow, 1)
    with run.writing() as first:
        then()
    after, run.vars = run.vars, before
    _narrow(run, found.narrow, 2)
    with run.writing() as second:
        other()
    one_left = (after is None) is not (run.vars is None)
    run.vars = join_vars(run.vars, after)
    # Past a test that ended one of its branches, everything still hangs on its outcome.
    run.controls = outer | found.reads if one_left else outer
    if first.items or second.items:
        run.out.append(Choice([first, second], found.test))


def _narrow(run: Run, narrow: tuple[str, Value | None, Value | None] | None, index: int) -> None:
    if narrow is None or not narrow[0]:
        return
    value = narrow[1] if index == 1 else narrow[2]
    if value is not None:
        bind(run, narrow[0], value)


def one_of(run: Run, branches: Sequence[Callable[[], None]]) -> None:
    """One of several branches; which is not known."""
    before = run.fork()
    after: Vars | None = None
    flows: list[Flow] = []
    for branch in branches:
        run.vars = dict(before) if before is not None else None
        with run.writing() as sequence:
            branch()
        flows.append(sequence)
        after = join_vars(after, run.vars)
    run.vars = after
    if any(isinstance(flow, Seq) and flow.items for flow in flows):
        run.out.append(Choice(flows))


def branch_on(run: Run, node: cst.BaseExpression, then: Callable[[], None], other: Callable[[], None]) -> None:
    """``if node: then else: other``, with short circuits told apart."""
    if not isinstance(node, cst.BooleanOperation):
        either(run, then, other, test=condition(run, node))
        return
    done = Exit(Block(Seq()))
    failed = Exit(Block(Seq()))
    controls = run.controls
    with run.writing() as outer:
        with run.writing() as inner:
            jump_unless(run, node, failed, sense=True)
            then()
            run.jump(done)
        run.close(failed, inner)
        other()
    run.close(done, outer)
    run.controls = controls | (run.controls - controls)


def jump_unless(run: Run, node: cst.BaseExpression, exit: Exit, *, sense: bool) -> None:
    """Goes on where the test comes out as ``sense``, and jumps otherwise."""
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not):
        jump_unless(run, node.expression, exit, sense=not sense)
        return
    if isinstance(node, cst.BooleanOperation):
        both = isinstance(node.operator, cst.And) is sense
        if both:
            jump_unless(run, node.left, exit, sense=sense)
            if run.vars is not None:
                jump_unless(run, node.right, exit, sense=sense)
            return
        _first_suffices(run, node, exit, sense=sense)
        return
    found = condition(run, node)
    if not sense:
        found = _negated(found)
    if found.truth is not None:
        run.guarded = run.guarded or found.guard
        if not found.truth:
            run.jump(exit)
        return
    either(run, lambda: None, lambda: run.jump(exit), test=found)


def _first_suffices(run: Run, node: cst.BooleanOperation, exit: Exit, *, sense: bool) -> None:
    """``a or b``: where a comes out right, b is not looked at."""
    enough, next_ = Exit(Block(Seq())), Exit(Block(Seq()))
    with run.writing() as outer:
        with run.writing() as inner:
            jump_unless(run, node.left, next_, sense=sense)
            run.jump(enough)
        run.close(next_, inner)
        if run.vars is not None:
            jump_unless(run, node.right, exit, sense=sense)
    run.close(enough, outer)


# -- simple statements


@executes(cst.SimpleStatementLine)
def simple_line(run: Run, node: cst.SimpleStatementLine) -> None:
    for small in node.body:
        if run.vars is None:
            return
        _at_module_level(run, small)
        run.execute(small)


def _at_module_level(run: Run, node: cst.CSTNode) -> None:
    if run.frame.scope.kind == "module" and run.frame.scope.module.name == "__main__":
        run.imported = run.place(node)


@executes(cst.Expr)
def expression(run: Run, node: cst.Expr) -> None:
    _mark_unused(run, node.value)
    run.evaluate(node.value)


def _mark_unused(run: Run, node: cst.BaseExpression) -> None:
    run.unused.add(id(node))
    if isinstance(node, (cst.ListComp, cst.SetComp, cst.GeneratorExp)):
        _mark_unused(run, node.elt)
    elif isinstance(node, cst.BooleanOperation):
        _mark_unused(run, node.right)
    elif isinstance(node, cst.IfExp):
        _mark_unused(run, node.body)
        _mark_unused(run, node.orelse)
    elif isinstance(node, cst.Await):
        _mark_unused(run, node.expression)
    elif isinstance(node, (cst.Tuple, cst.List)):
        for element in node.elements:
            _mark_unused(run, element.value)


@executes(cst.Assign)
def assignment(run: Run, node: cst.Assign) -> None:
    if all(isinstance(target.target, cst.Name) and target.target.value == "_" for target in node.targets):
        _mark_unused(run, node.value)
    value = run.evaluate(node.value)
    for target in node.targets:
        assign(run, target.target, value)


@executes(cst.AnnAssign)
def annotated(run: Run, node: cst.AnnAssign) -> None:
    if node.value is not None:
        assign(run, node.target, run.evaluate(node.value))


@executes(cst.AugAssign)
def augmented(run: Run, node: cst.AugAssign) -> None:
    from .expressions import as_number, fold

    before = run.evaluate(node.target)
    added = run.evaluate(node.value)
    as_number(run, before, node.target, "+=")
    as_number(run, added, node.value, "arithmetic")
    if isinstance(before, Ref) and not isinstance(node.target, cst.Name):
        return
    value: Value
    if isinstance(before, Const) and isinstance(added, Const):
        value = fold(_plain_sign(node.operator), before, added)
    elif isinstance(before, (Const, Data)):
        value = from_values([before, added], plain=True, keep=isinstance(node.operator, cst.AddAssign))
        if isinstance(value, Data) and value.plain and not (isinstance(before, Const) or before.plain):
            value = replace(value, plain=False)
    else:
        value = _extended(run, before, added, node)
    if isinstance(before, Data) and before.mutable:
        note_change(run, before, node)
        value = before
    if isinstance(before, Ref):
        return
    assign(run, node.target, value)


_SIGNS: dict[type[cst.CSTNode], type[cst.CSTNode]] = {
    cst.AddAssign: cst.Add,
    cst.SubtractAssign: cst.Subtract,
    cst.MultiplyAssign: cst.Multiply,
}


def _plain_sign(sign: cst.CSTNode) -> cst.CSTNode:
    return _SIGNS.get(type(sign), cst.MatrixMultiply)()


def _extended(run: Run, before: Value, added: Value, node: cst.CSTNode) -> Value:
    from .containers import call_container
    from .values import Arguments, Coll, Items

    if isinstance(before, Coll):
        call_container(run, before, "extend", Arguments([(added, node)]), node)
        return before
    if isinstance(before, Items):
        items, element, _ = contents.elements(run, added)
        if before.items is not None and items is not None:
            return Items((*before.items, *items))
        return Items(None, element)
    return from_values([before, added])


@executes(cst.Return)
def returned(run: Run, node: cst.Return) -> None:
    frame = run.frame
    if node.value is not None:
        run.unused.add(id(node.value))
        value = run.evaluate(node.value)
    else:
        value = Const(None)
    frame.returned.append(value)
    if frame.exit is not None:
        run.jump(frame.exit)
    else:
        run.open(value)
        run.vars = None


@executes(cst.Raise)
def raised(run: Run, node: cst.Raise) -> None:
    name: str | None = None
    if node.exc is not None:
        exc = node.exc.func if isinstance(node.exc, cst.Call) else node.exc
        run.evaluate(node.exc)
        value = run.evaluate(exc) if isinstance(exc, (cst.Name, cst.Attribute)) else UNKNOWN
        name = value.dotted.rpartition(".")[2] if isinstance(value, Name) else last_name(exc)
    if run.vars is not None:
        run.out.append(Raise(name))
        run.vars = None


def last_name(node: cst.BaseExpression) -> str | None:
    """The last part of a dotted name."""
    if isinstance(node, cst.Name):
        return node.value
    return node.attr.value if isinstance(node, cst.Attribute) else None


@executes(cst.Break)
def broken(run: Run, node: cst.Break) -> None:
    if run.frame.turns:
        run.jump(run.frame.turns[-1].leave)


@executes(cst.Continue)
def continued(run: Run, node: cst.Continue) -> None:
    if run.frame.turns:
        turn = run.frame.turns[-1]
        run.jump(turn.next, again=turn.again)


@executes(cst.Del)
def deleted(run: Run, node: cst.Del) -> None:
    delete(run, node.target)


@executes(cst.Assert)
def asserted(run: Run, node: cst.Assert) -> None:
    found = condition(run, node.test)
    _narrow(run, found.narrow, 1)


@executes(cst.Global)
def global_(run: Run, node: cst.Global) -> None:
    run.frame.scope.globals.update(item.name.value for item in node.names)


@executes(cst.Nonlocal)
def nonlocal_(run: Run, node: cst.Nonlocal) -> None:
    run.frame.scope.nonlocals.update(item.name.value for item in node.names)


# -- compound statements


@executes(cst.If)
def if_(run: Run, node: cst.If) -> None:
    _at_module_level(run, node)
    guard = _whole_guard(run, node)

    def other() -> None:
        if isinstance(node.orelse, cst.If):
            run.execute(node.orelse)
        elif isinstance(node.orelse, cst.Else):
            run.body(node.orelse.body)

    branch_on(run, node.test, lambda: run.body(node.body), other)
    if guard:
        run.guarded = True


def _whole_guard(run: Run, node: cst.If) -> bool:
    """``if __name__ != "__main__": return``: what follows is under the guard."""
    if node.orelse is not None or not isinstance(node.test, cst.Comparison):
        return False
    last = node.body.body[-1] if node.body.body else None
    small = last.body[-1] if isinstance(last, cst.SimpleStatementLine) and last.body else last
    ends = isinstance(small, (cst.Return, cst.Raise)) or (
        isinstance(small, cst.Expr)
        and isinstance(small.value, cst.Call)
        and last_name(small.value.func) in ("exit", "_exit", "quit")
    )
    sides = (node.test.left, node.test.comparisons[0].comparator)
    named = any(isinstance(side, cst.Name) and side.value == "__name__" for side in sides)
    return ends and named and isinstance(node.test.comparisons[0].operator, (cst.NotEqual, cst.IsNot))


@executes(cst.Try, cst.TryStar)
def try_(run: Run, node: cst.Try | cst.TryStar) -> None:
    before = run.fork()
    with run.writing() as body:
        run.body(node.body)
    after, anywhere = run.vars, None
    if before is not None:
        anywhere = join_vars(dict(before), after)
        for exit_state in _jumped(body, run):
            anywhere = join_vars(anywhere, exit_state)
    handlers: list[Handler] = []
    reached: list[Vars | None] = []
    for handler in node.handlers:
        run.vars = dict(anywhere) if anywhere is not None else None
        names = _caught(run, handler.type)
        if isinstance(handler.name, cst.AsName):
            assign(run, handler.name.name, UNKNOWN)
        with run.writing() as flow:
            run.body(handler.body)
        handlers.append(Handler(names, flow))
        reached.append(run.vars)
    run.vars = after
    with run.writing() as orelse:
        if node.orelse is not None and run.vars is not None:
            run.body(node.orelse.body)
    for state in reached:
        run.vars = join_vars(run.vars, state)
    final = _final(run, node, anywhere)
    if body.items or final.items or any(isinstance(h.body, Seq) and h.body.items for h in handlers) or orelse.items:
        run.out.append(Try(body, handlers, orelse, final))


def _jumped(body: Seq, run: Run) -> list[Vars]:
    """States that left the body early are as good as its end for the handlers; none is kept apart."""
    return []


def _final(run: Run, node: cst.Try | cst.TryStar, anywhere: Vars | None) -> Seq:
    sequence = Seq()
    if node.finalbody is None:
        return sequence
    ended = run.vars is None
    if ended:
        run.vars = dict(anywhere) if anywhere is not None else None
    with run.writing() as sequence:
        run.body(node.finalbody.body)
    if ended:
        run.vars = None
    return sequence


def _caught(run: Run, node: cst.BaseExpression | None) -> tuple[str, ...] | None:
    if node is None:
        return None
    parts = [element.value for element in node.elements] if isinstance(node, cst.Tuple) else [node]
    names = []
    for part in parts:
        value = lookup(run, part.value) if isinstance(part, cst.Name) else run.evaluate(part)
        name = value.dotted.rpartition(".")[2] if isinstance(value, Name) else last_name(part)
        names.append(name or "Exception")
    return tuple(names)


@executes(cst.Match)
def match(run: Run, node: cst.Match) -> None:
    subject = run.evaluate(node.subject)
    decide(run, subject)
    _match_cases(run, node, list(node.cases), subject)


def _match_cases(run: Run, node: cst.Match, cases: list[cst.MatchCase], subject: Value) -> None:
    if not cases:
        return
    case, rest = cases[0], cases[1:]
    pattern = case.pattern
    if isinstance(pattern, cst.MatchAs) and pattern.pattern is None and case.guard is None:
        if pattern.name is not None:
            assign(run, pattern.name, subject)
        run.body(case.body)
        return
    either(
        run,
        lambda: _match_body(run, case, subject),
        lambda: _match_cases(run, node, rest, subject),
        test=_pattern_test(run, case, subject),
    )


def _match_body(run: Run, case: cst.MatchCase, subject: Value) -> None:
    from .scanning import own_nodes

    for inner in (case.pattern, *own_nodes(case.pattern)):
        if isinstance(inner, (cst.MatchAs, cst.MatchStar)) and inner.name is not None:
            assign(run, inner.name, from_values([subject]))
    if case.guard is not None:
        run.evaluate(case.guard)
    run.body(case.body)


def _pattern_test(run: Run, case: cst.MatchCase, subject: Value) -> Condition:
    pattern = case.pattern
    known: Value = UNKNOWN
    if isinstance(pattern, (cst.MatchValue, cst.MatchSingleton)):
        known = run.evaluate(pattern.value)
    from .expressions import compare

    verdict = compare(subject, known, cst.Equal())
    if isinstance(verdict, Guard) and case.guard is None:
        return Condition(verdict, verdict.truth, guard=True)
    if isinstance(subject, Data) and subject.message is not None and isinstance(known, Const) and case.guard is None:
        return Condition(subject, test=Test(subject.message, Constant(known.value)))
    return Condition(subject, reads=from_values([subject]).reads)


__all__ = ["Jump", "branch_on", "condition", "decide", "either", "one_of"]
