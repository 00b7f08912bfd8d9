"""A role's flow as a graph, and what is carried along it."""

from __future__ import annotations

import pytest
from build import either, forever, get, holding, lock, put, queue, seq, times, trying

from flake8_ipc import model
from flake8_ipc.analysis.graph import Graph, by_event, intersection, union
from flake8_ipc.model import Block, Choice, Constant, Count, End, Event, Flow, Handler, Jump, Loop, Raise, Seq, Try


def past(flow: Flow, *, every: bool = False) -> dict[Event, frozenset[Event]]:
    """What may have been done before each event; with ``every`` what surely was."""
    nothing: frozenset[Event] = frozenset()
    before = by_event(Graph(flow).forward(nothing, lambda state, event: state | {event}, intersection if every else union))
    meet = frozenset.intersection if every else frozenset.union
    return {event: meet(*states) for event, states in before.items()}


def deeds(count: int) -> list[Event]:
    q = queue()
    return [put(q) for _ in range(count)]


def test_one_after_the_other() -> None:
    one, two, three = deeds(3)
    assert past(seq(one, seq(two), three)) == {one: frozenset(), two: {one}, three: {one, two}}


def test_a_choice_forks_and_meets() -> None:
    one, two, three, last = deeds(4)
    flow = seq(one, either(two, three), last)
    assert past(flow)[last] == {one, two, three}
    assert past(flow, every=True)[last] == {one}
    assert past(flow)[three] == {one}


def test_a_choice_without_an_else() -> None:
    one, last = deeds(2)
    assert past(seq(either(one, Seq()), last), every=True)[last] == frozenset()


def test_a_tested_choice_is_a_choice() -> None:
    q = queue()
    taken, one, last = get(q), put(q), put(q)
    flow = seq(taken, Choice([one, Seq()], model.Test(taken, Constant(None))), last)
    # The graph itself adds what the test tells: that the message came.
    assert past(flow)[last] & {taken, one} == {taken, one}
    assert past(flow, every=True)[last] == {taken}


def test_nothing_follows_an_endless_loop() -> None:
    one, last = deeds(2)
    assert set(past(seq(forever(one), last))) == {one}


def test_the_first_turn_stands_apart() -> None:
    one, two = deeds(2)
    graph = Graph(times(Count(0, None), one, two))
    assert len(graph.at(one)) == 2
    assert sorted(map(len, by_event(graph.forward(frozenset(), lambda state, event: state | {event}, intersection))[one])) == [
        0,
        2,
    ]


def test_a_loop_of_one_turn_has_no_second() -> None:
    one, two = deeds(2)
    assert past(times(1, one, two))[one] == frozenset()
    assert past(times(2, one, two))[one] == {one, two}


def test_a_loop_over_a_collection_turns_at_least_once() -> None:
    one, last = deeds(2)
    assert past(seq(times(Count(0, None), one), last), every=True)[last] == {one}


@pytest.mark.parametrize(("depth", "copies"), [(1, 2), (2, 4), (3, 4), (12, 4)])
def test_deep_loops_are_not_unrolled_without_end(depth: int, copies: int) -> None:
    (one,) = deeds(1)
    flow: Flow = one
    for _ in range(depth):
        flow = times(Count(0, None), flow)
    graph = Graph(flow)
    reached = graph.forward(0, lambda state, _: state, max)
    assert len([node for node in graph.at(one) if node in reached]) == copies


def test_break_and_continue() -> None:
    one, two, three, last = deeds(4)
    loop = Loop(Seq())
    loop.body = seq(one, either(Jump(loop), Seq()), two, either(Jump(loop, again=True), Seq()), three)
    flow = seq(loop, last)
    assert past(flow, every=True)[last] == {one}
    assert past(flow)[last] == {one, two, three}
    nodes = by_event(Graph(flow).forward(frozenset(), lambda state, event: state | {event}, intersection))
    assert set(nodes[one]) == {frozenset(), frozenset({one, two})}


