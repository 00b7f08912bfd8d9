"""Full queues that are too large to be counted, on programs made by hand."""

from __future__ import annotations

from build import child, forever, get, join, process, program, put, queue, start, times
from flake8_ipc.analysis.explore.numbers import picked
from flake8_ipc.analysis.explore.rooms import rooms
from flake8_ipc.analysis.explore.stuck import Explorer
from flake8_ipc.analysis.explore.verdict import blocked, joins_of_unsent
from flake8_ipc.model import Event, Kind, Program, Verb

LIMIT = 800


def stuck_puts(made: Program) -> set[Event]:
    return {event for _, _, event in blocked(Explorer(made, LIMIT).verdict().full, Verb.PUT)}


def test_more_than_fits_before_anybody_takes() -> None:
    q, p = queue(maxsize=100), process()
    one = put(q)
    made = program([times(1000, one), start(p), join(p)], child(p, times(1000, get(q))))
    assert stuck_puts(made) == {one}


def test_what_may_fit_is_left_alone() -> None:
    q, p = queue(maxsize=100), process()
    made = program([times(100, put(q)), start(p), join(p)], child(p, times(100, get(q))))
    assert rooms(made, made.objects, picked(made)) is None
    assert stuck_puts(made) == set()


def test_who_takes_meanwhile_makes_room() -> None:
    q, p = queue(maxsize=10), process()
    made = program([start(p), times(1000, put(q)), join(p)], child(p, times(1000, get(q))))
    assert rooms(made, made.objects, picked(made)) is not None
    assert stuck_puts(made) == set()


def test_both_wait_for_room() -> None:
    tasks, results, p = queue("tasks", 10), queue("results", 10), process()
    one, other = put(tasks), put(results)
    made = program([start(p), times(1000, one), times(1000, get(results)), join(p)], child(p, times(1000, get(tasks), other)))
    assert stuck_puts(made) == {one, other}


def test_results_without_end_make_room() -> None:
    tasks, results, p = queue("tasks", 10), queue("results"), process()
    worker = child(p, times(1000, get(tasks), put(results)))
    made = program([start(p), times(1000, put(tasks)), times(1000, get(results)), join(p)], worker)
    assert stuck_puts(made) == set()


def test_what_is_put_beside_the_loops_has_room() -> None:
    q, p = queue(maxsize=5), process()
    first = [put(q) for _ in range(4)]
    one = put(q)
    made = program([*first, start(p), times(1000, one)], child(p, times(2, get(q))))
    found = rooms(made, made.objects, picked(made))
    assert found is not None
    assert found.room[q] == 5
    assert stuck_puts(made) == {one}


def test_an_endless_loop_fills_any_room() -> None:
    q = queue(maxsize=1000)
    one = put(q)
    assert stuck_puts(program([forever(one)])) == {one}


def test_a_full_pipe() -> None:
    q, p = queue(kind=Kind.SIMPLE_QUEUE), process()
    one = put(q)
    assert stuck_puts(program([times(100_000, one), start(p)], child(p, times(100_000, get(q))))) == {one}
    assert stuck_puts(program([times(1000, put(q)), start(p)], child(p, times(1000, get(q))))) == set()


def test_who_waits_for_room_is_waited_for() -> None:
    q, p = queue(maxsize=10), process()
    joined, one = join(p), put(q)
    made = program([start(p), joined, times(1000, get(q))], child(p, times(1000, one)))
    (found,) = joins_of_unsent(Explorer(made, LIMIT).verdict().full)
    assert found[1] is joined
    assert found[3] is one
