"""What happens before what."""

from __future__ import annotations

import pytest
from build import (
    acquire,
    barrier,
    child,
    either,
    event,
    flag,
    forever,
    get,
    graph,
    join,
    lock,
    pipe,
    process,
    program,
    put,
    queue,
    read,
    recv,
    release,
    role,
    semaphore,
    send,
    seq,
    set_,
    start,
    times,
    trying,
    value,
    wait,
    write,
)

from flake8_ipc.analysis.order import Order
from flake8_ipc.model import Event, Flow, Kind, Place, Pool, Program, Result, Role, RoleKind, Seq, Verb


def order(it: Program) -> Order:
    return Order(it, graph)


def between(main: list[Flow], one: Event, its: Role, other: Event) -> bool:
    """Whether the root's event and its child's are concurrent, asked both ways."""
    it = program(main, its)
    there = order(it).concurrent(it.root, one, its, other)
    assert there is order(it).concurrent(its, other, it.root, one)
    return there


# -- start and join


def test_start_and_join() -> None:
    v, p = value(), process()
    before, during, after, its = write(v), write(v), write(v), write(v)
    main: list[Flow] = [before, start(p), during, join(p), after]
    worker = child(p, its)
    assert not between(main, before, worker, its)
    assert between(main, during, worker, its)
    assert not between(main, after, worker, its)


def test_a_join_that_gives_up_orders_nothing() -> None:
    v, p = value(), process()
    after, its = write(v), write(v)
    assert between([start(p), join(p, timed=True), after], after, child(p, its), its)


def test_a_join_that_may_not_be_reached() -> None:
    v, p = value(), process()
    after, its = write(v), write(v)
    assert between([start(p), either(join(p), Seq()), after], after, child(p, its), its)


def test_a_join_of_one_of_several() -> None:
    v, p = value(), process()
    joined, after, its = join(p), write(v), write(v)
    joined.exact = False
    assert between([start(p), joined, after], after, child(p, its), its)


def test_siblings() -> None:
    v, one, two = value(), process("one"), process("two")
    mine, yours = write(v), write(v)
    first, second = child(one, mine), child(two, yours)
    together = order(program([start(one), start(two), join(one), join(two)], first, second))
    assert together.concurrent(first, mine, second, yours)
    assert together.concurrent(second, yours, first, mine)
    apart = order(program([start(one), join(one), start(two), join(two)], first, second))
    assert not apart.concurrent(first, mine, second, yours)
    assert not apart.concurrent(second, yours, first, mine)


def test_grandchildren() -> None:
    v, p, below = value(), process("p"), process("below")
    during, after, its = write(v), write(v), write(v)
    parent = child(p, start(below), join(below))
    last = role("below", its, runs=below, parent=parent)
    it = program([start(p), during, join(p), after], parent, last)
    assert order(it).concurrent(it.root, during, last, its)
    assert not order(it).concurrent(it.root, after, last, its)


def test_copies_of_one_role() -> None:
    v, p = value(), process(many=True)
    its = write(v)
    worker = child(p, its, many=True)
    together = order(program([times(3, start(p)), times(3, join(p))], worker))
    assert together.overlaps(worker)
    assert together.concurrent(worker, its, worker, its)
    apart = order(program([times(3, start(p), join(p))], worker))
    assert not apart.overlaps(worker)
    assert not apart.concurrent(worker, its, worker, its)


def test_one_copy_is_not_concurrent_with_itself() -> None:
    v, p = value(), process()
    one, two = write(v), write(v)
    worker = child(p, one, two)
    assert not order(program([start(p), join(p)], worker)).concurrent(worker, one, worker, two)


def test_copies_below_copies() -> None:
    v, p, below = value(), process("p", many=True), process("below")
    its = write(v)
    parent = child(p, start(below), join(below), many=True)
    last = role("below", its, runs=below, parent=parent)
    assert order(program([times(2, start(p)), times(2, join(p))], parent, last)).overlaps(last)


