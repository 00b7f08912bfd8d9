"""Who waits for whom: for an end, for what is said first or last, for ever."""

from __future__ import annotations

from build import (
    acquire,
    barrier,
    child,
    create,
    event,
    flag,
    forever,
    get,
    graph,
    join,
    pipe,
    process,
    program,
    put,
    queue,
    read,
    recv,
    release,
    role,
    semaphore,
    send,
    set_,
    start,
    terminate,
    times,
    trying,
    until_none,
    value,
    wait,
    write,
)

from flake8_ipc.analysis.awaited import Awaited
from flake8_ipc.model import Blocking, Event, Flow, Kind, Loop, Program, Role, Shared, Verb


def awaited(it: Program) -> Awaited:
    return Awaited(it, graph)


def query(target: Shared, name: str = "p.is_alive") -> Event:
    one = event(Verb.QUERY, target)
    one.name = name
    return one


def pause(*, timed: bool = False) -> Event:
    outside = Shared(Kind.OUTSIDE, start(process()).place, "outside")
    return event(Verb.PAUSE, outside, blocking=Blocking.TIMED if timed else Blocking.FOREVER)


def ends(main: list[Flow], its: Role) -> tuple[bool, bool, bool]:
    """Whether the child is seen to, heard, finished."""
    it = awaited(program(main, its))
    return it.seen_to(its), it.heard(its), it.finished(its)


NOBODY = (False, False, False)


# -- for its end


def test_joins_and_ends() -> None:
    p = process()
    assert ends([start(p), join(p)], child(p))[0]
    assert ends([start(p), join(p, timed=True)], child(p))[0]
    assert ends([start(p), terminate(p)], child(p))[0]
    assert ends([start(p)], child(p)) == NOBODY


def test_a_join_before_the_start_is_of_another_one() -> None:
    p = process()
    assert ends([join(p), start(p)], child(p)) == NOBODY
    assert ends([forever(start(p), join(p))], child(p))[0]


def test_a_look_in_a_loop_waits_and_a_single_one_does_not() -> None:
    p = process()
    assert ends([start(p), Loop(query(p))], child(p))[0]
    assert not ends([start(p), query(p)], child(p))[0]
    assert not ends([start(p), times(3, query(p))], child(p))[0]
    assert ends([start(p), query(p, "wait")], child(p))[0]


def test_joined_in_a_thread_or_a_handler() -> None:
    p, t = process("p"), process("t", thread=True)
    reaper = child(t, join(p))
    it = program([start(p), start(t)], child(p), reaper)
    assert awaited(it).seen_to(it.roles[1])
    lonely = program([start(p)], child(p))
    lonely.handlers.append(join(p))
    assert awaited(lonely).seen_to(lonely.roles[1])


# -- for what it says


def test_a_message_is_heard_and_the_last_one_finishes() -> None:
    p, q = process(), queue()
    assert ends([start(p), get(q)], child(p, put(q))) == (False, True, True)
    assert ends([start(p)], child(p, put(q))) == NOBODY
    assert ends([get(q), start(p)], child(p, put(q))) == NOBODY


def test_one_of_several_messages_is_not_the_last() -> None:
    p, q = process(), queue()
    assert ends([start(p), get(q)], child(p, times(5, put(q)))) == (False, True, False)
    assert ends([start(p), times(5, get(q))], child(p, times(5, put(q))))[2]
    assert ends([start(p), until_none(get(q))], child(p, times(5, put(q)), put(q, None)))[2]


def test_one_message_of_several_copies_is_not_the_last() -> None:
    p, q = process(many=True), queue()
    assert not ends([times(3, start(p)), get(q)], child(p, put(q), many=True))[2]
    assert ends([times(3, start(p)), times(3, get(q))], child(p, put(q), many=True))[2]


def test_one_question_and_one_answer() -> None:
    p, asks, answers = process(), queue(), queue()
    service = forever(get(asks), put(answers))
    assert ends([start(p), put(asks), get(answers)], child(p, service))[2]
    assert not ends([start(p), times(3, put(asks)), get(answers)], child(p, service))[2]