def test_an_early_return_leaves_its_block_alone() -> None:
    one, two, three = deeds(3)
    block = Block(Seq())
    block.body = seq(one, either(Jump(block), Seq()), two)
    assert past(seq(block, three), every=True)[three] == {one}
    assert past(seq(block, three))[three] == {one, two}


def test_what_follows_a_jump_is_not_reached() -> None:
    one, two, last = deeds(3)
    block = Block(Seq())
    block.body = seq(one, Jump(block), two)
    assert past(seq(block, last)) == {one: frozenset(), last: {one}}


def test_end_ends_the_role() -> None:
    one, two, three = deeds(3)
    assert set(past(seq(one, either(End(), two), three))) == {one, two, three}
    assert past(seq(one, either(End(), two), three), every=True)[three] == {one, two}
    graph = Graph(seq(one, End()))
    assert graph.exit in graph.forward(0, lambda state, _: state, max)


def test_every_event_of_a_try_may_fail() -> None:
    one, two, caught, last = deeds(4)
    flow = seq(trying(one, two, Empty=caught), last)
    assert past(flow)[caught] == {one}
    assert past(flow, every=True)[caught] == frozenset()
    assert past(flow, every=True)[last] == frozenset()
    assert past(flow)[last] == {one, two, caught}


def test_else_follows_only_a_body_that_raised_nothing() -> None:
    one, caught, well, last = deeds(4)
    flow = seq(Try(one, [Handler(("Empty",), caught)], orelse=well), last)
    assert past(flow, every=True)[well] == {one}
    assert caught not in past(flow)[well]


def test_finally_is_on_every_way_out() -> None:
    one, two, final, last = deeds(4)
    block = Block(Seq())
    block.body = seq(Try(seq(one, either(Jump(block), Seq()), two), final=final))
    assert past(seq(block, last), every=True)[last] == {one, final}
    graph = Graph(trying(one, Raise("KeyError"), final=final))
    before = graph.forward(frozenset(), lambda state, event: state | {event}, intersection)
    # The first event may fail itself.
    assert before[graph.failed] == {final}


def test_jumps_out_of_several_tries_run_all_their_finals() -> None:
    one, inner, outer, last = deeds(4)
    block = Block(Seq())
    block.body = Try(Try(seq(one, Jump(block)), final=inner), final=outer)
    assert past(seq(block, last), every=True)[last] == {one, inner, outer}


def test_a_jump_inside_a_try_runs_no_final() -> None:
    one, two, final = deeds(3)
    block = Block(Seq())
    block.body = seq(one, Jump(block))
    assert past(Try(seq(block, two), final=final))[two] == {one}


@pytest.mark.parametrize(("raised", "reached"), [("KeyError", 0), ("OSError", 1), ("EOFError", 1)])
def test_a_raise_finds_its_handler(raised: str, reached: int) -> None:
    one, first, second, beyond = deeds(4)
    trial = Try(seq(one, Raise(raised), beyond), [Handler(("KeyError",), first), Handler(("OSError", "EOFError"), second)])
    found = past(trial)
    assert one in found[(first, second)[reached]]
    assert beyond not in found


@pytest.mark.parametrize("raised", ["ValueError", None])
def test_a_raise_that_nobody_handles(raised: str | None) -> None:
    one, first = deeds(2)
    graph = Graph(Try(seq(one, Raise(raised)), [Handler(("KeyError",), first)]))
    assert one in graph.forward(frozenset(), lambda state, event: state | {event}, union)[graph.failed]
    assert graph.failed not in Graph(one).forward(0, lambda state, _: state, max)


@pytest.mark.parametrize("names", [None, ("Exception",), ("ValueError", "BaseException")])
def test_a_handler_of_all_lets_nothing_out(names: tuple[str, ...] | None) -> None:
    one, outer = deeds(2)
    flow = Try(Try(seq(one, Raise("KeyError")), [Handler(names, Seq())]), [Handler(("KeyError",), outer)])
    assert one not in past(flow)[outer]


