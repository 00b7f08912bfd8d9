"""Who can get stuck, on programs made by hand."""

from __future__ import annotations

import pytest
from build import (
    acquire,
    barrier,
    child,
    clear,
    close,
    done,
    either,
    event,
    flag,
    forever,
    get,
    holding,
    join,
    lock,
    notify,
    pipe,
    process,
    program,
    put,
    queue,
    recv,
    release,
    role,
    semaphore,
    send,
    seq,
    set_,
    start,
    terminate,
    times,
    trying,
    until_none,
    wait,
)

from flake8_ipc.analysis.explore.game import Stuck
from flake8_ipc.analysis.explore.stuck import Explorer
from flake8_ipc.analysis.explore.verdict import Verdict, blocked, joins_of_unsent, told, waiting_under_locks
from flake8_ipc.model import (
    Blocking,
    Choice,
    Constant,
    Count,
    Event,
    Flow,
    Jump,
    Kind,
    Loop,
    Program,
    Queue,
    Seq,
    Shared,
    Verb,
    flow,
)


def explored(it: Program) -> Verdict:
    return Explorer(it, 4000).verdict()


def waiting(found: tuple[Stuck, ...]) -> set[Event | None]:
    return {one.event for stuck in found for one in stuck.waiting}


def silent(it: Program) -> bool:
    return explored(it) == Verdict()


# -- found


def test_both_get_before_they_put() -> None:
    q, p = queue(), process()
    mine, its = get(q), get(q)
    verdict = explored(program([start(p), mine, put(q), join(p)], child(p, its, put(q))))
    assert waiting(verdict.plain) == {mine, its}
    assert not verdict.own
    assert not verdict.crowded


def test_a_put_only_after_the_join() -> None:
    q, p = queue(), process()
    its, joined = get(q), join(p)
    verdict = explored(program([start(p), joined, put(q)], child(p, its)))
    assert waiting(verdict.plain) == {its, joined}


def test_both_receive_first() -> None:
    (left, right), p = pipe(), process()
    mine, its = recv(left), recv(right)
    verdict = explored(program([start(p), mine, send(left), join(p)], child(p, its, send(right))))
    assert waiting(verdict.plain) == {mine, its}


def test_two_children_receive_first() -> None:
    (left, right), one, two = pipe(), process("one"), process("two")
    first, second = recv(left), recv(right)
    joined = join(one)
    verdict = explored(
        program(
            [start(one), start(two), joined, join(two)],
            child(one, first, send(left)),
            child(two, second, send(right)),
        )
    )
    assert waiting(verdict.plain) == {first, second, joined}


def test_a_cycle_over_two_queues() -> None:
    there, back, one, two = queue("there"), queue("back"), process("one"), process("two")
    first, second = get(back), get(there)
    joined = join(one)
    verdict = explored(
        program(
            [start(one), start(two), joined, join(two)],
            child(one, first, put(there)),
            child(two, second, put(back)),
        )
    )
    assert waiting(verdict.plain) == {first, second, joined}


def test_a_round_trip_over_one_queue() -> None:
    q, p = queue(), process()
    its, mine = get(q), get(q)
    verdict = explored(program([start(p), mine, put(q), join(p)], child(p, put(q), its)))
    assert not verdict.plain
    assert waiting(verdict.own) == {mine}
    assert {event for stuck in verdict.own for event in stuck.own} == {its}


def test_a_barrier_with_one_waiter_too_few() -> None:
    b, one, two = barrier(3), process("one"), process("two")
    first, second = wait(b), wait(b)
    verdict = explored(program([start(one), start(two), join(one), join(two)], child(one, first), child(two, second)))
    assert {event for _, _, event in blocked(verdict.plain, Verb.WAIT)} == {first, second}


def test_an_event_set_only_after_its_waiter_is_joined() -> None:
    e, p = flag(), process()
    waits, joined = wait(e), join(p)
    verdict = explored(program([start(p), joined, set_(e)], child(p, waits)))
    assert waiting(verdict.plain) == {waits, joined}


