"""``pytest --ipc``, in real runs of pytest: what fails, what does not, and that it goes with other plugins."""

from __future__ import annotations

import configparser
import os
import pathlib
import re
import subprocess
import sys
import textwrap
from importlib.metadata import entry_points
from importlib.util import find_spec

import pytest

ROOT = pathlib.Path(__file__).parent.parent
COMMON = """
    import os
    import pytest
    from multiprocessing import Pipe, Process, Queue, Value

    def add(count):
        count.value += 1

    def take(queue):
        queue.get()

    def race():
        count = Value("i", 0)
        processes = [Process(target=add, args=(count,)) for _ in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()

    def stuck():
        queue = Queue()
        process = Process(target=take, args=(queue,))
        process.start()
        process.join()

    def good():
        queue = Queue()
        process = Process(target=take, args=(queue,))
        process.start()
        queue.put(1)
        process.join()
    """


def run(folder: pathlib.Path, text: str, *options: str, seconds: int = 100) -> tuple[str, dict[str, int]]:
    """What pytest prints for these tests, and how many passed, failed and so on."""
    file = folder / "test_program.py"
    file.write_text(textwrap.dedent(COMMON) + textwrap.dedent(text), encoding="utf-8")
    known = any(one.value == "flake8_ipc.pytest_plugin" for one in entry_points(group="pytest11"))
    load = () if known else ("-p", "flake8_ipc.pytest_plugin")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *load, "-p", "no:cacheprovider", *options, file.name],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    counts = {name: int(number) for number, name in re.findall(r"(\d+) (passed|failed|error|skipped|xfailed)", ended.stdout)}
    assert "INTERNALERROR" not in ended.stdout + ended.stderr, ended.stdout
    return ended.stdout + ended.stderr, counts


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n", encoding="utf-8")
    return tmp_path


MIXED = """
    def test_race():
        race()

    def test_good():
        good()

    @pytest.mark.ipc_ok("IPC401", reason="a count of no importance")
    def test_allowed():
        race()
    """


def test_is_declared() -> None:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    assert "ipc = flake8_ipc.pytest_plugin" in parser["options.entry_points"]["pytest11"]


def test_says_nothing_when_off(folder: pathlib.Path) -> None:
    text = MIXED + """
    def test_nothing_is_imported():
        import sys
        assert not [name for name in sys.modules if name.startswith(("flake8_ipc.runtime", "flake8_ipc.rules", "libcst"))]
    """
    out, counts = run(folder, text)
    assert counts == {"passed": 4}
    assert "IPC" not in out


def test_fails_the_test_that_did_it(folder: pathlib.Path) -> None:
    out, counts = run(folder, MIXED, "--ipc")
    assert counts == {"failed": 1, "passed": 2}
    assert re.search(r"^test_program.py:7:5: IPC401 .* \[predicted\]$", out, re.MULTILINE)
    assert "FAILED test_program.py::test_race" in out


def test_as_a_setting(folder: pathlib.Path) -> None:
    assert run(folder, MIXED, "-o", "ipc=true")[1] == {"failed": 1, "passed": 2}


def test_a_stuck_test_is_ended_and_the_next_one_runs(folder: pathlib.Path) -> None:
    out, counts = run(folder, "def test_stuck():\n    stuck()\n\ndef test_next():\n    good()\n", "--ipc")
    assert counts == {"failed": 1, "passed": 1}
    assert "IPC201" in out and "[proven]" in out
    assert ": in stuck\n" in out


def test_what_handles_every_error_does_not_hide_it(folder: pathlib.Path) -> None:
    text = "def test_stuck():\n    try:\n        stuck()\n    except Exception:\n        pass\n"
    assert run(folder, text, "--ipc")[1] == {"failed": 1}


def test_a_child_that_is_left_stuck(folder: pathlib.Path) -> None:
    text = """
    from multiprocessing import get_context

    def test_left():
        # One that comes up later than this ends would find its queue gone.
        queue = get_context("fork").Queue()
        process = get_context("fork").Process(target=take, args=(queue,))
        process.start()
        process.join(0.1)
    """
    out, counts = run(folder, text, "--ipc")
    assert counts == {"failed": 1}
    assert "IPC201" in out


