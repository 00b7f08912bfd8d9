"""Results that are on their way when their pool ends."""

from __future__ import annotations

from build import ask, either, event, join, pool, program, result, seq, submit, terminate, times, trying

from flake8_ipc.analysis.results import lost
from flake8_ipc.analysis.study import Study
from flake8_ipc.model import Blocking, Event, Flow, Kind, Seq, Verb


def uses(*flow: Flow) -> list[Event]:
    return [event for _, event, _ in lost(Study(program(flow)))]


def test_asked_after_the_end() -> None:
    given = result(pool())
    assert given.pool is not None
    first, second = ask(given), ask(given)
    assert uses(submit(given), terminate(given.pool), first, second) == [first]


def test_arrived_before() -> None:
    of = pool()
    given = result(of)
    assert not uses(submit(given), ask(given), terminate(of), ask(given))
    assert not uses(submit(given), event(Verb.WAIT, given), terminate(of), ask(given))
    assert not uses(submit(given), join(of), terminate(of), ask(given))


def test_only_perhaps_arrived() -> None:
    of = pool()
    given = result(of)
    assert not uses(submit(given), event(Verb.WAIT, given, blocking=Blocking.TIMED), terminate(of), ask(given))
    assert not uses(submit(given), either(ask(given), Seq()), terminate(of), ask(given))
    assert not uses(submit(given), either(terminate(of), Seq()), ask(given))


def test_looked_whether_it_is_there() -> None:
    of = pool()
    given = result(of)
    assert not uses(submit(given), terminate(of), event(Verb.QUERY, given), ask(given))


def test_the_end_of_a_with_block() -> None:
    of = pool()
    given = result(of)
    late = ask(given)
    assert uses(trying(times(3, submit(given)), final=terminate(of)), late) == [late]


def test_each_turn_has_a_pool_of_its_own() -> None:
    of = pool()
    given = result(of)
    assert not uses(times(3, trying(seq(submit(given), ask(given)), final=terminate(of))))


def test_executors_wait() -> None:
    of = pool(kind=Kind.EXECUTOR)
    given = result(of)
    assert not uses(submit(given), terminate(of), ask(given))


def test_callbacks_and_strangers() -> None:
    for fact in ("open", "called_back"):
        of = pool()
        given = result(of)
        setattr(given, fact, True)
        assert not uses(submit(given), terminate(of), ask(given))
