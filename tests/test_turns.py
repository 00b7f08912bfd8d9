"""What joined queues and signals that go round order: nobody sends it to anybody by name."""

from __future__ import annotations

import pytest
from build import (
    acquire,
    child,
    clear,
    event,
    flag,
    forever,
    get,
    graph,
    join,
    process,
    program,
    put,
    queue,
    release,
    semaphore,
    set_,
    start,
    times,
    value,
    wait,
    write,
)

from flake8_ipc.analysis.order import Order
from flake8_ipc.model import Constant, Event, Flow, Kind, Program, Role, Setting, Shared, Verb


def order(it: Program) -> Order:
    return Order(it, graph)


def between(main: list[Flow], one: Event, its: Role, other: Event) -> bool:
    """Whether the root's event and its child's are concurrent, asked both ways."""
    it = program(main, its)
    there = order(it).concurrent(it.root, one, its, other)
    assert there is order(it).concurrent(its, other, it.root, one)
    return there


# -- work that a joined queue hands out


def done(target: Shared) -> Event:
    return event(Verb.TASK_DONE, target)


def test_a_joined_queue() -> None:
    v, p, q = value(), process(), queue(kind=Kind.JOINABLE_QUEUE)
    before, during, after, more, its = write(v), write(v), write(v), write(v), write(v)
    worker = child(p, forever(get(q), its, done(q)))
    main: list[Flow] = [start(p), before, put(q), during, join(q), after, put(q), more]
    assert not between(main, before, worker, its)
    assert between(main, during, worker, its)
    assert not between(main, after, worker, its)
    assert between(main, more, worker, its)


def test_a_joined_queue_does_not_order_what_is_done_for_no_item() -> None:
    v, p, q = value(), process(), queue(kind=Kind.JOINABLE_QUEUE)
    after, early, late = write(v), write(v), write(v)
    worker = child(p, early, forever(get(q), done(q), late))
    main: list[Flow] = [start(p), put(q), join(q), after]
    assert between(main, after, worker, early)
    assert between(main, after, worker, late)


def test_a_queue_that_others_fill_too() -> None:
    v, p, other, q = value(), process("p"), process("other"), queue(kind=Kind.JOINABLE_QUEUE)
    after, its = write(v), write(v)
    worker = child(p, forever(get(q), its, done(q)))
    main: list[Flow] = [start(p), start(other), put(q), join(q), after]
    it = program(main, worker, child(other, put(q)))
    assert order(it).concurrent(it.root, after, worker, its)
    follow_up = child(p, forever(get(q), put(q), its, done(q)))
    assert not between([start(p), put(q), join(q), after], after, follow_up, its)


@pytest.mark.parametrize("fault", ["open", "timed", "another's queue"])
def test_a_joined_queue_that_tells_nothing(fault: str) -> None:
    v, p, q = value(), process(), queue(kind=Kind.JOINABLE_QUEUE, open=fault == "open")
    joined = queue(kind=Kind.JOINABLE_QUEUE) if fault == "another's queue" else q
    after, its = write(v), write(v)
    worker = child(p, forever(get(q), its, done(q)))
    assert between([start(p), put(q), join(joined, timed=fault == "timed"), after], after, worker, its)


# -- turns given by signals


@pytest.mark.parametrize(("balls", "apart"), [(1, True), (2, False)])
def test_a_ball_that_goes_to_and_fro(balls: int, apart: bool) -> None:
    v, one, two, here, there = value(), process("one"), process("two"), flag("here"), flag("there")
    mine, yours = write(v), write(v)
    first = child(one, times(3, wait(here), clear(here), mine, set_(there)))
    second = child(two, times(3, wait(there), clear(there), yours, set_(here)))
    it = program([start(one), start(two), *[set_(here), set_(there)][:balls]], first, second)
    assert order(it).concurrent(first, mine, second, yours) is not apart
    assert order(it).concurrent(second, yours, first, mine) is not apart


def test_a_ball_that_is_passed_on_first() -> None:
    v, one, two, here, there = value(), process("one"), process("two"), flag("here"), flag("there")
    mine, yours = write(v), write(v)
    first = child(one, times(3, wait(here), clear(here), set_(there), mine))
    second = child(two, times(3, wait(there), clear(there), yours, set_(here)))
    it = program([start(one), start(two), set_(here)], first, second)
    assert order(it).concurrent(first, mine, second, yours)


