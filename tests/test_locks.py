"""Which locks are surely held."""

from __future__ import annotations

from build import (
    acquire,
    either,
    forever,
    get,
    graph,
    holding,
    lock,
    put,
    queue,
    read,
    release,
    role,
    seq,
    trying,
    value,
    write,
)

from flake8_ipc.analysis.locks import Locks, root
from flake8_ipc.model import Blocking, Event, Flow, Handler, Jump, Kind, Loop, Seq, Shared, Try


def held(flow: Flow, event: Event) -> frozenset[Shared]:
    return Locks(graph).names(role("main", flow), event)


def test_between_acquire_and_release() -> None:
    mutex, q = lock(), queue()
    before, inside, after = put(q), put(q), put(q)
    flow = seq(before, acquire(mutex), inside, release(mutex), after)
    assert held(flow, before) == frozenset()
    assert held(flow, inside) == {mutex}
    assert held(flow, after) == frozenset()


def test_in_a_with() -> None:
    one, two, q = lock("one"), lock("two"), queue()
    inner, outer, after = put(q), put(q), put(q)
    flow = seq(holding(one, holding(two, inner), outer), after)
    assert held(flow, inner) == {one, two}
    assert held(flow, outer) == {one}
    assert held(flow, after) == frozenset()


def test_the_acquisition_is_told() -> None:
    mutex, q = lock(), queue()
    taken, inside = acquire(mutex), put(q)
    assert Locks(graph).held(role("main", taken, inside), inside) == {(mutex, 0, frozenset({taken}))}


def test_only_what_holds_on_every_path() -> None:
    mutex, q = lock(), queue()
    after = put(q)
    assert held(seq(either(acquire(mutex), Seq()), after), after) == frozenset()
    assert held(seq(acquire(mutex), either(release(mutex), Seq()), after), after) == frozenset()
    assert held(seq(acquire(mutex), either(put(q), Seq()), after), after) == {mutex}


def test_a_lock_that_both_branches_take_is_held() -> None:
    mutex, q = lock(), queue()
    after = put(q)
    assert held(seq(either(acquire(mutex), acquire(mutex)), after), after) == {mutex}


def test_a_tried_lock_may_not_be_held() -> None:
    mutex, q = lock(), queue()
    after = put(q)
    assert held(seq(acquire(mutex, blocking=Blocking.NEVER), after), after) == frozenset()


def test_one_lock_of_several_is_not_surely_held() -> None:
    mutex, q = lock(), queue()
    after = put(q)
    assert held(seq(acquire(mutex, exact=False), after), after) == frozenset()


def test_one_lock_of_several_let_go_may_be_any() -> None:
    mutex, q = lock(kind=Kind.RLOCK), queue()
    after = put(q)
    assert held(seq(acquire(mutex), acquire(mutex), release(mutex, exact=False), after), after) == frozenset()


def test_a_recursive_lock_let_go_once_is_held_still() -> None:
    mutex, q = lock(kind=Kind.RLOCK), queue()
    once, twice = put(q), put(q)
    flow = seq(acquire(mutex), acquire(mutex), release(mutex), once, release(mutex), twice)
    assert held(flow, once) == {mutex}
    assert held(flow, twice) == frozenset()


def test_a_condition_is_the_lock_it_was_made_over() -> None:
    mutex = lock()
    condition = lock("c", kind=Kind.CONDITION, over=mutex)
    inside = put(queue())
    assert root(condition) is mutex
    assert held(holding(condition, inside), inside) == {mutex}


def test_taken_in_each_turn() -> None:
    mutex, q = lock(), queue()
    inside, outside = put(q), put(q)
    flow = forever(holding(mutex, inside), outside)
    assert held(flow, inside) == {mutex}
    assert held(flow, outside) == frozenset()


def test_a_turn_that_forgets_to_let_go() -> None:
    mutex, q = lock(), queue()
    first = put(q)
    assert held(forever(first, acquire(mutex)), first) == frozenset()


def test_let_go_on_the_way_out_of_a_loop() -> None:
    mutex, q = lock(), queue()
    after = put(q)
    loop = Loop(Seq())
    loop.body = holding(mutex, get(q), either(Jump(loop), Seq()))
    assert held(seq(loop, after), after) == frozenset()


def test_let_go_by_finally_in_a_handler() -> None:
    mutex, q = lock(), queue()
    caught = put(q)
    assert held(trying(holding(mutex, get(q)), Empty=caught), caught) == frozenset()
    assert held(holding(mutex, trying(get(q), Empty=caught)), caught) == {mutex}


def test_let_go_before_the_second_handler_too() -> None:
    """mutex.acquire() / try: try: q.get() finally: mutex.release() / except Empty: ... / except OSError: caught."""
    mutex, q = lock(), queue()
    first, second = put(q), put(q)
    body = Try(get(q), final=release(mutex))
    flow = seq(acquire(mutex), Try(body, [Handler(("Empty",), first), Handler(("OSError",), second)]))
    # get() fails, the lock is let go, whatever the exception.
    assert held(flow, first) == frozenset()
    assert held(flow, second) == frozenset()


def test_an_event_of_another_role_holds_nothing() -> None:
    mutex, q = lock(), queue()
    locks = Locks(graph)
    mine, its = put(q), put(q)
    one, other = role("one", holding(mutex, mine)), role("other", its)
    assert locks.names(one, mine) == {mutex}
    assert locks.names(other, its) == frozenset()
    assert locks.names(one, its) == frozenset()


def test_a_read_modify_write_under_one_acquisition_is_atomic() -> None:
    mutex, v = lock(), value()
    looked = read(v)
    written = write(v, looked)
    whole = role("main", holding(mutex, looked, written))
    assert Locks(graph).atomic(whole, written) == {mutex}


def test_a_read_modify_write_under_two_acquisitions_is_not() -> None:
    mutex, v = lock(), value()
    looked = read(v)
    written = write(v, looked)
    parts = role("main", holding(mutex, looked), holding(mutex, written))
    assert Locks(graph).names(parts, written) == {mutex}
    assert Locks(graph).atomic(parts, written) == frozenset()


def test_a_section_within_a_section_does_not_cut_it() -> None:
    """with l: looked = v.value; with l: pass; v.value = looked + 1: mutex is never let go between."""
    for _ in range(64):
        mutex, v, q = lock(kind=Kind.RLOCK), value(), queue()
        looked = read(v)
        written = write(v, looked)
        whole = role("main", holding(mutex, looked, holding(mutex, put(q)), written))
        assert Locks(graph).atomic(whole, written) == {mutex}
