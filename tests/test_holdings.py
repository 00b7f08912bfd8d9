"""What a role may hold, and what it leaves unreleased, on flows made by hand."""

from __future__ import annotations

from build import (
    acquire,
    child,
    either,
    forever,
    graph,
    holding,
    lock,
    pipe,
    process,
    program,
    recv,
    release,
    seq,
    start,
    times,
    trying,
)

from flake8_ipc.analysis.holdings import UNASKED, Holdings
from flake8_ipc.model import Blocking, Event, Flow, Jump, Kind, Loop, Program, Raise, Role, Seq


def holdings(it: Program) -> Holdings:
    return Holdings(it, graph)


def alone(*flow: Flow) -> tuple[Holdings, Role]:
    it = program(flow)
    return holdings(it), it.root


def unreleased(*flow: Flow) -> dict[Event, bool]:
    mine, role = alone(*flow)
    return mine.unreleased(role)


def unheld(*flow: Flow) -> list[Event]:
    mine, role = alone(*flow)
    return list(mine.unheld(role))


def test_released_on_every_path() -> None:
    one = lock()
    assert not unreleased(acquire(one), release(one))
    assert not unreleased(holding(one))
    assert not unreleased(acquire(one), either(release(one), release(one)))
    assert not unreleased(acquire(one), trying(Raise(), final=release(one)))


def test_left_on_some_path() -> None:
    one = lock()
    taken = acquire(one)
    assert unreleased(taken, either(release(one), Seq())) == {taken: True}
    assert unreleased(taken) == {taken: True}


def test_left_by_an_exception() -> None:
    one = lock()
    taken = acquire(one)
    assert unreleased(taken, either(Raise("ValueError"), Seq()), release(one)) == {taken: False}
    assert unreleased(taken, Raise(sure=False), release(one)) == {taken: False}
    assert not unreleased(taken, trying(Raise(sure=False), final=release(one)))


def test_left_by_what_a_handler_swallows() -> None:
    one, (left, _) = lock(), pipe()
    taken = acquire(one)
    assert unreleased(trying(taken, recv(left), release(one), EOFError=Seq())) == {taken: True}


def test_left_for_the_next_turn() -> None:
    one = lock()
    taken = acquire(one)
    loop = Loop(Seq())
    loop.body = seq(taken, either(Jump(loop, again=True), Seq()), release(one))
    assert unreleased(loop) == {taken: True}
    assert unreleased(forever(taken)) == {taken: True}


def test_an_acquire_that_may_fail_is_no_duty() -> None:
    one = lock()
    assert not unreleased(acquire(one, blocking=Blocking.TIMED))
    asked = acquire(one)
    asked.used = True
    assert not unreleased(either(seq(asked, release(one)), Seq()))


def test_under_one_condition() -> None:
    one = lock()
    assert not unreleased(either(acquire(one), Seq()), either(release(one), Seq()))


def test_released_without_being_held() -> None:
    one, free = lock(), lock(kind=Kind.SEMAPHORE)
    wrong = release(one)
    assert unheld(wrong) == [wrong]
    assert unheld(acquire(one), release(one), wrong) == [wrong]
    assert not unheld(either(acquire(one), Seq()), release(one))
    assert not unheld(release(free))


def test_a_recursive_lock_is_counted() -> None:
    one = lock(kind=Kind.RLOCK)
    wrong = release(one)
    assert unheld(acquire(one), acquire(one), release(one), release(one), wrong) == [wrong]
    assert not unheld(times(2, acquire(one)), times(2, release(one)))


def test_released_though_nobody_asked() -> None:
    one = lock()
    tried, wrong = acquire(one, blocking=Blocking.TIMED), release(one)
    mine, role = alone(tried, wrong)
    assert list(mine.unheld(role)) == [wrong]
    assert mine.depths(role, wrong, one) == {UNASKED}
    tried.used = True
    assert not unheld(tried, release(one))


def test_handed_over() -> None:
    one, p = lock(), process()
    its = child(p, release(one))
    it = program([acquire(one), start(p)], its)
    mine = holdings(it)
    assert mine.handed_over(one, it.root)
    assert mine.taken_for_good(one, its)
    assert not holdings(program([acquire(one), start(p)], child(p, holding(one)))).handed_over(one, it.root)
