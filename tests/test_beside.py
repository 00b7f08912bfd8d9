"""The tools beside us, the real ones: the comparison in the README, ruff, and Flake8-pyproject."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

import pytest

import compare
from test_command import ROOT
from test_readme import README, blocks

pytestmark = pytest.mark.slow
WAIT = (ROOT / "fixtures" / "tutorial_nobody_puts_first_bad.py").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The programs of an environment with the other linters and with us, from the package index that pip is set up for."""
    folder = tmp_path_factory.mktemp("tools") / "environment"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=120)
    packages = [*compare.PACKAGES, "Flake8-pyproject==1.2.4", str(ROOT)]
    done = subprocess.run(
        [folder / "bin" / "pip", "install", "--quiet", *packages], capture_output=True, text=True, timeout=900
    )
    if done.returncode:
        pytest.skip(f"pip can't install the other linters here: {done.stderr.splitlines()[-1]}")
    return folder / "bin"


def run(*command: object, cwd: pathlib.Path, limit: float = 120) -> str:
    return subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=limit).stdout


@pytest.mark.timeout(900)
def test_the_comparison_is_what_the_script_finds(tools: pathlib.Path) -> None:
    (line,) = re.findall(r"`python (tests/compare\.py)`", README)
    found = run(sys.executable, line, "--environment", tools.parent, cwd=ROOT, limit=600)
    assert compare.renewed(README, found) == README


@pytest.mark.timeout(900)
def test_ruff_leaves_our_comments_where_it_is_told_of_us(tools: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (settings,) = [text for text in blocks("toml") if "external" in text]
    program = tmp_path / "wait.py"
    silenced = WAIT.replace("channel.get()  # want: IPC201", "channel.get()  # noqa: IPC201")
    ask = (tools / "ruff", "check", "--no-cache", "--preview", "--select=RUF100,RUF102", "--fix", "wait.py")
    program.write_text(silenced)
    run(*ask, cwd=tmp_path)
    assert "noqa" not in program.read_text(), "ruff no longer deletes them: the README need not say so"
    (tmp_path / "pyproject.toml").write_text(settings)
    program.write_text(silenced)
    run(*ask, cwd=tmp_path)
    assert program.read_text() == silenced


@pytest.mark.timeout(900)
def test_flake8_pyproject_takes_our_options(tools: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (settings,) = [text for text in blocks("toml") if "tool.flake8" in text]
    (tmp_path / "wait.py").write_text(WAIT)
    assert " IPC901 " not in run(tools / "flake8", "--select=IPC", "wait.py", cwd=tmp_path)
    (tmp_path / "pyproject.toml").write_text(settings)
    assert " IPC901 " in run(tools / "flake8", "--select=IPC", "wait.py", cwd=tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.flake8]\nipc-start-methods = ["teleport"]\n')
    done = subprocess.run([tools / "flake8", "wait.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "'teleport' is not one of" in done.stdout + done.stderr
