"""Which locks are taken under which, waits under locks, and barriers by numbers, on programs made by hand."""

from __future__ import annotations

import pytest
from build import (
    acquire,
    barrier,
    child,
    either,
    flag,
    get,
    graph,
    holding,
    join,
    lock,
    process,
    program,
    put,
    queue,
    read,
    release,
    seq,
    start,
    times,
    value,
    wait,
    write,
)
from build import notify as notifies

from flake8_ipc.analysis.barriers import copies, countable, left_behind
from flake8_ipc.analysis.lock_order import circles
from flake8_ipc.analysis.nested import nested_waits
from flake8_ipc.analysis.predicates import bare_waits
from flake8_ipc.analysis.signals import never_given
from flake8_ipc.analysis.study import Study
from flake8_ipc.model import Blocking, Cell, Count, Event, Flow, Jump, Kind, Lock, Loop, Program, Seq


def inner(it: Program) -> set[Event]:
    return {one.event for circle in circles(Study(it)) for one in circle}


def under(outer: Lock, *items: Flow) -> Seq:
    return holding(outer, *items)


def both_ways(*, joined_first: bool = False, gate: bool = False) -> tuple[Program, Event, Event]:
    one, two, outer, p = lock("one"), lock("two"), lock("outer"), process()
    mine, its = acquire(two), acquire(one)
    there, back = under(one, mine, release(two)), under(two, its, release(one))
    main, other = (under(outer, there), under(outer, back)) if gate else (there, back)
    order: list[Flow] = [start(p), join(p), main] if joined_first else [start(p), main, join(p)]
    return program(order, child(p, other)), mine, its


def test_opposite_order() -> None:
    it, mine, its = both_ways()
    assert inner(it) == {mine, its}


def test_never_at_the_same_time() -> None:
    assert not inner(both_ways(joined_first=True)[0])
    assert not inner(both_ways(gate=True)[0])


def test_one_order() -> None:
    one, two, p = lock("one"), lock("two"), process()
    assert not inner(program([start(p), under(one, under(two)), join(p)], child(p, under(one, under(two)))))


def test_a_way_out() -> None:
    one, two, p = lock("one"), lock("two"), process()
    back = under(two, acquire(one, blocking=Blocking.TIMED), release(one))
    assert not inner(program([start(p), under(one, under(two)), join(p)], child(p, back)))


def test_after_a_message() -> None:
    one, two, q, p = lock("one"), lock("two"), queue(), process()
    its = child(p, under(two, under(one)), put(q))
    assert not inner(program([start(p), get(q), under(one, under(two)), join(p)], its))


def test_a_circle_of_three() -> None:
    locks = [lock(name) for name in "abc"]
    workers = [process(name) for name in "pqr"]
    taken = [acquire(locks[(index + 1) % 3]) for index in range(3)]
    roles = [
        child(worker, under(locks[index], taken[index], release(locks[(index + 1) % 3])))
        for index, worker in enumerate(workers)
    ]
    assert inner(program([*map(start, workers), *map(join, workers)], *roles)) == set(taken)


def test_the_own_lock_of_a_value() -> None:
    one, cell, p = lock("one"), value(), process()
    assert cell.lock is not None
    mine, its = write(cell), acquire(one)
    it = program([start(p), under(one, mine), join(p)], child(p, under(cell.lock, its, release(one))))
    assert inner(it) == {mine, its}


# -- waits under locks


def test_a_join_under_the_lock_of_a_value() -> None:
    cell, p = value(), process()
    assert isinstance(cell, Cell)
    assert cell.lock is not None
    joined, its = join(p), read(cell)
    it = program([under(cell.lock, start(p), joined)], child(p, its))
    assert [(one.event, one.needs) for one in nested_waits(Study(it))] == [(joined, its)]
    assert not list(nested_waits(Study(program([under(cell.lock, start(p), join(p))], child(p, either(read(cell), Seq()))))))


