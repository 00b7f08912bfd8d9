"""What fixes the start method of the default context, and which child comes after which event of its parent."""

from __future__ import annotations

import dataclasses

import pytest
from build import child, create, either, event, graph, here, join, pipe, process, program, queue, read, seq, start, times, value

from flake8_ipc.analysis.contexts import context_of, fixed_before
from flake8_ipc.analysis.order import Order
from flake8_ipc.analysis.study import Study
from flake8_ipc.model import UNTOLD, Event, Flow, Kind, Program, Shared, Verb


def choice() -> Event:
    return event(Verb.CHOOSE, Shared(Kind.CONTEXT, here(), "the default context"))


def fixed(*before: Flow) -> Event | None:
    """What has fixed the default once these are done."""
    last = choice()
    study = Study(program([*before, last]))
    return fixed_before(study, study.program.root)[last]


def made(kind: Kind, context: str | None = None) -> Event:
    return create(Shared(kind, here(), kind.value, context=context))


@pytest.mark.parametrize("kind", [Kind.QUEUE, Kind.LOCK, Kind.EVENT, Kind.POOL, Kind.EXECUTOR, Kind.MANAGER])
def test_what_the_default_context_makes_fixes_it(kind: Kind) -> None:
    deed = made(kind)
    assert fixed(deed) is deed


def test_pipes_and_raw_values_fix_nothing() -> None:
    cell = value(locked=False)
    cell.raw = True
    assert fixed(create(pipe()[0]), create(cell), create(process())) is None
    cell.raw = False
    assert fixed(deed := create(cell)) is deed


@pytest.mark.parametrize(("context", "fixes"), [(None, True), ("spawn", True), ("forkserver", True), ("fork", False)])
def test_a_started_process_fixes_it_unless_a_fork_context_forks_it(context: str | None, fixes: bool) -> None:
    p = process()
    p.context = context
    assert (fixed(deed := start(p)) is deed) is fixes


def test_only_the_pool_of_a_spawning_context_starts_processes_at_once() -> None:
    assert fixed(made(Kind.QUEUE, "spawn")) is None
    assert fixed(made(Kind.EXECUTOR, "spawn")) is None
    assert fixed(made(Kind.POOL, "fork")) is None
    assert fixed(deed := made(Kind.POOL, "spawn")) is deed


def test_only_what_holds_on_every_path() -> None:
    assert fixed(either(made(Kind.QUEUE), seq())) is None
    first = made(Kind.QUEUE)
    assert fixed(either(first, made(Kind.LOCK))) is not None


def test_the_second_turn_of_a_loop() -> None:
    again = choice()
    study = Study(program([times(2, again)]))
    assert fixed_before(study, study.program.root)[again] is again


def test_a_child_has_it_fixed_from_the_beginning() -> None:
    p, late = process(), choice()
    begin = start(p)
    its = child(p, late)
    study = Study(program([begin, join(p)], its))
    assert fixed_before(study, its)[late] is begin
    p.context = "fork"
    assert fixed_before(Study(program([begin, join(p)], its)), its)[late] is None


def test_the_context_of_things() -> None:
    q = queue()
    every = Program(program([]).roles)
    assert context_of(every, q) == "fork"
    assert context_of(dataclasses.replace(every, methods=frozenset({"spawn"})), q) == "spawn"
    assert context_of(dataclasses.replace(every, methods=frozenset({"spawn", "forkserver"})), q) is None
    assert context_of(dataclasses.replace(every, chosen=True), q) is None
    q.context = UNTOLD
    assert context_of(every, q) is None
    q.context = "spawn"
    assert context_of(every, q) == "spawn"


def test_which_events_may_follow_the_beginning_of_a_child() -> None:
    v, p = value(), process()
    before, during, after, beside, its = read(v), read(v), read(v), read(v), read(v)
    one = child(p, its)
    it = program([before, either(seq(start(p), during, join(p), after), beside)], one)
    order = Order(it, graph)
    told = [order.may_follow(it.root, deed, one) for deed in (before, during, after, beside)]
    assert told == [False, True, True, False]
    assert not order.may_follow(one, its, one)


def test_a_read_in_a_loop_follows_the_start_of_the_turn_before() -> None:
    v, p = value(), process()
    look = read(v)
    one = child(p)
    it = program([times(3, look, start(p), join(p))], one)
    assert Order(it, graph).may_follow(it.root, look, one)
