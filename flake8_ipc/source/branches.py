"""Branches: what is written, and known, on each side of a test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import libcst as cst

from ..model import Block, Choice, Event, Flow, Seq, Test, Verb
from .conditions import Condition, condition, expected, opposite, spelt_out
from .lookup import bind
from .proxies import same_element
from .run import Exit, Run
from .values import NOTHING, UNKNOWN, Const, Data, Value
from .variables import Vars, join_vars


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
    # Where the same is looked at once more, what was found before decides nothing any more.
    stale = {old for old in outer for new in found.reads if old is not new and same_element(run, old, new)}
    run.controls = outer - stale | found.reads
    before = run.fork()
    narrow(run, found.narrow, 1)
    rank = run.rank
    with run.writing() as first:
        _learn(run, found, True)
        then()
    after, run.vars, run.rank = run.vars, before, rank
    narrow(run, found.narrow, 2)
    with run.writing() as second:
        _learn(run, found, False)
        other()
    run.rank = rank
    one_left = (after is None) is not (run.vars is None)
    flags = _flags(after, run.vars, found.test) if found.test is not None else ()
    run.vars = join_vars(run.vars, after)
    for owner, name, value in flags:
        run.store(owner, name, value)
    # Past a test that ended one of its branches, everything still hangs on its outcome.
    run.controls = outer - stale | found.reads if one_left else outer
    run.passed = run.passed | found.reads if one_left else run.passed
    if one_left and found.single is not None and found.single[0] is (after is not None):
        run.rank = found.single[1]
    if first.items or second.items:
        run.out.append(Choice([first, second], found.test))


def _learn(run: Run, found: Condition, outcome: bool) -> None:
    """What is known where a test comes out so."""
    if found.single is not None and found.single[0] is outcome:
        run.rank = found.single[1]
    if found.seen is not None and found.seen.when is outcome:
        for shared in found.seen.of:
            run.emit(Verb.LEARN, shared, found.seen.node, exact=found.seen.exact)


def _flags(then: Vars | None, other: Vars | None, test: Test) -> list[tuple[int, str, Value]]:
    """What is True after one branch and False after the other tells how the test came out."""
    found: list[tuple[int, str, Value]] = []
    for owner, name, one, two in then.flags(other) if then is not None and other is not None else ():
        assert isinstance(one, Const) and isinstance(two, Const)
        if isinstance(one.value, bool) and isinstance(two.value, bool):
            told = test if one.value else replace(test, equal=not test.equal)
            found.append((owner, name, Data(plain=True, scalar=True, told=told)))
    return found


def narrow(run: Run, narrow: tuple[str, Value | None, Value | None] | None, index: int) -> None:
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
        run.vars = before.copy() if before is not None else None
        with run.writing() as sequence:
            branch()
        flows.append(sequence)
        after = join_vars(after, run.vars)
    run.vars = after
    if any(isinstance(flow, Seq) and flow.items for flow in flows):
        run.out.append(Choice(flows))


def branch_on(
    run: Run,
    node: cst.BaseExpression,
    then: Callable[[], None],
    other: Callable[[], None],
    *,
    leaves: bool = False,
) -> None:
    """``if node: then else: other``, with short circuits told apart; ``leaves``: that is how a loop comes to its end."""
    node = spelt_out(run, node)
    if type(node) is not cst.BooleanOperation:
        found = condition(run, node)
        either(run, (lambda: _leave(run, node, found, then)) if leaves else then, other, test=found)
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


def _leave(run: Run, node: cst.BaseExpression, found: Condition, then: Callable[[], None]) -> None:
    """Whoever leaves a loop by what was read has learned of what came before that was written."""
    reads = sorted((event for event in found.reads if event.verb is Verb.READ), key=lambda event: event.place.spot)
    value = expected(run, node, equal=True) if len(reads) == 1 else None
    for event in reads:
        run.emit(Verb.LEARN, event.target, node, exact=event.exact, payload=value)
    then()


def jump_unless(run: Run, node: cst.BaseExpression, exit: Exit, *, sense: bool) -> None:
    """Goes on where the test comes out as ``sense``, and jumps otherwise."""
    node = spelt_out(run, node)
    if type(node) is cst.UnaryOperation and type(node.operator) is cst.Not:
        jump_unless(run, node.expression, exit, sense=not sense)
        return
    if type(node) is cst.BooleanOperation:
        both = (type(node.operator) is cst.And) is sense
        if both:
            jump_unless(run, node.left, exit, sense=sense)
            if run.vars is not None:
                jump_unless(run, node.right, exit, sense=sense)
            return
        _first_suffices(run, node, exit, sense=sense)
        return
    found = condition(run, node)
    if not sense:
        found = opposite(found)
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