def test_an_event_cleared_between() -> None:
    e, p = flag(), process()
    waits = wait(e)
    verdict = explored(program([start(p), set_(e), clear(e), join(p)], child(p, waits)))
    assert waits in waiting(verdict.plain)


def test_one_none_for_three_consumers() -> None:
    q, consumers = queue(), [process(f"p{number}") for number in range(3)]
    gets = [get(q) for _ in consumers]
    verdict = explored(
        program(
            [*map(start, consumers), put(q, 1), put(q, None), *map(join, consumers)],
            *(child(one, until_none(taken)) for one, taken in zip(consumers, gets)),
        )
    )
    found = {event for _, _, event in blocked(verdict.plain, Verb.GET)}
    assert found
    assert found <= set(gets)


def test_one_none_for_copies_of_one_consumer() -> None:
    q, p = queue(), process(many=True)
    taken = get(q)
    verdict = explored(
        program([times(3, start(p)), put(q, None), times(3, join(p))], child(p, until_none(taken), many=True))
    )
    assert {event for _, _, event in blocked(verdict.plain, Verb.GET)} == {taken}


def test_an_endless_consumer_is_joined() -> None:
    q, p = queue(), process()
    taken, joined = get(q), join(p)
    verdict = explored(program([start(p), put(q), put(q), joined], child(p, forever(taken))))
    assert waiting(verdict.plain) == {taken, joined}


def test_an_endless_consumer_is_waited_for_at_exit() -> None:
    q, p = queue(), process()
    taken = get(q)
    verdict = explored(program([start(p), put(q)], child(p, forever(taken))))
    assert taken in waiting(verdict.plain)


def test_a_bounded_queue_filled_before_its_consumer_starts() -> None:
    q, p = queue(maxsize=2), process()
    last = put(q)
    verdict = explored(program([put(q), put(q), last, start(p), join(p)], child(p, times(3, get(q)))))
    assert [event for _, _, event in blocked(verdict.plain, Verb.PUT)] == [last]


def test_joined_before_its_queue_is_drained() -> None:
    q, p = queue(), process()
    joined = join(p)
    worker = child(p, put(q))
    verdict = explored(program([start(p), joined, get(q)], worker))
    assert not verdict.plain
    assert [(found, by) for _, found, by, _ in joins_of_unsent(verdict.crowded)] == [(joined, worker)]


def test_joined_before_its_simple_queue_is_drained() -> None:
    q, p = queue(kind=Kind.SIMPLE_QUEUE), process()
    joined, sent = join(p), put(q)
    verdict = explored(program([start(p), joined, get(q)], child(p, sent)))
    assert not verdict.plain
    assert [found for _, found, _, _ in joins_of_unsent(verdict.crowded)] == [joined]


def test_joined_before_its_pipe_is_drained() -> None:
    (left, right), p = pipe(), process()
    joined, sent = join(p), send(right)
    verdict = explored(program([start(p), close(right), joined, recv(left)], child(p, sent, close(right))))
    assert not verdict.plain
    assert [(found, how) for _, found, _, how in joins_of_unsent(verdict.crowded)] == [(joined, sent)]


def test_a_semaphore_taken_once_too_often() -> None:
    s = semaphore(2)
    last = acquire(s)
    assert waiting(explored(program([acquire(s), acquire(s), last])).plain) == {last}


def test_a_queue_that_nobody_puts_on() -> None:
    taken = get(queue())
    assert waiting(explored(program([taken])).plain) == {taken}


def test_both_ways_of_a_branch_hang() -> None:
    q, other = queue("q"), queue("other")
    one, two = get(q), get(other)
    assert waiting(explored(program([either(one, two)])).plain) == {one, two}


def test_the_end_of_a_pipe_never_comes_while_the_reader_holds_the_other_end() -> None:
    (left, right), p = pipe(), process()
    taken = recv(left)
    reading = trying(forever(taken), EOFError=Seq())
    verdict = explored(program([start(p), reading, join(p)], child(p, send(right), close(right))))
    assert waiting(verdict.plain) == {taken}


