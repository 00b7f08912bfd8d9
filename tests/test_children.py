"""Who tends a child's pipes before somebody waits for it."""

from __future__ import annotations

import pytest
from build import (
    child,
    close,
    create,
    either,
    event,
    forever,
    join,
    line,
    popen,
    process,
    program,
    recv,
    send,
    seq,
    start,
    terminate,
    times,
    trying,
    wait,
)

from flake8_ipc import model
from flake8_ipc.analysis.children import blocked
from flake8_ipc.analysis.study import Study
from flake8_ipc.model import Choice, Constant, Event, Flow, Jump, Loop, Program, RoleKind, Seq, Shared, Verb


def stuck(made: Program) -> list[tuple[Event, str]]:
    return [(block.event, block.stream.which) for block in blocked(Study(made))]


def poll(target: Shared) -> Event:
    return event(Verb.POLL, target)


def test_a_wait_before_the_read() -> None:
    one = popen("one", "stdout")
    asked = wait(one)
    assert stuck(program([create(one), asked, recv(one.streams["stdout"])])) == [(asked, "stdout")]


def test_read_closed_killed_or_communicated_before() -> None:
    for deed in (recv, line, close):
        one = popen("one", "stdout")
        assert not stuck(program([create(one), deed(one.streams["stdout"]), wait(one)]))
    for end in (terminate, join):
        one = popen("one", "stdout", "stdin")
        assert not stuck(program([create(one), end(one), wait(one)]))


def test_what_only_some_path_reads_may_have_been_read() -> None:
    one = popen("one", "stdout")
    assert not stuck(program([create(one), either(recv(one.streams["stdout"]), Seq()), wait(one)]))


def test_stdin_has_to_be_closed() -> None:
    one = popen("one", "stdin")
    asked = wait(one)
    assert stuck(program([create(one), send(one.streams["stdin"]), asked])) == [(asked, "stdin")]
    other = popen("other", "stdin")
    assert not stuck(program([create(other), send(other.streams["stdin"]), close(other.streams["stdin"]), wait(other)]))


def test_one_pipe_to_its_end_while_nobody_reads_the_other() -> None:
    one = popen("one", "stdout", "stderr")
    first = recv(one.streams["stdout"])
    assert stuck(program([create(one), first, recv(one.streams["stderr"]), wait(one)])) == [(first, "stderr")]


def test_one_line_is_not_the_end() -> None:
    one = popen("one", "stdout", "stderr")
    assert not stuck(program([create(one), line(one.streams["stdout"]), join(one)]))


@pytest.mark.parametrize("known", [True, False])
def test_a_loop_that_only_the_end_leaves_reads_to_it(*, known: bool) -> None:
    one = popen("one", "stdout", "stderr")
    taken = line(one.streams["stdout"])
    loop = Loop(Seq())
    loop.body = seq(taken, Choice([Jump(loop), Seq()], model.Test(taken, Constant("")) if known else None))
    found = stuck(program([create(one), loop, recv(one.streams["stderr"])]))
    # Where something else may leave the loop, the other pipe may be read in time.
    assert found == ([(taken, "stderr")] if known else [])


def test_another_thread_reads() -> None:
    one, thread = popen("one", "stdout"), process("reader", thread=True)
    reader = child(thread, recv(one.streams["stdout"]))
    assert not stuck(program([create(one), start(thread), wait(one)], reader))


def test_a_poll_again_and_again() -> None:
    one = popen("one", "stdout")
    asked = poll(one)
    assert stuck(program([create(one), forever(asked)])) == [(asked, "stdout")]
    once = popen("once", "stdout")
    assert not stuck(program([create(once), poll(once), recv(once.streams["stdout"])]))


def test_a_poll_loop_that_reads() -> None:
    one = popen("one", "stdout")
    assert not stuck(program([create(one), forever(poll(one), line(one.streams["stdout"]))]))


def test_turns_from_one_child_to_the_next_are_no_poll_loop() -> None:
    many = popen("many", "stdout", many=True)
    assert not stuck(program([create(many), times(3, poll(many)), recv(many.streams["stdout"])]))


def test_a_clean_up_on_its_normal_path() -> None:
    one = popen("one", "stdout")
    assert not stuck(program([create(one), trying(recv(one.streams["stdout"]), final=wait(one))]))
    other = popen("other", "stdout")
    asked = wait(other)
    assert stuck(program([create(other), trying(final=asked)])) == [(asked, "stdout")]


def test_unknown_code_may_read_from_then_on() -> None:
    for early in (True, False):
        one = popen("one", "stdout")
        one.streams["stdout"].open = True
        given, asked = event(Verb.ESCAPE, one.streams["stdout"]), wait(one)
        steps: list[Flow] = [given, asked] if early else [asked, given]
        assert stuck(program([create(one), *steps])) == ([] if early else [(asked, "stdout")])


def test_a_child_that_an_object_holds_in_a_part_of_a_program() -> None:
    one = popen("one", "stdout")
    one.kept = True
    made = program([create(one), wait(one)])
    assert stuck(made)
    made.root.kind = RoleKind.ENTRY
    assert not stuck(made)