def test_a_handler_of_another_name_lets_it_through() -> None:
    one, inner, outer = deeds(3)
    flow = Try(Try(seq(one, Raise("KeyError")), [Handler(("OSError",), inner)]), [Handler(("KeyError",), outer)])
    assert one in past(flow)[outer]


def test_a_raise_in_a_handler_goes_outwards() -> None:
    one, inner, outer = deeds(3)
    flow = Try(Try(Seq([Raise("KeyError")]), [Handler(("KeyError",), seq(inner, Raise("OSError")))]),
               [Handler(("OSError",), outer)])
    assert inner in past(flow)[outer]
    assert one not in past(flow)


def test_a_raise_through_a_final_finds_its_handler() -> None:
    """try: try: one; raise OSError / finally: final / except KeyError: first / except OSError: second."""
    one, final, first, second = deeds(4)
    body = Try(seq(one, Raise("OSError")), final=final)
    before = past(Try(body, [Handler(("KeyError",), first), Handler(("OSError",), second)]))
    assert final in before[second]


def test_a_final_runs_before_every_handler_outside() -> None:
    """try: try: one / finally: final / except KeyError: first / except OSError: second."""
    one, final, first, second = deeds(4)
    before = past(Try(Try(one, final=final), [Handler(("KeyError",), first), Handler(("OSError",), second)]))
    assert final in before[first]
    assert final in before[second]


def test_what_an_event_raises_in_a_final_is_the_outer_ones() -> None:
    one, final, outer = deeds(3)
    flow = Try(Try(one, final=final), [Handler(("OSError",), outer)])
    assert past(flow)[outer] >= {one}


def test_nested_withs_stay_small() -> None:
    (one,) = deeds(1)
    flow: Flow = one
    for _ in range(60):
        flow = holding(lock(), flow)
    assert len(Graph(flow).nodes) < 10_000


def test_union_and_intersection() -> None:
    assert union(frozenset({1, 2}), frozenset({2, 3})) == {1, 2, 3}
    assert intersection(frozenset({1, 2}), frozenset({2, 3})) == {2}


def test_who_catches_what() -> None:
    q = queue()
    risky, handled = get(q), put(q)
    made = Graph(seq(trying(risky, KeyError=seq(handled)), put(q)))
    node = made.at(risky)[0]
    handler = made.caught(node, "KeyError")
    assert handler is not None and handler.event is handled
    assert made.caught(node, "ValueError") is None


def test_a_clean_up_catches_nothing() -> None:
    q = queue()
    risky = get(q)
    made = Graph(trying(risky, final=put(q)))
    assert made.caught(made.at(risky)[0], "KeyError") is None


def test_beyond_a_point() -> None:
    q = queue()
    first, second, third = put(q), get(q), put(q)
    made = Graph(seq(first, second, third))
    assert [node.event for node in made.beyond(made.at(first)[0]) if node.event] == [first, second, third]
    short = made.beyond(made.at(first)[0], lambda event: event is second)
    assert [node.event for node in short if node.event] == [first, second]


def test_what_may_have_been_done_before() -> None:
    first, risky, handled, turned, last, after = deeds(6)
    made = Graph(seq(first, trying(risky, KeyError=handled), times(Count(0, None), turned), last, after))
    assert made.earlier(last) == {first, risky, handled, turned}
    assert made.earlier(turned) == {first, risky, handled, turned}
    # An event that failed was not done.
    assert made.earlier(handled) == {first}
    assert made.earlier(first) == set()


def test_a_state_may_be_nothing() -> None:
    (one,) = deeds(1)
    made = Graph(times(Count(0, None), one))
    assert made.exit in made.forward(None, lambda state, event: None, lambda one, other: None)


def test_an_end_of_the_role_cleans_up_unless_it_is_hard() -> None:
    q = queue()
    for hard in (True, False):
        cleaned = put(q)
        made = Graph(trying(End(hard=hard), final=cleaned))
        reached = [node.event for node in made.beyond(made.entry)]
        assert (cleaned in reached) is not hard