def test_a_thread_waits_as_a_process_does() -> None:
    q, p = queue(), process(thread=True)
    its, joined = get(q), join(p)
    assert waiting(explored(program([start(p), joined, put(q)], child(p, its))).plain) == {its, joined}


def test_a_grandchild_waits_for_its_grandparent() -> None:
    q, p, grandchild = queue(), process("p"), process("g")
    its = get(q)
    parent = child(p, start(grandchild), join(grandchild))
    last = role("g", its, runs=grandchild, parent=parent)
    assert its in waiting(explored(program([start(p), join(p), put(q)], parent, last)).plain)


def test_the_story_leads_to_the_wait() -> None:
    q, p = queue(), process()
    its, joined, started = get(q), join(p), start(p)
    verdict = explored(program([started, joined, put(q)], child(p, its)))
    steps = told(verdict.plain[0], its)
    assert [step.place for step in steps] == [started.place, joined.place]
    assert [step.text for step in steps] == ["main: p.start", "main waits in p.join"]


def test_counted_gets_of_an_unknown_number_against_fewer_puts() -> None:
    """n puts, n + 1 gets: lost however great n is."""
    q, count = queue(), Count(0, None)
    last = get(q)
    verdict = explored(program([times(count, put(q)), times(count, get(q)), last]))
    assert waiting(verdict.plain) == {last}
    assert not verdict.own


# -- silent


def test_request_and_reply_over_two_queues() -> None:
    there, back, p = queue("there"), queue("back"), process()
    assert silent(program([start(p), put(there), get(back), join(p)], child(p, get(there), put(back))))


def test_request_and_reply_over_a_pipe() -> None:
    (left, right), p = pipe(), process()
    assert silent(program([start(p), send(left), recv(left), join(p)], child(p, recv(right), send(right))))


def test_a_pipeline_with_sentinels() -> None:
    first, second, one, two = queue("first"), queue("second"), process("one"), process("two")
    assert silent(
        program(
            [start(one), start(two), put(first, 1), put(first, 2), put(first, None), join(one), join(two)],
            child(one, until_none(get(first), put(second, 1)), put(second, None)),
            child(two, until_none(get(second))),
        )
    )


def test_a_sentinel_for_each_consumer() -> None:
    q, consumers = queue(), [process(f"p{number}") for number in range(3)]
    assert silent(
        program(
            [*map(start, consumers), put(q, 1), *(put(q, None) for _ in consumers), *map(join, consumers)],
            *(child(one, until_none(get(q))) for one in consumers),
        )
    )


def test_fan_in_with_counted_results() -> None:
    q, p, count = queue(), process(many=True), Count(0, None)
    assert silent(
        program([times(count, start(p)), times(count, get(q)), times(count, join(p))], child(p, put(q), many=True))
    )


def test_fan_in_with_a_known_number_of_results() -> None:
    q, workers = queue(), [process(f"p{number}") for number in range(3)]
    assert silent(
        program(
            [*map(start, workers), times(3, get(q)), *map(join, workers)],
            *(child(one, put(q)) for one in workers),
        )
    )


def test_a_get_with_a_timeout() -> None:
    q, p = queue(), process()
    assert silent(program([start(p), join(p)], child(p, get(q, timed=True, raises="Empty"))))
    assert silent(program([start(p), join(p)], child(p, trying(forever(get(q, timed=True, raises="Empty")), Empty=Seq()))))


def test_a_branch_that_avoids_the_hang() -> None:
    q, p = queue(), process()
    assert silent(program([start(p), join(p)], child(p, either(get(q), Seq()))))
    assert silent(program([start(p), join(p), either(put(q), Seq())], child(p, either(Seq(), get(q)))))
    loop = Loop(Seq())
    loop.body = seq(get(q), either(Jump(loop), Seq()))
    assert silent(program([start(p), put(q), join(p)], child(p, loop)))


