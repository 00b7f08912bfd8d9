"""The table of both witnesses: every fixture stands in it, and it tells what the linter and the run tell."""

from __future__ import annotations

import os
import pathlib

import pytest

import witnesses
from flake8_ipc.runtime.judge import SOURCE_ONLY
from test_fixtures import FIXTURES, wanted

# Which fixtures the slow test runs: each of them, or every so many.
EVERY = int(os.environ.get("WITNESSES_EVERY", "1"))
# What hangs on the scheduler may come out otherwise once.
TRIES = 3


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
    table: dict[str, set[tuple[str, ...]]] = {}
    for row in witnesses.written():
        table.setdefault(row.fixture, set()).add(_kept(row))
    left = FIXTURES[::EVERY]
    for _ in range(TRIES):
        found = dict(zip(left, witnesses.compared(left)))
        wrong = {path: _worse(table[path.stem], {_kept(row) for row in rows}) for path, rows in found.items()}
        left = [path for path, rows in wrong.items() if rows]
    assert not left, "\n".join(f"{path.stem}: {sorted(wrong[path])}" for path in left)


def _worse(table: set[tuple[str, ...]], found: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """What both witnesses are said to tell and do not, and what the run tells of its own and is not said to."""
    agreed = {row for row in table if row[-1] == "yes"}
    alarms = {row for row in found if row[2] == "-" and row[3] == "True"}
    return (agreed - found) | (alarms - table)


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
