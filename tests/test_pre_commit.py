"""The hooks, run by a real pre-commit on a repository of its own; what pip installs comes from pip's own index."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BAD = (ROOT / "fixtures" / "tutorial_nobody_puts_first_bad.py").read_text(encoding="utf-8")
NO_TUPLE = """\
from multiprocessing import Process


def work(number):
    print(number)


if __name__ == "__main__":
    process = Process(target=work, args=(1))
    process.start()
    process.join()
"""

pytest.importorskip("pre_commit")
# pre-commit makes an environment for each hook, which takes its time where others work, too.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(shutil.which("git") is None, reason="needs git"),
]


def git(*arguments: str, cwd: pathlib.Path) -> str:
    who = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *arguments], cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A repository with what we ship: the package and its hooks."""
    folder = tmp_path_factory.mktemp("hooks") / "flake8-ipc"
    shutil.copytree(ROOT / "flake8_ipc", folder / "flake8_ipc", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, folder / name)
    git("init", "--quiet", cwd=folder)
    git("add", "--all", cwd=folder)
    git("commit", "--quiet", "--message", "all", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Where pre-commit keeps its environments; one for all tests, for they are dear."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def project(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "bad.py").write_text(BAD)
    (tmp_path / "clean.py").write_text("print('nothing here')\n")
    git("init", "--quiet", cwd=tmp_path)
    git("add", "--all", cwd=tmp_path)
    return tmp_path


def pre_commit(*arguments: str, cwd: pathlib.Path, home: pathlib.Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", *arguments],
        cwd=cwd,
        env={**os.environ, "PRE_COMMIT_HOME": str(home), "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        timeout=700,
    )


def test_the_hook_by_try_repo(hooks: pathlib.Path, project: pathlib.Path, home: pathlib.Path) -> None:
    done = pre_commit("try-repo", str(hooks), "flake8-ipc", "--files", "bad.py", "clean.py", cwd=project, home=home)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "bad.py:8:14: IPC201 channel.get() can never return" in done.stdout
    clean = pre_commit("try-repo", str(hooks), "flake8-ipc", "--files", "clean.py", cwd=project, home=home)
    assert clean.returncode == 0, clean.stdout + clean.stderr


@pytest.mark.skipif(importlib.util.find_spec("flake8_ipc.command.fix") is None, reason="the command has no fix")
def test_the_fixing_hook_mends_once(hooks: pathlib.Path, project: pathlib.Path, home: pathlib.Path) -> None:
    (project / "bad.py").write_text(NO_TUPLE)
    git("add", "--all", cwd=project)
    first = pre_commit("try-repo", str(hooks), "flake8-ipc-fix", "--files", "bad.py", cwd=project, home=home)
    assert first.returncode == 1, first.stdout + first.stderr
    assert "args=(1,)" in (project / "bad.py").read_text()
    git("add", "--all", cwd=project)
    again = pre_commit("try-repo", str(hooks), "flake8-ipc-fix", "--files", "bad.py", cwd=project, home=home)
    assert again.returncode == 0, again.stdout + again.stderr


def test_the_plugin_beside_flake8(hooks: pathlib.Path, project: pathlib.Path, home: pathlib.Path) -> None:
    (project / ".pre-commit-config.yaml").write_text(
        f"""\
repos:
  - repo: local
    hooks:
      - id: flake8
        name: flake8
        entry: flake8
        language: python
        types: [python]
        require_serial: true
        additional_dependencies: ["flake8>=7.5", "{hooks}"]
"""
    )
    git("add", "--all", cwd=project)
    done = pre_commit("run", "flake8", "--files", "bad.py", cwd=project, home=home)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "bad.py:16:14: IPC201" in done.stdout
