"""Programs that watch themselves: ``watch()`` and ``install()``."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import textwrap

import pytest

ROOT = pathlib.Path(__file__).parent.parent
COMMON = """
    import multiprocessing, sys
    from flake8_ipc import runtime

    def add(count):
        count.value += 1

    def race(method="fork"):
        context = multiprocessing.get_context(method)
        count = context.Value("i", 0)
        processes = [context.Process(target=add, args=(count,)) for _ in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
    """


def run(folder: pathlib.Path, text: str) -> subprocess.CompletedProcess[str]:
    file = folder / "program.py"
    file.write_text(textwrap.dedent(COMMON) + textwrap.dedent(text), encoding="utf-8")
    return subprocess.run(
        [sys.executable, file.name],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_watch(method: str, tmp_path: pathlib.Path) -> None:
    text = f"""
    if __name__ == "__main__":
        race("{method}")
        with runtime.watch() as seen:
            race("{method}")
        race("{method}")
        print([(one.path, one.line, one.code) for one in seen.findings])
        with runtime.watch(ignore="IPC4") as seen:
            race("{method}")
        print(seen.findings)
        with runtime.watch() as seen:
            print("quiet")
        print(seen.findings)
    """
    ended = run(tmp_path, text)
    assert ended.stdout.splitlines() == ["[('program.py', 6, 'IPC401')]", "[]", "quiet", "[]"], ended.stderr
    assert (ended.returncode, ended.stderr) == (0, "")


def test_one_within_another(tmp_path: pathlib.Path) -> None:
    text = """
    with runtime.watch() as outer:
        with runtime.watch() as inner:
            race()
        print(len(inner.findings))
    print(len(outer.findings))
    """
    assert run(tmp_path, text).stdout.split() == ["1", "0"]


def test_woken_where_it_is_stuck(tmp_path: pathlib.Path) -> None:
    text = """
    try:
        with runtime.watch() as seen:
            lock = multiprocessing.Lock()
            with lock:
                with lock:
                    pass
    except BaseException as error:
        print(type(error).__name__, [one.code for one in seen.findings])
    """
    assert run(tmp_path, text).stdout == "StuckForGood ['IPC603']\n"


def test_install(tmp_path: pathlib.Path) -> None:
    text = """
    runtime.install(output="found.txt")
    runtime.install()
    race()
    print("done")
    sys.exit(3)
    """
    ended = run(tmp_path, text)
    assert (ended.returncode, ended.stdout) == (3, "done\n")
    assert ended.stderr.startswith("program.py:6:5: IPC401 ")
    assert (tmp_path / "found.txt").exists()


def test_leaves_nothing_behind(tmp_path: pathlib.Path) -> None:
    run(tmp_path, "with runtime.watch():\n    race()\n")
    for _ in range(200):
        left = [one.name for one in tmp_path.iterdir() if one.name.startswith("flake8-ipc")]
        if not left:
            return
        subprocess.run(["sleep", "0.05"], check=True)
    raise AssertionError(left)


def test_names_imported_before(tmp_path: pathlib.Path) -> None:
    """What the program holds under names of its own is watched too, however it came by it."""
    text = """
    from multiprocessing.connection import Client, Listener, Pipe as Tube

    def ring(address):
        Client(address).close()

    if __name__ == "__main__":
        with runtime.watch() as seen:
            mine, other = Tube()
            with Listener(("127.0.0.1", 0)) as desk:
                bell = multiprocessing.Process(target=ring, args=(desk.address,))
                bell.start()
                desk.accept().close()
                bell.join()
            mine.close()
            other.close()
            try:
                mine.send(1)
            except OSError:
                print("closed")
        print(sorted(one.code for one in seen.findings))
    """
    done = run(tmp_path, text)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "['IPC305', 'IPC311', 'IPC311']"