def test_daemon_consumers_that_nobody_joins() -> None:
    q, one, two = queue(), process("one", daemon=True), process("two", daemon=True)
    assert silent(
        program([start(one), start(two), put(q), put(q)], child(one, forever(get(q))), child(two, forever(get(q))))
    )


def test_a_process_that_may_be_a_daemon() -> None:
    q, p = queue(), process(daemon=None)
    assert silent(program([start(p), put(q)], child(p, forever(get(q)))))


def test_terminate_of_an_endless_consumer() -> None:
    q, p = queue(), process()
    assert silent(program([start(p), put(q), terminate(p), join(p)], child(p, forever(get(q)))))


def test_open_objects() -> None:
    assert silent(program([get(queue(open=True))]))
    left, right = pipe()
    right.open = True
    assert silent(program([recv(left)]))
    q, p = queue(), process()
    p.open = True
    assert silent(program([start(p), put(q), join(p)], child(p, forever(get(queue(open=True))))))


def test_programs_that_are_not_wholly_known() -> None:
    it = program([get(queue())])
    it.whole = False
    assert silent(it)
    q, p = queue(), process()
    unknown = role("p", runs=p, given=[q], known=False)
    assert silent(program([start(p), get(q), join(p)], unknown))


def test_more_states_than_are_explored() -> None:
    q, consumers = queue(), [process(f"p{number}") for number in range(3)]
    it = program(
        [*map(start, consumers), put(q, 1), put(q, None), *map(join, consumers)],
        *(child(one, until_none(get(q))) for one in consumers),
    )
    assert Explorer(it, 4000).verdict().plain
    assert Explorer(it, 3).verdict() == Verdict()


@pytest.mark.parametrize("kind", [Kind.QUEUE, Kind.JOINABLE_QUEUE, Kind.SIMPLE_QUEUE])
def test_drained_before_it_is_joined(kind: Kind) -> None:
    q, p = queue(kind=kind), process()
    assert silent(program([start(p), get(q), join(p)], child(p, put(q))))


def test_received_before_it_is_joined() -> None:
    (left, right), p = pipe(), process()
    assert silent(program([start(p), recv(left), join(p)], child(p, send(right))))


def test_join_with_a_timeout() -> None:
    q, p = queue(), process()
    assert silent(program([start(p), join(p, timed=True), get(q)], child(p, put(q))))


def test_a_bounded_queue_whose_consumer_runs() -> None:
    q, p = queue(maxsize=1), process()
    assert silent(program([start(p), put(q), put(q), put(q), join(p)], child(p, times(3, get(q)))))


def test_the_end_of_a_pipe() -> None:
    (left, right), p = pipe(), process()
    reading = trying(forever(recv(left)), EOFError=Seq())
    assert silent(program([start(p), close(right), reading, join(p)], child(p, send(right), close(right))))


def test_a_barrier_that_fills_up() -> None:
    b, one, two = barrier(3), process("one"), process("two")
    assert silent(program([start(one), start(two), wait(b), join(one), join(two)], child(one, wait(b)), child(two, wait(b))))
    many = process(many=True)
    assert silent(program([times(2, start(many)), wait(b), times(2, join(many))], child(many, wait(b), many=True)))


def test_a_barrier_used_again() -> None:
    b, p = barrier(2), process()
    assert silent(program([start(p), wait(b), wait(b), join(p)], child(p, wait(b), wait(b))))


def test_an_event_set_before_or_after_the_wait() -> None:
    e, p = flag(), process()
    assert silent(program([start(p), set_(e), join(p)], child(p, wait(e))))
    assert silent(program([set_(e), start(p), join(p)], child(p, wait(e))))


def test_locks_taken_in_one_order() -> None:
    one, two, p = lock("one"), lock("two"), process()
    assert silent(program([start(p), holding(one, holding(two)), join(p)], child(p, holding(one, holding(two)))))


