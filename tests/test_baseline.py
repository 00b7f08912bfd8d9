"""The baseline: old findings stay silent however lines move, new ones are told, gone ones are named."""

from __future__ import annotations

import json
import pathlib
from collections import Counter

import pytest

from flake8_ipc.reporting.work import told
from flake8_ipc.lint import lint
from flake8_ipc.options import Options
from test_command import RACE, command

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
SECOND = RACE.replace("total", "sum_")


@pytest.fixture
def project(tmp_path: pathlib.Path) -> pathlib.Path:
    """A project with one finding that is accepted."""
    (tmp_path / "race.py").write_text(RACE)
    done = command("baseline", "--output", "known.json", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 finding accepted in known.json\n", "")
    return tmp_path


def check(project: pathlib.Path, *arguments: str) -> tuple[int, str, str]:
    done = command("check", "--baseline", "known.json", *arguments, cwd=project)
    return done.returncode, done.stdout, done.stderr


def test_what_is_accepted_is_not_reported(project: pathlib.Path) -> None:
    assert check(project) == (0, "", "")
    assert check(project, "race.py") == (0, "", "")
    assert check(project, str(project / "race.py")) == (0, "", "")


def test_it_holds_from_another_folder(project: pathlib.Path) -> None:
    (project / "inside").mkdir()
    done = command("check", "--baseline", "../known.json", "..", cwd=project / "inside")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "moved",
    [
        "# one\n\n\n" + RACE,
        RACE.replace("\n\n\ndef", "\n\nLIMIT = 5\n\n\ndef"),
        RACE.replace("        total.value += 1", "        if True:\n            total.value  +=  1"),
    ],
)
def test_moved_and_indented_lines_change_nothing(project: pathlib.Path, moved: str) -> None:
    assert moved != RACE
    (project / "race.py").write_text(moved)
    assert check(project) == (0, "", "")


def test_numbers_of_lines_in_the_message_do_not_count(tmp_path: pathlib.Path) -> None:
    text = (pathlib.Path(__file__).parent.parent / "fixtures" / "tutorial_nobody_puts_first_bad.py").read_text()
    (tmp_path / "wait.py").write_text(text)
    command("baseline", "--output", "known.json", cwd=tmp_path)
    (tmp_path / "wait.py").write_text(text.replace("\n\nif ", "\n# more\n# and more\n\nif "))
    assert check(tmp_path) == (0, "", "")


def test_fingerprints_of_every_kind_of_message_stay_when_lines_move() -> None:
    options = Options(enabled=("IPC9",))
    for file in sorted(FIXTURES.glob("ipc??2*_bad.py")):
        text = file.read_text(encoding="utf-8")
        before, after = (
            Counter(told(one, moved.splitlines()).fingerprint for one in lint(moved, file.name, options))
            for moved in (text, "#\n\n" * 60 + text)
        )
        assert before == after != Counter(), file.name


def test_what_is_new_is_reported(project: pathlib.Path) -> None:
    (project / "new.py").write_text(SECOND)
    status, said, errors = check(project)
    assert (status, errors) == (1, "")
    assert said.startswith("./new.py:6:9: IPC401") and len(said.splitlines()) == 1


def test_the_same_fault_once_more_is_new(project: pathlib.Path) -> None:
    line = "        total.value += 1\n"
    (project / "race.py").write_text(RACE.replace(line, line + line))
    status, said, _ = check(project)
    assert status == 1 and len(said.splitlines()) == 1


def test_what_is_gone_is_named(project: pathlib.Path) -> None:
    (project / "race.py").write_text("print('mended')\n")
    status, said, errors = check(project)
    assert (status, said) == (0, "")
    head, entry = errors.splitlines()
    assert head == "known.json: 1 entry is gone; `flake8-ipc baseline --output known.json` writes it anew"
    assert entry.startswith("  race.py: IPC401 ")
    (project / "race.py").unlink()
    assert check(project)[2] == errors


def test_a_file_that_was_not_looked_at_is_not_gone(project: pathlib.Path) -> None:
    (project / "other.py").write_text("print('nothing')\n")
    assert check(project, "other.py") == (0, "", "")


def test_a_text_that_is_not_python_is_never_accepted(project: pathlib.Path) -> None:
    (project / "broken.py").write_text("import multiprocessing\ndef f(:\n")
    command("baseline", "--output", "known.json", cwd=project)
    status, said, _ = check(project)
    assert status == 1 and "E999" in said


def test_writing_it_twice_gives_the_same_bytes(project: pathlib.Path) -> None:
    before = (project / "known.json").read_bytes()
    command("baseline", "--output", "known.json", ".", cwd=project)
    assert (project / "known.json").read_bytes() == before


@pytest.mark.parametrize("text", [None, "no json", "[]", '{"version": 1}', json.dumps({"version": 99, "findings": []})])
def test_a_file_that_is_no_baseline_is_one_line_and_2(project: pathlib.Path, text: str | None) -> None:
    if text is None:
        (project / "known.json").unlink()
    else:
        (project / "known.json").write_text(text)
    status, said, errors = check(project)
    assert (status, said, len(errors.splitlines())) == (2, "", 1)
