"""Which items are acknowledged, on flows made by hand."""

from __future__ import annotations

from build import either, event, forever, get, queue, role, seq, times, trying, until_none
from flake8_ipc.analysis.acknowledged import account
from flake8_ipc.model import Event, Flow, Jump, Kind, Loop, Raise, Seq, Verb

QUEUE = queue(kind=Kind.JOINABLE_QUEUE)


def done() -> Event:
    return event(Verb.TASK_DONE, QUEUE)


def missing(*flow: Flow) -> list[Event]:
    return list(dict.fromkeys(item.get for item in account(role("worker", *flow), QUEUE).missing))


def surplus(*flow: Flow) -> list[Event]:
    return list(account(role("worker", *flow), QUEUE).surplus)


def again(loop: Loop) -> Jump:
    return Jump(loop, again=True)


def test_one_for_one() -> None:
    taken = get(QUEUE)
    assert missing(forever(taken, done())) == []
    assert missing(forever(taken)) == [taken]
    assert missing(times(3, taken)) == [taken]


def test_a_turn_that_skips() -> None:
    taken = get(QUEUE)
    loop = forever()
    loop.body = seq(taken, either(again(loop), Seq()), done())
    assert missing(loop) == [taken]


def test_the_last_message_is_known() -> None:
    taken = get(QUEUE)
    (item,) = account(role("worker", until_none(taken, done())), QUEUE).missing
    assert item.get is taken
    assert item.known is not None and item.known.value is None
    assert missing(until_none(taken, done()), done()) == []


def test_once_too_often() -> None:
    second = done()
    assert surplus(get(QUEUE), done(), second) == [second]
    assert surplus(forever(get(QUEUE), done(), either(second, Seq()))) == [second]
    assert surplus(forever(get(QUEUE), done())) == []
    assert surplus(done()) == []


def test_in_a_finally_on_every_way_out() -> None:
    taken = get(QUEUE)
    loop = forever()
    loop.body = seq(taken, trying(either(Jump(loop), again(loop), Seq()), final=done()))
    assert missing(loop) == []
    assert surplus(loop) == []


def test_a_raise_that_is_caught() -> None:
    taken = get(QUEUE)
    flow = forever(taken, trying(either(Raise("ValueError"), Seq()), done(), ValueError=Seq()))
    assert missing(flow) == [taken]
    assert missing(forever(taken, trying(either(Raise("ValueError"), Seq()), done(), ValueError=done()))) == []


def test_an_exception_that_ends_it_is_no_normal_path() -> None:
    taken = get(QUEUE)
    assert missing(forever(taken, either(Raise("ValueError"), Seq()), done())) == []


def test_batches_are_left_alone() -> None:
    assert missing(forever(times(3, get(QUEUE)), times(3, done()))) == []
    assert surplus(forever(times(2, get(QUEUE)), times(3, done()))) == []


def test_two_branches_that_choose_are_left_alone() -> None:
    flow = forever(get(QUEUE), either(done(), Seq()), either(Seq(), done()))
    assert missing(flow) == []
    assert surplus(flow) == []


def test_what_hangs_on_an_empty_queue_is_left_alone() -> None:
    taken = get(QUEUE, timed=True, raises="Empty")
    loop = forever()
    loop.body = seq(trying(taken, Empty=Seq()), either(again(loop), Seq()), done())
    assert missing(loop) == []
    strict = forever()
    strict.body = seq(trying(taken, Empty=again(strict)), either(again(strict), Seq()), done())
    assert missing(strict) == [taken]


def test_one_item_ahead() -> None:
    first, following = get(QUEUE), get(QUEUE)
    assert missing(first, forever(following, done())) == []
    assert missing(first, done()) == []
    assert missing(first) == [first]