def test_what_hangs_on_locks_is_left_to_others() -> None:
    """Locks have rules of their own: nothing else is said to be blocked where they are what everything hangs on."""
    one, two, q, p = lock("one"), lock("two"), queue(), process()
    crossed = program([start(p), holding(one, holding(two)), join(p)], child(p, holding(two, holding(one))))
    twice = program([acquire(one), acquire(one), release(one), release(one)])
    under = program([start(p), holding(one, get(q)), join(p)], child(p, holding(one, put(q))))
    for it in (crossed, twice, under):
        assert not list(blocked(explored(it).plain, Verb.GET, Verb.PUT, Verb.RECV, Verb.WAIT))


def test_a_victim_of_another_wait_is_not_blocked() -> None:
    """A get that only waits for somebody who waits for good is no fault of its own."""
    e, q, p = flag(), queue(), process()
    waits, got = wait(e), get(q)
    verdict = explored(program([start(p), got, join(p)], child(p, waits, put(q))))
    assert waiting(verdict.plain) == {waits, got}
    assert [event for _, _, event in blocked(verdict.plain, Verb.WAIT, Verb.GET)] == [waits]


def test_a_join_under_a_lock_that_the_child_needs() -> None:
    one, p = lock(), process()
    joined, wanted = join(p), acquire(one)
    its = child(p, seq(wanted, release(one)))
    verdict = explored(program([acquire(one), start(p), joined, release(one)], its))
    assert [(holds.event, wants.event) for _, holds, wants in waiting_under_locks(verdict.plain)] == [(joined, wanted)]


def test_a_get_under_a_lock_is_a_victim_where_nobody_puts() -> None:
    one, q, p = lock(), queue(), process()
    got = get(q)
    verdict = explored(program([start(p), holding(one, got), join(p)], child(p, holding(one))))
    assert not list(waiting_under_locks(verdict.plain))
    assert [event for _, _, event in blocked(verdict.plain, Verb.GET)] == [got]


def test_crossed_locks_meet() -> None:
    one, two, p = lock("one"), lock("two"), process()
    mine, its = acquire(two), acquire(one)
    crossed = program(
        [start(p), holding(one, mine, release(two)), join(p)], child(p, holding(two, its, release(one)))
    )
    assert explored(crossed).meet(mine, its)
    after = program([start(p), join(p), holding(one, mine, release(two))], child(p, holding(two, its, release(one))))
    assert not explored(after).meet(mine, its)


def test_a_condition_is_notified() -> None:
    c, other, p = lock("c", kind=Kind.CONDITION), lock("other"), process()
    told_of = program(
        [start(p), holding(other, holding(c, wait(c))), join(p)], child(p, forever(holding(c, notify(c))))
    )
    assert silent(told_of)
    under = wait(c)
    nested = program([start(p), holding(other, holding(c, under)), join(p)], child(p, holding(other, holding(c, notify(c)))))
    assert [holds.event for _, holds, _ in waiting_under_locks(explored(nested).plain)] == [under]


def test_a_barrier_whose_waiters_are_not_played_out() -> None:
    """More copies than are explored are counted (analysis/barriers.py), not guessed."""
    b, many = barrier(6), process(many=True)
    it = program([times(5, start(many)), wait(b), times(5, join(many))], child(many, wait(b), many=True))
    assert silent(it)


def test_a_recursive_lock_taken_twice() -> None:
    one = lock(kind=Kind.RLOCK)
    assert silent(program([holding(one, holding(one))]))


def test_a_lock_that_is_only_tried() -> None:
    one = lock()
    assert silent(program([acquire(one), acquire(one, blocking=Blocking.NEVER), release(one)]))


def test_a_process_takes_its_own_message_and_nobody_minds() -> None:
    q = queue()
    assert silent(program([put(q), get(q)]))


def test_a_process_that_is_never_started() -> None:
    q, p = queue(), process()
    assert silent(program([put(q)], child(p, get(q))))


# -- what was put is acknowledged


def tasks() -> Queue:
    return queue("tasks", kind=Kind.JOINABLE_QUEUE)


def test_a_queue_is_joined_until_all_is_acknowledged() -> None:
    """Whoever is ended after the join has done all before it."""
    q, results, p = tasks(), queue("results"), process(daemon=True)
    worker = child(p, forever(get(q), put(results), done(q)))
    assert silent(program([start(p), put(q), put(q), join(q), terminate(p), get(results), get(results)], worker))


