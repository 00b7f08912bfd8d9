"""Proxies and blocks of shared memory, on programs made by hand."""

from __future__ import annotations

from build import child, create, event, here, holding, join, lock, process, program, start

from flake8_ipc.analysis.blocks import early_forks, may_unlink, unlinked_before
from flake8_ipc.analysis.races import different_locks, lost_updates
from flake8_ipc.analysis.study import Study
from flake8_ipc.model import Constant, Event, Holding, Key, Kind, Memory, Program, Shared, Verb

MANAGER = Shared(Kind.MANAGER, here(), "manager")
ANY_KEY = Key.ANY


def proxy(kind: Kind = Kind.DICT, name: str = "d") -> Shared:
    return Shared(kind, here(), name, manager=MANAGER)


def deed(verb: Verb, target: Shared, key: Key | Constant, *reads: Event, holds: tuple[Holding, ...] = ()) -> Event:
    made = event(verb, target, reads=reads)
    made.key, made.holds = key, holds
    return made


def updated(target: Shared, key: Key | Constant) -> tuple[Event, Event]:
    """A read and the write that came from it."""
    look = deed(Verb.READ, target, key)
    return look, deed(Verb.WRITE, target, key, look)


def two_at_work(one: list[Event], other: list[Event]) -> Program:
    """Two children that run beside each other."""
    left, right = process("left"), process("right")
    main = [start(left), start(right), join(left), join(right)]
    return program(main, child(left, *one), child(right, *other))


def places(study: Study) -> set[Event]:
    return {race.write.event for race in lost_updates(study)}


# -- races through proxies


def test_two_updates_of_one_key_meet() -> None:
    d = proxy()
    one, other = updated(d, Constant("a")), updated(d, Constant("a"))
    assert places(Study(two_at_work([*one], [*other]))) == {one[1], other[1]}


def test_updates_of_other_keys_do_not() -> None:
    d = proxy()
    one, other = updated(d, Constant("a")), updated(d, Constant("b"))
    assert not places(Study(two_at_work([*one], [*other])))


def test_a_key_that_is_spelt_out_is_none_that_is_worked_out() -> None:
    d = proxy()
    one, other = updated(d, Constant("total")), deed(Verb.WRITE, d, Key.ANY)
    assert not places(Study(two_at_work([*one], [other])))


def test_a_method_that_may_change_any_key_meets_all() -> None:
    d = proxy()
    one, clears = updated(d, Constant("a")), deed(Verb.CALL, d, Key.ANY)
    assert places(Study(two_at_work([*one], [clears]))) == {one[1]}


def test_what_is_added_moves_nothing() -> None:
    line = proxy(Kind.LIST)
    one, adds = updated(line, Constant(0)), deed(Verb.CALL, line, Key.NEW)
    assert not places(Study(two_at_work([*one], [adds])))


def test_what_is_added_after_counting_meets_what_is_added() -> None:
    line = proxy(Kind.LIST)
    counted = deed(Verb.READ, line, Key.WHOLE)
    one, other = deed(Verb.CALL, line, Key.NEW, counted), deed(Verb.CALL, line, Key.NEW)
    assert places(Study(two_at_work([counted, one], [other]))) == {one}


def test_single_calls_are_whole() -> None:
    d = proxy()
    study = Study(two_at_work([deed(Verb.WRITE, d, Key.ANY)], [deed(Verb.CALL, d, Key.ANY)]))
    assert not places(study)
    assert not study.races[d]


def test_locks_that_differ() -> None:
    d, left, right = proxy(), lock("left"), lock("right")
    one, other, third = updated(d, Constant("a")), updated(d, Constant("a")), updated(d, Constant("a"))
    names = [process(name) for name in ("p", "q", "r")]
    roles = [
        child(names[0], holding(left, *one)),
        child(names[1], holding(right, *other)),
        child(names[2], holding(left, *third)),
    ]
    study = Study(program([*map(start, names), *map(join, names)], *roles))
    assert {access.event for access, _ in different_locks(study)} == {*other}
    assert {usual for _, usual in different_locks(study)} == {left}


# -- what a proxy holds


def test_plain_until_somebody_puts_a_proxy_in() -> None:
    d, inner = proxy(), proxy(Kind.LIST, "inner")
    plain = deed(Verb.WRITE, d, Constant("a"), holds=(Holding(Constant("a")),))
    nested = deed(Verb.WRITE, d, Constant("b"), holds=(Holding(Constant("b"), inner),))
    held = Study(program([plain, nested])).containers
    assert held.surely_plain(d, Constant("a"))
    assert not held.surely_plain(d, Constant("b"))
    assert not held.surely_plain(d, Key.ANY)
    assert held.surely_plain(d, Constant("c"))


def test_what_is_not_known_may_be_a_proxy() -> None:
    d = proxy()
    unknown = deed(Verb.WRITE, d, Key.ANY, holds=(Holding(Key.ANY, known=False),))
    assert not Study(program([unknown])).containers.surely_plain(d, Constant("a"))


# -- blocks


def block(name: str = "block", *, of: Memory | None = None, fresh: bool = True) -> Memory:
    return Memory(Kind.SHARED_MEMORY, here(), name, raw=True, fresh=fresh, of=of, open=not fresh and of is None)


def test_a_handle_unlinks_its_block() -> None:
    made = block()
    handle, stranger = block("handle", of=made, fresh=False), block("stranger", fresh=False)
    assert not may_unlink(program([create(made)]), made)
    assert may_unlink(program([create(made), event(Verb.UNLINK, handle)]), made)
    assert may_unlink(program([create(made), event(Verb.UNLINK, stranger)]), made)
    assert not may_unlink(program([create(made), event(Verb.UNLINK, block("other"))]), made)


def test_unlinked_before_the_child_starts() -> None:
    made, p = block(), process()
    handle = block("handle", of=made, fresh=False)
    attach = event(Verb.ATTACH, handle)
    late = program([create(made), event(Verb.UNLINK, made), start(p), join(p)], child(p, attach))
    assert made in unlinked_before(Study(late), late.roles[1])[attach]
    early = program([create(made), start(p), event(Verb.UNLINK, made), join(p)], child(p, attach))
    assert made not in unlinked_before(Study(early), early.roles[1])[attach]


def test_forked_before_there_is_a_tracker() -> None:
    p, made = process(), block()
    handle = block("handle", fresh=False)
    begin = start(p)
    early = program([begin, create(made), join(p)], child(p, event(Verb.ATTACH, handle)))
    assert [fork for _, fork, _ in early_forks(Study(early))] == [begin]
    late = program([create(made), begin, join(p)], child(p, event(Verb.ATTACH, handle)))
    assert not list(early_forks(Study(late)))
    tracker = Shared(Kind.TRACKER, here(), "tracker")
    running = program([start(tracker), begin, create(made), join(p)], child(p, event(Verb.ATTACH, handle)))
    assert not list(early_forks(Study(running)))
    early.methods = frozenset({"spawn"})
    assert not list(early_forks(Study(early)))


def test_a_child_that_unlinks_its_own_block_harms_nobody() -> None:
    p, made, own = process(), block(), block("own")
    quiet = program([start(p), create(made), join(p)], child(p, create(own), event(Verb.UNLINK, own)))
    assert not list(early_forks(Study(quiet)))
