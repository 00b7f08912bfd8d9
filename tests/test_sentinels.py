"""Consumers counted against their sentinels, on programs made by hand."""

from __future__ import annotations

from build import child, create, either, event, get, join, process, program, put, queue, seq, start, times, trying, until_none
from flake8_ipc.analysis.sentinels import shortages
from flake8_ipc.model import Constant, Event, Flow, Jump, Kind, Loop, Seq, Shared, Verb, flow as flows


def short(
    consumers: int, sent: list[Flow], *flow: Flow, daemon: bool = False, after: list[Flow] | None = None
) -> list[tuple[int, int]]:
    p = process(daemon=daemon, many=True)
    main = [times(consumers, create(p)), times(consumers, start(p)), *sent]
    main += after if after is not None else [times(consumers, join(p))]
    found = shortages(program(main, child(p, *flow, many=True)))
    return [(one.consumers, one.sent) for one in found]


def test_fewer_sentinels_than_consumers() -> None:
    q = queue()
    assert short(3, [times(2, put(q, None))], until_none(get(q))) == [(3, 2)]
    assert short(3, [put(q), put(q, None)], until_none(get(q))) == [(3, 1)]
    assert short(3, [times(3, put(q, None))], until_none(get(q))) == []
    # That none is sent at all is for those to tell who see what else is sent.
    assert short(3, [put(q)], until_none(get(q))) == []


def test_a_sentinel_that_is_handed_on() -> None:
    q = queue()
    taken = get(q)
    loop = Loop(Seq())
    loop.body = seq(taken, _on(taken, seq(put(q, None), Jump(loop))))
    assert short(3, [put(q, None)], loop) == []


def _on(taken: Event, then: Flow) -> Flow:
    chosen = either(then, Seq())
    assert not isinstance(chosen, Event)
    chosen.test = flows.Test(taken, Constant(None))
    return chosen


def test_other_ways_out() -> None:
    q = queue()
    taken = get(q)
    loop = Loop(Seq())
    loop.body = seq(taken, _on(taken, Jump(loop)), either(Jump(loop), Seq()))
    assert short(3, [put(q, None)], loop) == []
    assert short(3, [put(q, None)], trying(until_none(get(q)), OSError=Seq())) == []
    assert short(3, [put(q, None)], until_none(get(q, timed=True))) == []


def test_who_is_waited_for() -> None:
    q = queue()
    nobody: list[Flow] = []
    assert short(2, [put(q, None)], until_none(get(q)), after=nobody) == [(2, 1)]
    assert short(2, [put(q, None)], until_none(get(q)), daemon=True, after=nobody) == []
    assert short(2, [put(q, None)], until_none(get(q)), daemon=True) == [(2, 1)]


def test_a_queue_that_others_have() -> None:
    q = queue(open=True)
    assert short(2, [put(q, None)], until_none(get(q))) == []
    names: list[Shared] = [queue(kind=Kind.SIMPLE_QUEUE)]
    assert short(2, [put(names[0], None), event(Verb.SIZE, names[0])], until_none(get(names[0]))) == [(2, 1)]
