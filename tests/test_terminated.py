"""What the sudden end of a process spoils for others."""

from __future__ import annotations

from build import (
    acquire,
    child,
    create,
    event,
    flag,
    forever,
    get,
    holding,
    join,
    lock,
    pipe,
    process,
    program,
    put,
    queue,
    read,
    recv,
    release,
    send,
    set_,
    start,
    terminate,
    times,
    trying,
    value,
    wait,
)

from flake8_ipc.analysis.study import Study
from flake8_ipc.analysis.terminated import ended_by, uses_afterwards
from flake8_ipc.model import Blocking, Event, Flow, Role, Seq, Verb


def spoilt(main: list[Flow], *children: Role) -> list[tuple[Event, Event]]:
    """What the terminations in the root may interrupt, with what that spoils."""
    it = program(main, *children)
    study = Study(it)
    ends = it.root.events(Verb.TERMINATE)
    return [pair for end in ends for one in ended_by(it, end) for pair in uses_afterwards(study, it.root, end, one)]


def test_a_queue_used_on() -> None:
    p, q = process(), queue()
    sends, takes = put(q), get(q)
    assert spoilt([start(p), terminate(p), takes], child(p, sends)) == [(sends, takes)]
    assert not spoilt([start(p), get(q), terminate(p)], child(p, put(q)))
    assert not spoilt([start(p), terminate(p), put(q)], child(p, get(q)))
    assert not spoilt([start(p), join(p), terminate(p), get(q)], child(p, put(q)))


def test_a_queue_made_anew() -> None:
    p, q = process(), queue()
    assert not spoilt([times(3, create(q), start(p), terminate(p), create(q), get(q))], child(p, put(q)))
    q.many = True
    assert not spoilt([times(3, create(q), start(p), get(q), terminate(p))], child(p, forever(put(q))))
    assert spoilt([times(3, create(q), start(p), terminate(p), get(q))], child(p, forever(put(q))))


def test_what_was_over_is_not_interrupted() -> None:
    p, key, e = process(), lock(), flag()
    assert not spoilt([start(p), wait(e), terminate(p), acquire(key)], child(p, holding(key), set_(e)))
    assert spoilt([start(p), wait(e), terminate(p), acquire(key)], child(p, holding(key, set_(e))))


def test_locks() -> None:
    p, key = process(), lock()
    held = child(p, forever(acquire(key), release(key)))
    assert spoilt([start(p), terminate(p), acquire(key)], held)
    assert not spoilt([start(p), terminate(p), acquire(key, blocking=Blocking.TIMED)], held)
    assert not spoilt([start(p), terminate(p), acquire(key)], child(p, release(key)))


def test_the_lock_of_a_value() -> None:
    p, v = process(), value()
    assert v.lock is not None
    assert spoilt([start(p), terminate(p), read(v)], child(p, forever(acquire(v.lock), release(v.lock))))
    assert not spoilt([start(p), terminate(p), read(v)], child(p, read(v)))


def test_pipes() -> None:
    p = process()
    ours, theirs = pipe()
    assert spoilt([start(p), terminate(p), recv(ours)], child(p, send(theirs)))
    assert not spoilt([start(p), terminate(p), trying(recv(ours), EOFError=Seq())], child(p, send(theirs)))


def test_a_sleeper_keeps_the_one_who_wakes_it() -> None:
    p, e = process(), flag()
    assert spoilt([start(p), terminate(p), set_(e)], child(p, wait(e)))
    assert not spoilt([start(p), terminate(p), set_(e)], child(p, event(Verb.QUERY, e)))


def test_others_who_live_on_and_others_who_end_too() -> None:
    p, o, q = process("p"), process("o"), queue()
    first, second = child(p, forever(get(q))), child(o, forever(get(q)))
    assert spoilt([start(p), start(o), terminate(p)], first, second)
    assert not spoilt([start(p), start(o), terminate(p), terminate(o)], first, second)
    assert spoilt([start(p), terminate(p), start(o)], first, second)


def test_a_process_started_again() -> None:
    p, q = process(), queue()
    assert spoilt([start(p), terminate(p), start(p)], child(p, forever(get(q))))


def test_all_copies_end_or_one_of_them() -> None:
    q = queue()
    p = process(many=True)
    copies = child(p, forever(get(q)), many=True)
    assert not spoilt([times(3, start(p)), times(3, terminate(p))], copies)
    assert spoilt([times(3, start(p)), event(Verb.TERMINATE, p, exact=False)], copies)


def test_an_object_that_leaves_is_left_alone() -> None:
    p, q = process(), queue(open=True)
    assert not spoilt([start(p), terminate(p), get(q)], child(p, put(q)))
