"""``for`` and ``while`` loops -> flow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import libcst as cst

from ..model import Block, Event, Kind, Loop, Seq, Shared, Verb, events
from .branches import jump_unless
from .conditions import expected
from .iteration import count_for, iterate
from .lookup import assign
from .run import Exit, Run, Turn, executes
from .scanning import assigned, takes_from
from .pauses import note_loop, note_name
from .statements import _at_module_level
from .turns import exits, repeat
from .values import Coll, Const, Content, Data, Many, Name, Value


@executes(cst.For)
def for_(run: Run, node: cst.For) -> None:
    _at_module_level(run, node)
    iterable = run.evaluate(node.iter)
    if isinstance(iterable, Name):
        note_name(run, iterable.dotted, node)
    leave = Exit(Block(Seq()))

    def one(item: Value) -> None:
        assign(run, node.target, item)
        run.body(node.body)

    with run.writing() as sequence:
        iterate(run, iterable, one, node, leave)
        if node.orelse is not None:
            run.body(node.orelse.body)
    run.close(leave, sequence)


@executes(cst.While)
def while_(run: Run, node: cst.While) -> None:
    _at_module_level(run, node)
    leave, over = Exit(Block(Seq())), Exit(Block(Seq()))
    drained = _drained(run, node)
    count = count_for(run, drained) if drained is not None else None
    loop = Loop(Seq(), count)
    flag = _flag(run, node) if drained is None else None
    at_end = flag is not None or (drained is None and _primed(run, node))
    turn = Turn(leave, Exit(Block(Seq()) if at_end else loop), again=not at_end)
    tested: dict[Shared, bool] = {}

    def body() -> None:
        if at_end:
            _then_look(run, node, flag, turn.next, over)
            return
        if drained is None:
            with run.writing() as looking:
                jump_unless(run, node.test, over, sense=True)
            run.out.extend(looking.items)
            tested.update((event.target, event.exact) for event in events(looking) if event.verb is Verb.READ)
        run.body(node.body)

    with run.writing() as sequence:
        with run.writing() as inner:
            if at_end and flag is None:
                jump_unless(run, node.test, over, sense=True)
            ways = [(exit, len(exit.states)) for exit in (over, *exits(run, turn)) if exit is not turn.next]
            with _draining(run, drained):
                again = repeat(run, node, loop, turn, body, count)
            if drained is None:
                if again and all(len(exit.states) == before for exit, before in ways):
                    run.role.endless = True
                run.vars = None
        note_loop(run, node, inner)
        run.close(over, inner)
        # Whoever waited in a loop for a value, or for a condition, has learned of what came before.
        waited = {event.target: event.exact for event in events(inner) if _waits_for_condition(event)}
        value = expected(run, node.test, equal=False) if len(tested) == 1 else None
        for shared, exact in {**tested, **waited}.items():
            run.emit(Verb.LEARN, shared, node.test, exact=exact, payload=value if shared in tested else None)
        if node.orelse is not None:
            run.body(node.orelse.body)
    run.close(leave, sequence)


def _flag(run: Run, node: cst.While) -> tuple[int, str, Const] | None:
    """``while running:`` where that is True now, and what is done in the loop sets it: its owner, its name, its value."""
    test: cst.BaseExpression = node.test
    negated = type(test) is cst.UnaryOperation and type(test.operator) is cst.Not
    if type(test) is cst.UnaryOperation and negated:
        test = test.expression
    if not isinstance(test, (cst.Name, cst.Attribute)):
        return None
    name = test.value if isinstance(test, cst.Name) else test.attr.value
    value = run.evaluate(test) if name in assigned(node) else None
    if not isinstance(value, Const) or not isinstance(value.value, bool) or value.reads or value.value is negated:
        return None
    owner = run.frame.scope.key if isinstance(test, cst.Name) else getattr(run.evaluate(test.value), "key", 0)
    return (owner, name, value) if run.load(owner, name) is value else None


def _primed(run: Run, node: cst.While) -> bool:
    """``item = q.get()`` before ``while item is not None:``, and again at the end of each turn: two gets, one test."""
    test = node.test.left if type(node.test) is cst.Comparison else node.test
    if type(test) is not cst.Name or test.value not in assigned(node):
        return False
    value = run.evaluate(test)
    return isinstance(value, Data) and value.message is not None


def _then_look(run: Run, node: cst.While, flag: tuple[int, str, Const] | None, next_: Exit, over: Exit) -> None:
    """One turn whose test stands where it ends; a flag is up at its beginning."""
    if flag is not None:
        run.store(*flag)
    with run.writing() as sequence:
        run.body(node.body)
    run.close(next_, sequence)
    if run.vars is not None:
        jump_unless(run, node.test, over, sense=True)


def _waits_for_condition(event: Event) -> bool:
    return event.verb is Verb.WAIT and event.target.kind is Kind.CONDITION


def _drained(run: Run, node: cst.While) -> Coll | None:
    """``while processes: processes.pop()...`` turns once for each element, as a ``for`` loop does."""
    if not isinstance(node.test, (cst.Name, cst.Attribute)):
        return None
    value = run.evaluate(node.test)
    if not isinstance(value, Coll):
        return None
    items = run.content(value).items
    known = tuple((items or {}).values())
    if len(known) != 1 or not isinstance(known[0], Many):
        return None
    return value if takes_from(node.body, node.test) else None


@contextmanager
def _draining(run: Run, coll: Coll | None) -> Iterator[None]:
    if coll is None:
        yield
        return
    outer = run.made.get(("drained", coll.key), False)
    run.made["drained", coll.key] = True
    try:
        yield
    finally:
        run.made["drained", coll.key] = outer
        run.store(coll.key, "", Content({}, None, None))