def test_a_queue_is_joined_that_nobody_acknowledges() -> None:
    """It is stuck, and the one who takes is none who waits for what never comes."""
    q, p = tasks(), process()
    joined = join(q)
    found = explored(program([start(p), put(q), joined, join(p)], child(p, forever(get(q))))).plain
    assert joined in waiting(found)
    assert not list(blocked(found, Verb.GET))


def test_a_queue_is_joined_under_a_lock_that_the_worker_needs() -> None:
    q, mutex, p = tasks(), lock(), process(daemon=True)
    worker = child(p, forever(get(q), holding(mutex), done(q)))
    joined = join(q)
    found = explored(program([acquire(mutex), start(p), put(q), joined, release(mutex)], worker)).plain
    assert [holds.event for _, holds, _ in waiting_under_locks(found)] == [joined]
    early = program([start(p), put(q), join(q), holding(mutex, put(q))], worker)
    assert silent(early)


def test_answers_are_awaited_by_who_joins_the_queue() -> None:
    """A worker asks something of whoever waits until it has acknowledged."""
    q, answers, p = tasks(), queue("answers"), process()
    asked = get(answers)
    found = explored(program([start(p), put(q), join(q), put(answers), join(p)], child(p, get(q), asked, done(q)))).plain
    assert [event for _, _, event in blocked(found, Verb.GET)] == [asked]


def test_what_nobody_can_acknowledge_any_more() -> None:
    q, p = tasks(), process()
    its, late = done(q), done(q)
    found = explored(program([start(p), put(q), join(q), late, join(p)], child(p, get(q), its)))
    assert found.refused() == {late}
    two = explored(program([start(p), put(q), put(q), done(q), join(q), join(p)], child(p, get(q), its)))
    assert not two.refused()


# -- numbers


@pytest.mark.parametrize("many", [6, 12, 100])
def test_results_are_counted_in_parts(many: int) -> None:
    """As many are put as are taken in two loops; the one who puts waits in between."""
    q, e, p = queue(), flag(), process()
    its = child(p, times(many, put(q)), wait(e))
    assert silent(program([start(p), times(3, get(q)), times(many - 3, get(q)), set_(e), join(p)], its))


@pytest.mark.parametrize("many", [6, 100])
def test_results_are_parted_by_what_they_are(many: int) -> None:
    tasks, odd, even, p = queue("tasks"), queue("odd"), queue("even"), process()
    worker = child(p, times(many, get(tasks), either(put(odd), put(even))))
    it = program([start(p), times(many, put(tasks)), times(3, get(odd)), times(3, get(even)), join(p)], worker)
    assert not explored(it).plain


def test_several_give_a_few_and_one_takes_all() -> None:
    q, p = queue(kind=Kind.SIMPLE_QUEUE), process(many=True)
    its = child(p, times(2, put(q)), many=True)
    assert silent(program([times(3, start(p)), times(6, get(q)), times(3, join(p))], its))


def test_one_more_is_taken_than_was_put() -> None:
    q, p = queue(), process()
    one = get(q)
    found = explored(program([start(p), times(6, one), join(p)], child(p, times(5, put(q))))).plain
    assert [event for _, _, event in blocked(found, Verb.GET)] == [one]


def test_a_signal_that_comes_after_what_does_not_fit() -> None:
    q, e, p = queue(maxsize=5), flag(), process()
    one = put(q)
    found = explored(program([start(p), times(12, one), set_(e), join(p)], child(p, wait(e), times(12, get(q))))).plain
    assert [event for _, _, event in blocked(found, Verb.PUT, Verb.WAIT)] == [one]


# -- what is looked at


def looks(target: Shared) -> Event:
    asked = event(Verb.QUERY, target)
    asked.used = True
    return asked


