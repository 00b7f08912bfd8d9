"""The options of a run, on real programs: what is written where, how it ends, and what is refused before it begins."""

from __future__ import annotations

import json
import os
import pathlib
import select
import signal
import subprocess
import sys

import pytest
from test_runtime import PROGRAMS, Watched

ROOT = pathlib.Path(__file__).parent.parent
STUCK = PROGRAMS["IPC201"]
RACE = PROGRAMS["IPC401"]


def run(*arguments: str, cwd: pathlib.Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flake8_ipc.runtime", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--start-method", "thread", "program.py"], "--start-method: invalid choice: 'thread'"),
        (["--format", "poem", "program.py"], "--format: invalid choice: 'poem'"),
        (["--on-deadlock", "pray", "program.py"], "--on-deadlock: invalid choice: 'pray'"),
        (["--select", "deadlocks", "program.py"], "select: 'deadlocks' is not a code or the beginning of one"),
        (["--ignore", "IPC1,2", "program.py"], "ignore: '2' is not a code or the beginning of one"),
        (["--output", "no/such/folder", "program.py"], "output: there is no folder"),
        (["--output", ".", "program.py"], "output: . is a folder"),
        (["--sel", "IPC", "program.py"], "unrecognized arguments: --sel"),
        (["gone.py"], "there is no script gone.py"),
        (["-m", "no_such_module"], "there is no module no_such_module that can be run"),
        ([], "the following arguments are required: PROGRAM"),
    ],
)
def test_refuses_in_one_line(arguments: list[str], line: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "program.py").write_text("print('it ran')\n", encoding="utf-8")
    ended = run(*arguments, cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("flake8-ipc: ")
    assert line in ended.stderr


def test_what_follows_the_program_is_its_own(tmp_path: pathlib.Path) -> None:
    (tmp_path / "program.py").write_text("import sys\nprint(sys.argv[1:])\n", encoding="utf-8")
    own = ["--", "--output", "x", "-m", "--help"]
    ended = run("program.py", *own, cwd=tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{own}\n", "")
    assert run("-m", "program", *own, cwd=tmp_path).stdout == f"{own}\n"
    assert run("--", "program.py", *own, cwd=tmp_path).stdout == f"{own}\n"


def test_findings_go_to_standard_error(tmp_path: pathlib.Path) -> None:
    (tmp_path / "program.py").write_text(Watched(tmp_path, RACE).path.read_text(encoding="utf-8"), encoding="utf-8")
    ended = run("--start-method", "fork", "program.py", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("program.py:5:5: IPC401 ")
    assert ended.stderr.endswith("[predicted]\n")


def test_exit_status(tmp_path: pathlib.Path) -> None:
    assert Watched(tmp_path, RACE, "--exit-zero").status == 0
    assert Watched(tmp_path, RACE, "--ignore", "IPC4").status == 0
    assert Watched(tmp_path, RACE, "--select", "IPC2").status == 0
    assert Watched(tmp_path, RACE, "--select", "IPC401,IPC2").status == 1
    assert Watched(tmp_path, RACE + "\n            raise SystemExit(7)\n").status == 7
    assert Watched(tmp_path, RACE.replace("value += 1 ", "value += 1  # noqa: IPC401 ")).status == 0


def test_dies_as_the_program_does(tmp_path: pathlib.Path) -> None:
    assert Watched(tmp_path, "import os\nos.kill(os.getpid(), 9)\n").status == -signal.SIGKILL


def test_stuck_is_proven(tmp_path: pathlib.Path) -> None:
    watched = Watched(tmp_path, STUCK, "--exit-zero")
    assert watched.status == 70
    assert watched.found[0]["text"].endswith("[proven]")


def test_the_program_is_told_what_we_are(tmp_path: pathlib.Path) -> None:
    """Who ends the watch ends the program, and hears what it did."""
    (tmp_path / "program.py").write_text(
        "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\nprint('up', flush=True)\nsignal.pause()\n",
        encoding="utf-8",
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "flake8_ipc.runtime", "program.py"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.terminate()
        assert process.wait(30) == 5


def test_reports_and_lets_it_wait(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(Watched(tmp_path, STUCK).path.read_text(encoding="utf-8"), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "flake8_ipc.runtime", "--on-deadlock", "report", "--format", "json", str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert process.stderr is not None
        assert select.select([process.stderr], [], [], 30)[0]
        told = os.read(process.stderr.fileno(), 65536)
        assert [one["code"] for one in json.loads(told)] == ["IPC201"]
        assert process.poll() is None
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
