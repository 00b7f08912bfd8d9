"""The table of both witnesses: every fixture stands in it, and it tells what the linter and the run tell."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable

import pytest

import witnesses
from flake8_ipc.runtime.judge import SOURCE_ONLY
from test_fixtures import FIXTURES, wanted

# Which fixtures the slow test runs: each of them, or every so many.
EVERY = int(os.environ.get("WITNESSES_EVERY", "1"))
# What hangs on the scheduler may come out otherwise once.
TRIES = 3
# The share of agreed rows whose line a run may not come to: a race may let a program go another way.
PASSED_BY = 0.05


def test_the_source_has_its_rows() -> None:
    """``test_fixtures.py`` holds the labels to what flake8 tells."""
    told = {(row.fixture, int(row.line), row.code) for row in witnesses.written() if row.source == "found"}
    assert told == {
        (path.stem, line, code) for path in FIXTURES for line, code in wanted(path) if code not in SOURCE_ONLY
    }


def test_each_fixture_has_its_row() -> None:
    assert {row.fixture for row in witnesses.written()} == {path.stem for path in FIXTURES}


def test_what_the_last_column_says_follows_from_the_others() -> None:
    for row in witnesses.written():
        both = (row.source == "found") == (row.run != "-")
        assert (row.same == "yes") == both, row
        assert row.source == "found" or row.same in ("yes", "differs"), row


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_run_tells_it_again() -> None:
    table: dict[str, list[witnesses.Row]] = {}
    for row in witnesses.written():
        table.setdefault(row.fixture, []).append(row)
    left = FIXTURES[::EVERY]
    passed_by: set[tuple[str, ...]] = set()
    for _ in range(TRIES):
        found = dict(zip(left, witnesses.compared(left)))
        wrong = {path: _worse(table[path.stem], rows) for path, rows in found.items()}
        passed_by.update((path.stem, *row) for path, rows in found.items() for row in _passed_by(table[path.stem], rows))
        left = [path for path, rows in wrong.items() if rows]
    assert not left, "\n".join(f"{path.stem}: {sorted(wrong[path])}" for path in left)
    agreed = sum(row.same == "yes" for path in FIXTURES[::EVERY] for row in table[path.stem])
    assert len(passed_by) <= agreed * PASSED_BY, sorted(passed_by)


def _worse(table: Iterable[witnesses.Row], found: Iterable[witnesses.Row]) -> set[tuple[str, ...]]:
    """What both witnesses are said to tell and do not, and what the run tells of its own and is not said to."""
    agreed = {_kept(row) for row in table if row.same == "yes"} - _passed_by(table, found)
    alarms = {_kept(row) for row in found if row.source == "-" and row.run != "-"}
    return (agreed - {_kept(row) for row in found}) | (alarms - {_kept(row) for row in table})


def _passed_by(table: Iterable[witnesses.Row], found: Iterable[witnesses.Row]) -> set[tuple[str, ...]]:
    """What both are said to tell, where this run took another way: there was nothing to see."""
    other_way = {(row.code, row.line) for row in found if row.source == "found" and row.same not in ("yes", "differs")}
    return {_kept(row) for row in table if row.same == "yes" and (row.code, row.line) in other_way}


def _kept(row: witnesses.Row) -> tuple[str, ...]:
    """What of a row must come again: whether a race was seen or only foretold is the scheduler's."""
    return row.code, row.line, row.source, str(row.run != "-"), row.same


def test_why_a_line_was_not_reached(tmp_path: pathlib.Path) -> None:
    program = tmp_path / "program.py"
    lines = ["import nothing_of_that_name", "", "def f(", "    a,", "):", "    b(", "        a,", "    )", "    c()", ""]
    program.write_text("\n".join(lines), encoding="utf-8")
    text = witnesses.Text(program)
    assert text.lacking == ["nothing_of_that_name"]
    assert text.why_not(4, frozenset({1, 3})) == "f() is not called"
    assert text.why_not(7, frozenset({1, 3, 6})) == ""
    assert text.why_not(4, frozenset({1, 3, 6})) == ""
    assert text.why_not(9, frozenset({1, 3, 6})) == "not reached"
    assert text.why_not(1, frozenset({1})) == ""