def test_what_needs_a_moment_to_end_is_no_leak(folder: pathlib.Path) -> None:
    text = """
    import time

    def linger(queue):
        queue.get()
        time.sleep(0.5)

    def test_lingers():
        queue = Queue()
        process = Process(target=linger, args=(queue,), daemon=True)
        process.start()
        queue.put(1)
        process.join(0.01)
    """
    out, counts = run(folder, text, "--ipc")
    assert counts == {"passed": 1}, out


def test_fixtures_end_what_they_begin(folder: pathlib.Path) -> None:
    text = """
    @pytest.fixture
    def own():
        queue = Queue()
        process = Process(target=take, args=(queue,))
        process.start()
        yield queue
        process.join()

    @pytest.fixture(scope="module")
    def wide():
        queue = Queue()
        process = Process(target=take, args=(queue,))
        process.start()
        yield queue
        queue.put(1)
        process.join()

    def test_one(wide):
        good()

    def test_two(wide, own):
        own.put(1)

    def test_three(own):
        own.put(1)
        race()
    """
    out, counts = run(folder, text, "--ipc")
    assert counts == {"passed": 3, "error": 1}, out
    assert "ERROR at teardown of test_three" in out


def test_a_test_that_fails_by_itself_is_told_more(folder: pathlib.Path) -> None:
    out, counts = run(folder, "def test_both():\n    race()\n    assert not 'equal'\n", "--ipc")
    assert counts == {"failed": 1}
    assert "assert not 'equal'" in out and "IPC401" in out


def test_a_marker_without_codes(folder: pathlib.Path) -> None:
    out, counts = run(folder, "@pytest.mark.ipc_ok\ndef test_any():\n    pass\n", "--ipc")
    assert counts == {"error": 1}
    assert "ipc_ok wants the codes" in out


def test_with_capture_of_descriptors_and_spawn(folder: pathlib.Path) -> None:
    text = """
    import multiprocessing

    def test_spawned(capfd):
        context = multiprocessing.get_context("spawn")
        queue = context.Queue()
        process = context.Process(target=take, args=(queue,))
        process.start()
        queue.put(1)
        process.join()
        print("said")
        assert process.exitcode == 0
        assert capfd.readouterr() == ("said\\n", "")
    """
    out, counts = run(folder, text, "--ipc")
    assert counts == {"passed": 1}, out


def test_unittest(folder: pathlib.Path) -> None:
    text = """
    import unittest

    class Case(unittest.TestCase):
        def test_race(self):
            race()

        def test_good(self):
            good()
    """
    assert run(folder, text, "--ipc")[1] == {"failed": 1, "passed": 1}


@pytest.mark.skipif(find_spec("xdist") is None, reason="pytest-xdist is not installed")
def test_with_xdist(folder: pathlib.Path) -> None:
    text = MIXED + "\n    def test_stuck():\n        stuck()\n"
    out, counts = run(folder, text, "--ipc", "-n", "2")
    assert counts == {"failed": 2, "passed": 2}, out
    assert "IPC401" in out and "IPC201" in out


@pytest.mark.skipif(find_spec("pytest_timeout") is None, reason="pytest-timeout is not installed")
def test_with_timeout(folder: pathlib.Path) -> None:
    text = MIXED + "\n    def test_stuck():\n        stuck()\n"
    out, counts = run(folder, text, "--ipc", "--timeout", "60")
    assert counts == {"failed": 2, "passed": 2}, out
    assert "IPC201" in out and "Timeout" not in out


@pytest.mark.skipif(find_spec("pytest_forked") is None, reason="pytest-forked is not installed")
def test_with_forked(folder: pathlib.Path) -> None:
    text = MIXED + "\n    def test_stuck():\n        stuck()\n\n    def test_dies():\n        os._exit(3)\n"
    if run(folder, "def test_any():\n    pass\n", "--forked")[1] != {"passed": 1}:
        pytest.skip("pytest-forked does not work with this pytest")
    out, counts = run(folder, text, "--ipc", "--forked")
    assert counts == {"failed": 3, "passed": 2}, out
    assert "IPC401" in out and "IPC201" in out