def test_other_channels() -> None:
    p, e, s, b, v = process(), flag(), semaphore(0), barrier(2), value()
    ours, theirs = pipe()
    assert ends([start(p), recv(ours)], child(p, send(theirs)))[2]
    assert ends([start(p), wait(e)], child(p, set_(e)))[2]
    assert ends([start(p), acquire(s)], child(p, release(s)))[2]
    assert ends([start(p), wait(b)], child(p, wait(b)))[2]
    assert ends([start(p), Loop(read(v))], child(p, write(v)))[2]
    assert not ends([start(p), read(v)], child(p, write(v)))[2]
    assert not ends([start(p), set_(e)], child(p, wait(e)))[1]


def test_a_joined_queue() -> None:
    p, q = process(), queue(kind=Kind.JOINABLE_QUEUE)
    done = event(Verb.TASK_DONE, q)
    assert ends([start(p), put(q), join(q)], child(p, forever(get(q), done)))[2]
    assert not ends([start(p), put(q)], child(p, forever(get(q), done)))[2]


def test_heard_by_somebody_who_is_awaited_himself() -> None:
    p, o, q = process("p"), process("o"), queue()
    for last, there in ((join(o), True), (put(queue()), False)):
        it = program([start(p), start(o), last], child(p, put(q)), child(o, get(q)))
        assert awaited(it).finished(it.roles[1]) is there


def test_two_who_hear_only_each_other() -> None:
    p, o, q, r = process("p"), process("o"), queue("q"), queue("r")
    it = program([start(p), start(o)], child(p, put(q), get(r)), child(o, get(q), put(r)))
    assert not awaited(it).finished(it.roles[1])


# -- for ever


def test_a_service_that_is_given_nothing_idles() -> None:
    p, q, v = process(), queue(), value()
    assert awaited(it := program([start(p)], child(p, forever(read(v))))).idles(it.roles[1])
    fed = program([start(p), put(q)], child(p, forever(get(q))))
    assert not awaited(fed).idles(fed.roles[1])
    ending = program([start(p)], child(p, read(v)))
    assert not awaited(ending).idles(ending.roles[1])
    ending.roles[1].endless = True
    assert awaited(ending).idles(ending.roles[1])


def test_the_starter_stays() -> None:
    p = process()

    def stays(*after: Flow) -> bool:
        first = start(p)
        it = program([first, *after], child(p))
        return awaited(it).stays(it.root, first)

    assert not stays()
    assert stays(pause())
    assert not stays(pause(timed=True))
    assert stays(forever(get(queue())))
    assert stays(trying(forever(get(queue())), KeyboardInterrupt=create(queue())))
    assert not stays(until_none(get(queue())))


def test_what_was_waited_for_before_the_start_is_over() -> None:
    p = process()
    first = start(p)
    it = program([pause(), first], child(p))
    assert not awaited(it).stays(it.root, first)
    assert not awaited(it).pauses(it.root, first)


def test_a_thread_keeps_its_process_alive_unless_it_is_a_daemon() -> None:
    p = process()
    for daemon in (False, True):
        t = process("t", thread=True, daemon=daemon)
        first = start(p)
        it = program([start(t), first], child(p), child(t, forever(get(queue()))))
        assert awaited(it).stays(it.root, first) is not daemon


def test_what_takes_a_while() -> None:
    v, e, wakes = value(), flag(), pause(timed=True)
    looked, once = read(v), read(v)
    it = program([Loop(looked), once, set_(e), wakes])
    assert awaited(it).delays(it.root) == {looked, wakes}


def test_a_grandchild_is_its_parents_matter() -> None:
    p, g, q = process("p"), process("g"), queue()
    parent = child(p, start(g), get(q))
    grandchild = role("g", put(q), runs=g, parent=parent)
    it = program([start(p)], parent, grandchild)
    assert awaited(it).finished(grandchild)
    assert not awaited(it).finished(parent)
