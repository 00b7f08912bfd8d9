"""What one process tells of itself stays readable, whatever comes in between."""

from __future__ import annotations

import itertools
import pathlib
import sys
from types import FrameType
from typing import Any

from flake8_ipc.runtime import clock, record
from flake8_ipc.runtime.clock import Clock
from flake8_ipc.runtime.places import Caller
from flake8_ipc.runtime.record import Record
from flake8_ipc.runtime.session import Session
from flake8_ipc.runtime.told import Told, records

_FILES = {record.__file__, clock.__file__}


class Tick(BaseException):
    """What a signal's handler raises."""


class _AtLine:
    """Raises at one of the lines that the record and its clock execute, counted from 1."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, frame: FrameType, what: str, _: Any) -> _AtLine | None:
        if frame.f_code.co_filename not in _FILES:
            return None
        if what == "line":
            self.left -= 1
            if self.left == 0:
                raise Tick
        return self


def _here() -> Caller:
    frame = sys._getframe(1)
    return Caller(frame.f_code, frame.f_lasti, frame)


def _told(folder: pathlib.Path, at: int) -> tuple[Told, bool]:
    """What is read of a record that a handler's exception came upon at a line; and whether it came at all."""
    session = Session(str(folder), "", "program.py")
    mine = Record(session, Clock("7.1f", {"6.1e": 3}))
    tracing, raised = sys.gettrace(), True
    sys.settrace(_AtLine(at))
    try:
        mine.event("PUT", "queue", _here())
        raised = False
    except Tick:
        pass
    finally:
        sys.settrace(tracing)
    mine.event("PUT", "queue", _here())
    mine.clock.pass_on()
    mine.event("GET", "queue", _here())
    mine.release()
    return records(session)["7.1f"], raised


def test_an_exception_at_any_line_costs_one_event_at_most(tmp_path: pathlib.Path) -> None:
    for at in itertools.count(1):
        folder = tmp_path / str(at)
        folder.mkdir()
        told, raised = _told(folder, at)
        rows = [(line[2], told.places[line[4]].line, told.clocks[line[5]]) for line in told.events]
        assert [verb for verb, *_ in rows] in (["PUT", "GET"], ["PUT", "PUT", "GET"]), at
        assert len({line for _, line, _ in rows}) == len(rows), at
        assert [counts for *_, counts in rows][-2:] == [{"6.1e": 3, "7.1f": 1}, {"6.1e": 3, "7.1f": 2}], at
        if not raised:
            break
    # It came upon every line of what tells an event, and then upon none.
    assert at > 30 and len(rows) == 3


def test_what_happened_at_a_place_that_is_lost_is_left_out(tmp_path: pathlib.Path) -> None:
    lines = (
        '["where", 0, "program.py", 1, 0, 1, 9]',
        '["calls", 0, [1, 0]]',
        '["object", "queue", "QUEUE", 0, {}]',
        '["object", "other", "QUEUE", 1, {}]',
        '["event", 1, 5, "PUT", "queue", 1, 1, 10, {}]',
        '["event", 2, 5, "GET", "queue", 0, 1, 20, {}]',
        '["exit", 1, 5, 30]',
        '["event", 3, 5, "GET", "que',
    )
    (tmp_path / "7.1f.record").write_text("\n".join(lines))
    told = records(Session(str(tmp_path), "", "program.py"))["7.1f"]
    assert [line[0] for line in told.events] == [2] and [name for name, *_ in told.objects] == ["queue"]
    assert told.calls == {0: [0]} and not told.exits