def until_set(flag: Shared, *items: Flow) -> Loop:
    """``while not flag.is_set(): ...``"""
    loop = Loop(Seq())
    asked = looks(flag)
    loop.body = Seq([asked, Choice([Jump(loop), Seq()], flow.Test(asked, Constant(True))), *items])
    return loop


def test_whoever_waits_for_something_else_does_not_see_that_it_shall_stop() -> None:
    q, stop, p = queue(), flag(), process()
    one = get(q)
    found = explored(program([start(p), put(q), set_(stop), join(p)], child(p, until_set(stop, one)))).plain
    assert [event for _, _, event in blocked(found, Verb.GET)] == [one]
    assert silent(program([start(p), put(q), set_(stop), put(q), join(p)], child(p, until_set(stop, get(q)))))
    assert silent(program([start(p), set_(stop), join(p)], child(p, until_set(stop, get(q, timed=True)))))


def test_what_is_sent_when_nobody_is_left_to_read_it() -> None:
    """It raises, so that nothing after it is ever waited for."""
    mine, its = pipe()
    q, p = queue(), process()
    it = program([start(p), close(its), join(p), send(mine), get(q)], child(p, close(its), given=[its]))
    assert silent(it)


def test_a_stop_sign_fits_into_any_pipe() -> None:
    q, p = queue(), process()
    joined = join(p)
    assert silent(program([start(p), joined], child(p, put(q, None))))
    found = explored(program([start(p), joined], child(p, put(q), put(q, None)))).crowded
    assert [event for _, event, _, _ in joins_of_unsent(found)] == [joined]
    # What others put before it may leave no room.
    first, last = process("first"), process("last")
    main = [start(first), start(last), join(last), get(q), join(first)]
    assert explored(program(main, child(first, put(q)), child(last, put(q, None)))).crowded


# -- stop signs


def until(taken: Event, test: flow.Test) -> Loop:
    """Takes until a test holds."""
    loop = Loop(Seq())
    loop.body = Seq([taken, Choice([Jump(loop), Seq()], test)])
    return loop


def test_a_stop_sign_that_nobody_is_known_to_put_may_be_any_unknown_message() -> None:
    q, p = queue(), process()
    taken = get(q)
    ended = child(p, until(taken, flow.Test(taken, Constant("end"))))
    assert silent(program([start(p), times(Count(0, None), put(q)), join(p)], ended))
    named = explored(program([start(p), put(q, "start"), put(q, "stop"), join(p)], ended)).plain
    assert [event for _, _, event in blocked(named, Verb.GET)] == [taken]


def test_what_is_false_ends_a_loop_that_asks_for_truth() -> None:
    q, p = queue(), process(many=True)
    taken = get(q)
    its = child(p, until(taken, flow.Test(taken, Constant(None), truth=True)), many=True)
    assert silent(program([times(2, start(p)), put(q, "a"), put(q, ""), put(q, 0), times(2, join(p))], its))
    found = explored(program([times(2, start(p)), put(q, "a"), put(q, ""), times(2, join(p))], its)).plain
    assert [event for _, _, event in blocked(found, Verb.GET)] == [taken]


def test_what_was_taken_is_passed_on() -> None:
    """The stop sign too, where it is looked at only afterwards."""
    q, r, first, last = queue("q"), queue("r"), process("first"), process("last")
    taken = get(q)
    on = put(r)
    on.passed = taken
    loop = Loop(Seq())
    loop.body = Seq([taken, on, Choice([Jump(loop), Seq()], flow.Test(taken, Constant(None)))])
    shown = get(r)
    main = [start(first), start(last), put(q), put(q, None), join(first), join(last)]
    assert silent(program(main, child(first, loop), child(last, until_none(shown))))
    on.passed = None
    assert shown in waiting(explored(program(main, child(first, loop), child(last, until_none(shown)))).plain)


def test_what_an_unknown_number_of_turns_gives_may_be_just_enough() -> None:
    q, p = queue(), process(many=True)
    its = child(p, times(Count(0, None), put(q)), many=True)
    assert silent(program([times(3, start(p)), times(9, get(q)), times(3, join(p))], its))