def test_threads_are_ordered_as_processes_are() -> None:
    v, p = value(), process(thread=True)
    during, after, its = write(v), write(v), write(v)
    main: list[Flow] = [start(p), during, join(p), after]
    worker = child(p, its)
    assert between(main, during, worker, its)
    assert not between(main, after, worker, its)


def test_who_is_alive() -> None:
    q, one, two = queue(), process("one"), process("two")
    marks = [put(q) for _ in range(4)]
    it = program([marks[0], start(one), marks[1], start(two), marks[2], join(one), marks[3]], child(one), child(two))
    assert [order(it).alive(it.root, mark) for mark in marks] == [frozenset(), {one}, {one, two}, {two}]


# -- pools


def pooled(*main: Flow, pool: Pool, its: Event, many: bool = True) -> tuple[Program, Role]:
    task = Role("task", RoleKind.TASK, Place("program.py", 1), seq(its), process=pool, many=many)
    return program(main, task), task


def test_a_task_lives_until_its_result_is_taken() -> None:
    v, pool = value(), Pool(Kind.POOL, Place("program.py", 1), "pool")
    result = Result(Kind.RESULT, Place("program.py", 2), "result", pool=pool)
    during, after, its = write(v), write(v), write(v)
    it, task = pooled(event(Verb.SUBMIT, pool), during, event(Verb.RESULT, result), after, pool=pool, its=its)
    assert order(it).concurrent(it.root, during, task, its)
    assert not order(it).concurrent(it.root, after, task, its)
    assert order(it).concurrent(task, its, task, its)


@pytest.mark.parametrize("verb", [Verb.SHUTDOWN, Verb.TERMINATE, Verb.JOIN])
def test_a_task_does_not_outlive_its_pool(verb: Verb) -> None:
    v, pool = value(), Pool(Kind.POOL, Place("program.py", 1), "pool")
    during, after, its = write(v), write(v), write(v)
    it, task = pooled(event(Verb.SUBMIT, pool), during, event(verb, pool), after, pool=pool, its=its)
    assert order(it).concurrent(it.root, during, task, its)
    assert not order(it).concurrent(it.root, after, task, its)


def test_one_task_alone() -> None:
    v, pool = value(), Pool(Kind.POOL, Place("program.py", 1), "pool")
    its = write(v)
    it, task = pooled(event(Verb.SUBMIT, pool), pool=pool, its=its, many=False)
    assert not order(it).concurrent(task, its, task, its)


# -- messages


def test_a_message_orders_its_senders_past_before_its_receivers_future() -> None:
    v, q, p = value(), queue(), process()
    before, its = read(v), write(v)
    after = read(v)
    main: list[Flow] = [start(p), before, get(q), after, join(p)]
    worker = child(p, its, put(q))
    assert between(main, before, worker, its)
    assert not between(main, after, worker, its)


def test_what_is_done_after_the_message_is_not_ordered() -> None:
    v, q, p = value(), queue(), process()
    after, its = read(v), write(v)
    assert between([start(p), get(q), after, join(p)], after, child(p, put(q), its), its)


def test_a_message_over_a_pipe() -> None:
    v, (left, right), p = value(), pipe(), process()
    after, its = read(v), write(v)
    assert not between([start(p), recv(left), after, join(p)], after, child(p, its, send(right)), its)
    # The other end carries nothing here.
    assert between([start(p), recv(right), after, join(p)], after, child(p, its, send(right)), its)


def test_an_event() -> None:
    v, e, p = value(), flag(), process()
    after, its = read(v), write(v)
    assert not between([start(p), wait(e), after, join(p)], after, child(p, its, set_(e)), its)


def test_a_barrier_orders_both_ways() -> None:
    v, b, p = value(), barrier(2), process()
    before, after, early, late = write(v), write(v), write(v), write(v)
    main: list[Flow] = [start(p), before, wait(b), after, join(p)]
    worker = child(p, early, wait(b), late)
    assert not between(main, after, worker, early)
    assert not between(main, before, worker, late)
    assert between(main, before, worker, early)
    assert between(main, after, worker, late)