def test_an_event_that_nobody_clears_is_nobody_s_turn() -> None:
    v, one, two, here, there = value(), process("one"), process("two"), flag("here"), flag("there")
    mine, yours = write(v), write(v)
    first = child(one, times(3, wait(here), mine, set_(there)))
    second = child(two, times(3, wait(there), yours, set_(here)))
    it = program([start(one), start(two), set_(here)], first, second)
    assert order(it).concurrent(first, mine, second, yours)


@pytest.mark.parametrize(("free", "apart"), [((1, 0, 0), True), ((1, 1, 0), False), ((1, 0, 2), False)])
def test_a_ring_of_semaphores(free: tuple[int, int, int], apart: bool) -> None:
    v, runs = value(), [process(name) for name in "abc"]
    signals = [semaphore(count, str(number)) for number, count in enumerate(free)]
    writes = [write(v) for _ in runs]
    players = [
        child(one, times(3, acquire(signals[n]), writes[n], release(signals[(n + 1) % 3]))) for n, one in enumerate(runs)
    ]
    it = program([start(one) for one in runs], *players)
    assert order(it).concurrent(players[0], writes[0], players[2], writes[2]) is not apart


# -- what a test shows


def learn(target: Shared, *, exact: bool = True) -> Event:
    return event(Verb.LEARN, target, exact=exact)


def test_who_is_seen_to_have_ended() -> None:
    v, p = value(), process()
    before, after, its = write(v), write(v), write(v)
    main: list[Flow] = [start(p), before, learn(p), after]
    assert between(main, before, child(p, its), its)
    assert not between(main, after, child(p, its), its)
    assert between([start(p), learn(p, exact=False), after], after, child(p, its), its)


def test_an_event_that_is_seen_to_be_set() -> None:
    v, p, told = value(), process(), flag()
    after, its, late = write(v), write(v), write(v)
    main: list[Flow] = [start(p), learn(told), after]
    worker = child(p, its, set_(told), late)
    assert not between(main, after, worker, its)
    assert between(main, after, worker, late)


def test_a_value_that_is_waited_for() -> None:
    v, done, p = value(), value(), process()
    after, its = write(v), write(v)
    assert not between([start(p), learn(done), after], after, child(p, its, write(done)), its)
    assert between([start(p), after], after, child(p, its, write(done)), its)


@pytest.mark.parametrize(
    ("expects", "late", "apart"),
    [(Constant(1), False, True), (Constant(0), False, False), (None, False, False), (Constant(1), True, False)],
)
def test_a_number_says_whose_turn_it_is(expects: Constant | None, late: bool, apart: bool) -> None:
    v, turn, one, two = value(), value(), process("one"), process("two")
    mine, its = write(v), write(v)
    made = event(Verb.CREATE, turn, payload=Constant(0))
    on, over = (event(Verb.WRITE, turn, payload=Constant(number)) for number in (1, 0))
    first = child(one, times(3, event(Verb.LEARN, turn, payload=Constant(0)), mine, on))
    second = child(two, times(3, event(Verb.LEARN, turn, payload=expects), *((over, its) if late else (its, over))))
    it = program([made, start(one), start(two)], first, second)
    assert order(it).concurrent(first, mine, second, its) is not apart


@pytest.mark.parametrize(("in_a_loop", "apart"), [(True, True), (False, False)])
def test_several_who_tell_by_one_queue(in_a_loop: bool, apart: bool) -> None:
    v, p, q = value(), process(), queue()
    p.many = True
    after, its = write(v), write(v)
    hear = times(3, get(q)) if in_a_loop else get(q)
    worker = child(p, its, put(q), many=True)
    it = program([times(3, start(p)), hear, after], worker)
    assert order(it).concurrent(it.root, after, worker, its) is not apart


def test_one_copy_by_its_number() -> None:
    v, p = value(), process()
    p.many = True
    alone, other = write(v), write(v)
    alone.setting = Setting(rank=(1, 0))
    other.setting = Setting(rank=(1, 1))
    worker = child(p, alone, other, many=True)
    it = program([times(3, start(p))], worker)
    assert not order(it).concurrent(worker, alone, worker, alone)
    assert order(it).concurrent(worker, alone, worker, other)
