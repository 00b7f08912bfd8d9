"""``try`` and ``match`` statements -> flow."""

from __future__ import annotations

import libcst as cst

from ..model import Constant, Handler, Seq, Test, Try
from .branches import either
from .conditions import Condition, decide
from .joining import from_values
from .lookup import assign, lookup
from .operations import compare
from .run import Run, executes
from .scanning import own_nodes
from .statements import last_name
from .values import UNKNOWN, Const, Data, Guard, Name, Value
from .variables import Vars, join_vars


@executes(cst.Try, cst.TryStar)
def try_(run: Run, node: cst.Try | cst.TryStar) -> None:
    before = run.fork()
    with run.writing() as body, run.falling() as early:
        run.body(node.body)
    after, anywhere = run.vars, None
    if before is not None:
        anywhere = join_vars(before.copy(), after)
        for left in early:
            anywhere = join_vars(anywhere, left)
    handlers: list[Handler] = []
    reached: list[Vars | None] = []
    for handler in node.handlers:
        run.vars = anywhere.copy() if anywhere is not None else None
        names = _caught(run, handler.type)
        if type(handler.name) is cst.AsName:
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


def _final(run: Run, node: cst.Try | cst.TryStar, anywhere: Vars | None) -> Seq:
    sequence = Seq()
    if node.finalbody is None:
        return sequence
    ended = run.vars is None
    if ended:
        run.vars = anywhere.copy() if anywhere is not None else None
    with run.writing() as sequence:
        run.body(node.finalbody.body)
    if ended:
        run.vars = None
    return sequence


def _caught(run: Run, node: cst.BaseExpression | None) -> tuple[str, ...] | None:
    if node is None:
        return None
    parts = [element.value for element in node.elements] if type(node) is cst.Tuple else [node]
    names = []
    for part in parts:
        value = lookup(run, part.value) if type(part) is cst.Name else run.evaluate(part)
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
    if type(pattern) is cst.MatchAs and pattern.pattern is None and case.guard is None:
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
    verdict = compare(subject, known, cst.Equal())
    if isinstance(verdict, Guard) and case.guard is None:
        return Condition(verdict, verdict.truth, guard=True)
    if isinstance(subject, Data) and subject.message is not None and isinstance(known, Const) and case.guard is None:
        return Condition(subject, test=Test(subject.message, Constant(known.value)))
    return Condition(subject, reads=from_values([subject]).reads)
