"""What an object surely is when something is done with it."""

from __future__ import annotations

from build import close, create, either, forever, get, graph, put, queue, role, send, seq, times, trying

from flake8_ipc.analysis.lifecycle import MAYBE, Lifecycle
from flake8_ipc.model import Event, Flow, Jump, Loop, Seq, Shared, Verb


def step(state: str, event: Event) -> str:
    return {Verb.CLOSE: "closed", Verb.CREATE: "new"}.get(event.verb, state)


def states(flow: Flow, shared: Shared) -> dict[Event, frozenset[str]]:
    return Lifecycle(graph).before(role("main", flow), shared, "new", step)


def test_one_after_the_other() -> None:
    q = queue()
    one, shut, last = put(q), close(q), put(q)
    assert states(seq(one, shut, last), q) == {one: {"new"}, shut: {"new"}, last: {"closed"}}


def test_other_objects_do_not_count() -> None:
    q, other = queue("q"), queue("other")
    last = put(q)
    assert states(seq(close(other), last, put(other)), q) == {last: {"new"}}


def test_paths_that_differ() -> None:
    q = queue()
    last = put(q)
    assert states(seq(either(close(q), Seq()), last), q)[last] == {MAYBE}
    assert states(seq(either(close(q), close(q)), last), q)[last] == {"closed"}


def test_the_first_turn_of_a_loop_is_told_apart() -> None:
    q = queue()
    used = put(q)
    assert states(times(3, used, close(q)), q)[used] == {"new", "closed"}
    assert states(forever(used, close(q)), q)[used] == {"new", "closed"}
    assert states(times(1, used, close(q)), q)[used] == {"new"}


def test_made_anew_in_each_turn() -> None:
    q = queue()
    used = put(q)
    assert states(times(3, create(q), used, close(q)), q)[used] == {"new"}


def test_a_loop_that_ends_when_it_has_closed() -> None:
    q = queue()
    used, last = get(q), put(q)
    loop = Loop(Seq())
    loop.body = seq(used, either(seq(close(q), Jump(loop)), Seq()))
    found = states(seq(loop, last), q)
    assert found[used] == {"new"}
    assert found[last] == {"closed"}


def test_what_fails_may_not_have_happened() -> None:
    q = queue()
    caught, last = put(q), put(q)
    found = states(seq(trying(close(q), Empty=caught), last), q)
    assert found[caught] == {"new"}
    assert found[last] == {MAYBE}


def test_closed_by_finally() -> None:
    q = queue()
    inside, last = put(q), send(q)
    found = states(seq(trying(inside, final=close(q)), last), q)
    assert found[inside] == {"new"}
    assert found[last] == {"closed"}


def test_what_is_never_reached_is_nothing() -> None:
    q = queue()
    last = put(q)
    assert last not in states(seq(forever(get(q)), last), q)
