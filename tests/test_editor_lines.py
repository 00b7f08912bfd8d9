"""What editors without a language server ask flake8 for, each by its own command line, and what it makes of our lines."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys

import pytest

from test_command import ROOT
from test_readme import blocks

WAIT = (ROOT / "fixtures" / "tutorial_nobody_puts_first_bad.py").read_text(encoding="utf-8")
# Each: its arguments (FILE is the buffer's name), whether the text comes by standard input, and the lines as it reads them.
# Source: the Flake8 extension of VS Code, nvim-lint, Flycheck and ALE, as of 2026.
EDITORS = {
    "vscode": (
        ["--format=%(row)d,%(col)d,%(code).1s,%(code)s:%(text)s", "FILE"],
        False,
        r"(?P<line>\d+),(?P<column>\d+),\w,(?P<code>\w+\d+):(?P<text>.*)",
    ),
    "nvim-lint": (
        ["--format=%(path)s:%(row)d:%(col)d:%(code)s:%(text)s", "--no-show-source", "--stdin-display-name", "FILE", "-"],
        True,
        r"[^:]+:(?P<line>\d+):(?P<column>\d+):(?P<code>\w+):(?P<text>.*)",
    ),
    "flycheck": (
        ["--format=default", "--stdin-display-name=FILE", "-"],
        True,
        r"[^:]+:(?P<line>\d+):(?P<column>\d+): (?P<code>[A-Za-z]+\d+) (?P<text>.*)",
    ),
    "ale": (
        ["--format=default", "--stdin-display-name", "FILE", "-"],
        True,
        r"[^:]+:(?P<line>\d+):?(?P<column>\d+)?: (?P<code>\w+) (?P<text>.*)",
    ),
}


@pytest.mark.parametrize("editor", EDITORS)
def test_the_editor_reads_our_lines(editor: str, tmp_path: pathlib.Path) -> None:
    arguments, typed, pattern = EDITORS[editor]
    (tmp_path / "wait.py").write_text("" if typed else WAIT)
    done = subprocess.run(
        [sys.executable, "-m", "flake8", "--select=IPC", *(word.replace("FILE", "wait.py") for word in arguments)],
        cwd=tmp_path,
        input=WAIT if typed else None,
        capture_output=True,
        text=True,
        timeout=120,
    )
    found = [re.fullmatch(pattern, line) for line in done.stdout.splitlines()]
    assert [one["line"] for one in found if one] == ["8", "16"]
    assert all(one and (one["column"], one["code"]) == ("14", "IPC201") for one in found)
    assert all(one and one["text"].startswith("channel.get() can never return") for one in found)


def test_vs_code_takes_us_for_a_warning_by_the_setting_in_the_readme() -> None:
    (severity,) = [one["flake8.severity"] for one in map(json.loads, blocks("json")) if "flake8.severity" in one]

    def of(code: str, setting: dict[str, str]) -> str:
        return setting[max((prefix for prefix in setting if code.startswith(prefix)), key=len)]

    usual = {name: level for name, level in severity.items() if name != "IPC"}
    assert usual == {"E": "Error", "F": "Error", "I": "Information", "W": "Warning"}
    assert (of("IPC201", usual), of("IPC201", severity), of("E501", severity)) == ("Information", "Warning", "Error")


@pytest.mark.parametrize("how", [["-m", "flake8", "--select=IPC"], ["-m", "flake8_ipc", "check"]])
def test_pycharm_finds_the_place_by_the_filter_in_the_readme(how: list[str], tmp_path: pathlib.Path) -> None:
    (filter_,) = re.findall(r"`(\$FILE_PATH\$.*?)`", (ROOT / "README.md").read_text(encoding="utf-8"))
    (tmp_path / "wait.py").write_text(WAIT)
    parts = {"$FILE_PATH$": r"(?P<path>.+?)", "$LINE$": r"(?P<line>\d+)", "$COLUMN$": r"(?P<column>\d+)"}
    pattern = re.compile("".join(parts.get(part, re.escape(part)) for part in re.split(r"(\$\w+\$)", filter_)))
    done = subprocess.run(
        [sys.executable, *how, str(tmp_path / "wait.py")], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    found = [pattern.match(line) for line in done.stdout.splitlines()]
    assert [(one["path"], one["line"], one["column"]) for one in found if one] == [
        (str(tmp_path / "wait.py"), "8", "14"),
        (str(tmp_path / "wait.py"), "16", "14"),
    ]
