"""What an object passes on from whoever leaves it there to whoever comes by later."""

from __future__ import annotations

import os
import pathlib

import pytest

from flake8_ipc.runtime.boards import Boards
from flake8_ipc.runtime.clock import Clock
from flake8_ipc.runtime.session import Session


@pytest.fixture
def session(tmp_path: pathlib.Path) -> Session:
    return Session(str(tmp_path), "", "program.py")


def _mark(session: Session) -> int:
    return os.stat(session.board("queue")).st_mtime_ns


def test_what_was_left_is_taken_in(session: Session) -> None:
    giver, taker = Clock("giver", {"first": 3}), Clock("taker")
    Boards(session).leave("queue", giver)
    Boards(session).take("queue", taker)
    assert taker.counts == {"taker": 1, "giver": 1, "first": 3}


def test_nothing_is_taken_where_nobody_left_anything(session: Session) -> None:
    taker = Clock("taker")
    Boards(session).take("queue", taker)
    assert taker.counts == {"taker": 1}


def test_several_leave_theirs_beside_one_another(session: Session) -> None:
    for name in ("one", "other"):
        Boards(session).leave("queue", Clock(name))
    taker = Clock("taker")
    Boards(session).take("queue", taker)
    assert taker.counts == {"taker": 1, "one": 1, "other": 1}


def test_one_who_comes_again_takes_what_is_new(session: Session) -> None:
    giver, taker = Clock("giver"), Clock("taker")
    gives, takes = Boards(session), Boards(session)
    for count in (1, 2, 3):
        giver.happens()
        gives.leave("queue", giver)
        takes.take("queue", taker)
        assert taker.counts["giver"] == count


def test_what_is_known_there_is_not_left_again(session: Session) -> None:
    giver, boards = Clock("giver"), Boards(session)
    giver.happens()
    boards.leave("queue", giver)
    before = _mark(session)
    boards.leave("queue", giver)
    assert _mark(session) == before
    giver.acquire({"another": 1})
    boards.leave("queue", giver)
    assert _mark(session) > before


def test_a_file_system_that_rounds_hides_nothing(session: Session) -> None:
    giver, taker = Clock("giver"), Clock("taker")
    gives, takes = Boards(session), Boards(session)
    for count in (1, 2):
        giver.happens()
        gives.leave("queue", giver)
        os.utime(session.board("queue"), (1_000, 1_000))
        takes.take("queue", taker)
        assert taker.counts["giver"] == count
