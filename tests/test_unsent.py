"""What may not have left its process yet, on programs made by hand."""

from __future__ import annotations

from flake8_ipc.analysis.graph import Graph
from flake8_ipc.analysis.unsent import Unsent, puts
from flake8_ipc.model import Event, Kind, Program, Role, Verb

from build import child, close, event, flag, forever, get, join, process, program, put, queue, role, seq, set_, start
from build import times, wait


def pending(made: Program, at: Event) -> list[Event]:
    one = made.root
    return puts(Unsent(made, lambda role: Graph(role.flow)).before(one)[at])


def test_a_put_is_pending_until_its_feeder_was_waited_for() -> None:
    q = queue()
    first, over, joined, after = put(q), close(q), event(Verb.JOIN_THREAD, q), put(queue("other"))
    made = program([first, over, joined, after])
    assert pending(made, over) == pending(made, joined) == [first]
    assert pending(made, after) == []


def test_a_cancelled_feeder_is_not_waited_for() -> None:
    q = queue()
    first, after = put(q), put(queue("other"))
    made = program([first, event(Verb.CANCEL_JOIN_THREAD, q), event(Verb.JOIN_THREAD, q), after])
    assert pending(made, after) == [first]


def test_simple_queues_send_at_once() -> None:
    first, after = put(queue(kind=Kind.SIMPLE_QUEUE)), put(queue("other"))
    assert pending(program([first, after]), after) == []


def test_who_takes_it_and_ends_has_taken_it() -> None:
    q, p, other = queue(), process("p"), process("other")
    first, before, after = put(q), put(queue("x")), put(queue("y"))
    made = program([start(p), start(other), first, join(other), before, join(p), after], child(p, get(q)), child(other))
    assert pending(made, before) == [first]
    assert pending(made, after) == [before]


def test_an_answer_tells_that_it_was_taken() -> None:
    q, done, p = queue(), flag(), process("p")
    first, after = put(q), put(queue("x"))
    main = [start(p), first, wait(done), after]
    assert pending(program(main, child(p, get(q), set_(done))), after) == []
    assert pending(program(main, child(p, set_(done), get(q))), after) == [first]


def test_one_answer_for_each_message_tells_of_one() -> None:
    q, answers, p = queue(), queue("answers"), process("p")
    first, after = put(q), put(queue("x"))
    server: Role = child(p, forever(get(q), put(answers)))
    assert pending(program([start(p), times(3, first), get(answers), after], server), after) == [first]
    assert pending(program([start(p), times(3, first, get(answers)), after], server), after) == []


def test_a_thread_that_ends_has_not_sent_anything() -> None:
    q, t = queue(), process("t", thread=True)
    first, after = put(q), put(queue("x"))
    made = program([start(t), first, join(t), after], role("t", get(q), runs=t))
    assert pending(made, after) == [first]


def test_seq_is_kept() -> None:
    q = queue()
    first, second, after = put(q), put(q), put(queue("x"))
    assert pending(program([seq(first, second), after]), after) == [first, second]