def test_a_semaphore_is_a_signal_and_a_lock_is_none() -> None:
    v, p = value(), process()
    for signal, ordered in ((semaphore(0), True), (lock(), False)):
        after, its = read(v), write(v)
        main: list[Flow] = [start(p), acquire(signal), after, join(p)]
        assert between(main, after, child(p, its, release(signal)), its) is not ordered


def test_a_get_that_gives_up_orders_nothing_unless_it_raises() -> None:
    v, q, p = value(), queue(), process()
    after, its = read(v), write(v)
    assert between([start(p), event(Verb.GET, q), after, join(p)], after, child(p, put(q), its), its)
    quiet, loud = get(q, timed=True), get(q, timed=True, raises="Empty")
    assert between([start(p), quiet, after, join(p)], after, child(p, its, put(q)), its)
    assert not between([start(p), loud, after, join(p)], after, child(p, its, put(q)), its)
    assert between([start(p), trying(loud, Empty=Seq()), after, join(p)], after, child(p, its, put(q)), its)


def test_a_message_that_another_may_have_sent() -> None:
    v, q, one, two = value(), queue(), process("one"), process("two")
    after, its = read(v), write(v)
    first, second = child(one, its, put(q)), child(two, put(q))
    it = program([start(one), start(two), get(q), after, join(one), join(two)], first, second)
    assert order(it).concurrent(it.root, after, first, its)


def test_a_message_through_a_queue_that_others_know() -> None:
    v, q, p = value(), queue(open=True), process()
    after, its = read(v), write(v)
    assert between([start(p), get(q), after, join(p)], after, child(p, its, put(q)), its)


def test_a_message_on_one_path_only() -> None:
    v, q, p = value(), queue(), process()
    after, its = read(v), write(v)
    assert between([start(p), either(get(q), Seq()), after, join(p)], after, child(p, its, put(q)), its)


def test_an_earlier_message_tells_nothing() -> None:
    v, q, p = value(), queue(), process()
    after, its = read(v), write(v)
    assert between([start(p), get(q), after, get(q), join(p)], after, child(p, put(q), its, put(q)), its)


def test_copies_of_the_sender() -> None:
    v, q, p = value(), queue(), process(many=True)
    after, its = read(v), write(v)
    worker = child(p, its, put(q), many=True)
    it = program([times(3, start(p)), get(q), after, times(3, join(p))], worker)
    assert order(it).concurrent(it.root, after, worker, its)


def test_taking_turns_orders_every_turn() -> None:
    """Both sides work between a request and its reply alone."""
    v, there, back, p = value(), queue("there"), queue("back"), process()
    mine, its = write(v), write(v)
    main: list[Flow] = [start(p), forever(mine, put(there), get(back))]
    assert not between(main, mine, child(p, forever(get(there), its, put(back))), its)


def test_working_on_while_the_reply_is_made() -> None:
    v, there, back, p = value(), queue("there"), queue("back"), process()
    mine, its = write(v), write(v)
    main: list[Flow] = [start(p), forever(put(there), mine, get(back))]
    assert between(main, mine, child(p, forever(get(there), its, put(back))), its)


def test_a_stream_without_replies_orders_the_first_turn_at_most() -> None:
    v, q, p = value(), queue(), process()
    mine, its = write(v), write(v)
    assert between([start(p), forever(get(q), mine)], mine, child(p, forever(its, put(q))), its)


def test_alive_together_whatever_messages_say() -> None:
    v, q, p = value(), queue(), process()
    after, last, its = read(v), read(v), write(v)
    worker = child(p, its, put(q))
    it = program([start(p), get(q), after, join(p), last], worker)
    assert not order(it).concurrent(it.root, after, worker, its)
    assert order(it).alive_together(it.root, after, worker, its)
    assert not order(it).alive_together(it.root, last, worker, its)
