"""A new user's path, from nothing: an environment, the install, lint, explain, fix, lint again."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from test_command import ROOT
from test_readme import README

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

PROGRAM = """\
from multiprocessing import Process, Value


def count(total, name):
    for _ in range(1000):
        total.value += 1  # each visitor
    print(name, "is done")


def greet(name):
    print("hello", name)


if __name__ == "__main__":
    total = Value("i", 0)
    names = ("front", "back")
    doors = [Process(target=count, args=(total, name)) for name in names]
    greeter = Process(target=greet, args=("Ann"))
    for process in (*doors, greeter):
        process.start()
    for process in (*doors, greeter):
        process.join()
    print(total.value)
"""


def shell(line: str, cwd: pathlib.Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a line of the README does, with nothing of ours in the environment."""
    usual = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTEST_ADDOPTS")}
    return subprocess.run(
        ["bash", "-c", line], cwd=cwd, env={**usual, **environment}, capture_output=True, text=True, timeout=900
    )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A fresh copy of the repository, with `python3` being the interpreter of these tests."""
    folder = tmp_path_factory.mktemp("user") / "flake8-ipc"
    leave = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "build", "*.egg-info")
    shutil.copytree(ROOT, folder, ignore=leave)
    return folder


def installed(checkout: pathlib.Path, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """One of the README's two lines for a checkout, run as it stands there."""
    programs = checkout.parent / "programs"
    programs.mkdir(exist_ok=True)
    if not (programs / "python3").exists():
        (programs / "python3").symlink_to(sys.executable)
    return shell(line, checkout, PATH=f"{programs}{os.pathsep}{os.environ['PATH']}", **environment)


QUICK = [line.strip() for line in README.splitlines() if line.startswith("    python3 -m venv")]


@pytest.fixture(scope="module")
def user(checkout: pathlib.Path) -> pathlib.Path:
    """Where the programs are that a user has after the README's first line."""
    done = installed(checkout, QUICK[0])
    if done.returncode and re.search("No matching distribution|Could not (find|fetch)", done.stderr):
        pytest.skip(f"pip reaches no package index here: {done.stderr.splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    # It lints the fixtures at once.
    assert re.search(r"^fixtures/tutorial_\w+_bad\.py:\d+:\d+: IPC201 ", done.stdout, re.MULTILINE)
    return checkout / ".venv" / "bin"


def test_install_lint_explain_fix_and_lint_again(user: pathlib.Path, tmp_path: pathlib.Path) -> None:
    program = tmp_path / "doors.py"
    program.write_text(PROGRAM)
    linted = shell(f"{user}/flake8 doors.py", tmp_path)
    assert [line.split()[:2] for line in linted.stdout.splitlines()] == [
        ["doors.py:6:9:", "IPC401"],
        ["doors.py:18:43:", "IPC103"],
    ]
    assert shell(f"{user}/flake8-ipc check doors.py", tmp_path).stdout == linted.stdout
    for code in ("IPC401", "IPC103"):
        told = shell(f"{user}/flake8-ipc explain {code}", tmp_path)
        assert told.returncode == 0 and f"# {code} " in told.stdout and "## It can be fixed" in told.stdout
    shown = shell(f"{user}/flake8-ipc fix --diff doors.py", tmp_path)
    assert shown.returncode == 1 and program.read_text() == PROGRAM
    assert "+        with total.get_lock():\n+            total.value += 1  # each visitor\n" in shown.stdout
    assert '+    greeter = Process(target=greet, args=("Ann",))\n' in shown.stdout
    mended = shell(f"{user}/flake8-ipc fix doors.py", tmp_path)
    assert (mended.returncode, mended.stdout) == (0, "")
    assert mended.stderr == "doors.py: mended: 1 IPC103, 1 IPC401\n"
    for line in (f"{user}/flake8 doors.py", f"{user}/flake8-ipc check doors.py"):
        again = shell(line, tmp_path)
        assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    ran = shell(f"{user}/python doors.py", tmp_path)
    assert ran.returncode == 0 and ran.stderr == ""
    assert "hello Ann" in ran.stdout and ran.stdout.endswith("2000\n")


def test_the_readme_has_two_lines_to_begin_with() -> None:
    assert len(QUICK) == 2 and QUICK[0].endswith(" fixtures") and QUICK[1].endswith(" -m pytest")


def test_the_line_that_sets_up_and_tests(user: pathlib.Path, checkout: pathlib.Path) -> None:
    # The whole suite would come to this test again: one file of it shows that the line works.
    done = installed(checkout, QUICK[1], PYTEST_ADDOPTS="-k test_silence")
    assert done.returncode == 0 and re.search(r"\b[1-9]\d* passed\b", done.stdout), done.stdout + done.stderr


def test_the_line_that_writes_the_readme_anew(user: pathlib.Path, checkout: pathlib.Path) -> None:
    (line,) = re.findall(r"`(python -m flake8_ipc\.readme)`", README)
    before = (checkout / "README.md").read_text(encoding="utf-8")
    done = shell(f"{user}/{line}", checkout)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (checkout / "README.md").read_text(encoding="utf-8") == before