def test_a_condition_under_a_lock_that_its_notifier_needs() -> None:
    oven, fresh, p = lock("oven"), lock("fresh", kind=Kind.CONDITION), process()
    waits, needed = wait(fresh), acquire(oven)
    its = child(p, needed, holding(fresh, notifies(fresh)), release(oven))
    it = program([start(p), under(oven, holding(fresh, either(waits, Seq()))), join(p)], its)
    assert [(one.event, one.needs) for one in nested_waits(Study(it))] == [(waits, needed)]
    free = child(p, holding(fresh, notifies(fresh)))
    it = program([start(p), under(oven, holding(fresh, either(wait(fresh), Seq()))), join(p)], free)
    assert not list(nested_waits(Study(it)))


# -- barriers


def waiters(number: int, parties: int, turns: int | Count = 1) -> tuple[Program, Event]:
    b, p = barrier(parties), process(many=True)
    waits = wait(b)
    its = child(p, waits if turns == 1 else times(turns, waits), many=True)
    return program([times(number, start(p)), times(number, join(p))], its), waits


@pytest.mark.parametrize(
    ("number", "parties", "turns", "stuck"),
    [(3, 4, 1, True), (4, 4, 1, False), (8, 4, 1, False), (12, 10, 10, True), (20, 10, 7, False), (2, 3, 9, True)],
)
def test_barriers_by_numbers(number: int, parties: int, turns: int, stuck: bool) -> None:
    it, waits = waiters(number, parties, turns)
    b = waits.target
    found = left_behind(it, b)  # type: ignore[arg-type]
    assert (found == (number, [waits])) is stuck


def test_barriers_of_which_the_numbers_are_not_known() -> None:
    b, p = barrier(3), process(many=True)
    it = program([times(Count(0, None), start(p))], child(p, wait(b), many=True))
    assert left_behind(it, b) is None
    assert not countable(it, b)
    it = program([start(p)], child(p, either(wait(b), Seq())))
    assert left_behind(it, b) == (1, [next(it.roles[1].events())])


def test_a_barrier_that_a_timeout_breaks() -> None:
    b, p, q = barrier(3), process("p"), process("q")
    timed = wait(b)
    timed.blocking = Blocking.TIMED
    assert left_behind(program([start(p), start(q)], child(p, wait(b)), child(q, timed)), b) is None


def test_copies() -> None:
    p, q = process("p", many=True), process("q")
    parent = child(p, start(q), many=True)
    grandchild = child(q, wait(flag()))
    grandchild.parent = parent
    it = program([times(3, start(p)), start(p)], parent, grandchild)
    assert [copies(it, role) for role in it.roles] == [1, 4, 4]
    assert copies(program([either(start(p), Seq())], child(p, many=True)), parent) == 4


# -- signals and predicates


def test_a_condition_that_nobody_notifies() -> None:
    c, p = lock("c", kind=Kind.CONDITION), process()
    waits = wait(c)
    loop = Loop(Seq())
    loop.body = seq(either(Jump(loop), Seq()), waits)
    its = child(p, holding(c, loop))
    assert [event for _, event in never_given(Study(program([start(p), join(p)], its)))] == [waits]
    assert not list(never_given(Study(program([start(p), holding(c, notifies(c)), join(p)], its))))


def test_waits_in_loops() -> None:
    c = lock("c", kind=Kind.CONDITION)

    def bare(flow: Flow) -> bool:
        role = program([flow]).root
        return bool(list(bare_waits(role, graph(role))))

    def looking(*items: Flow) -> Loop:
        loop = Loop(Seq())
        loop.body = seq(either(Jump(loop), Seq()), *items)
        return loop

    assert bare(holding(c, wait(c)))
    assert bare(holding(c, either(wait(c), Seq())))
    assert bare(times(3, holding(c, wait(c))))
    assert not bare(holding(c, looking(wait(c))))
    assert not bare(looking(holding(c, wait(c))))
    assert bare(looking(holding(c, wait(c), put(queue()))))
