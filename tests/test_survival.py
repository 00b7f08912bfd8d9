"""The record survives what a program can do to it, and no program suffers from the record."""

from __future__ import annotations

import os
import pathlib
import random
import resource
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import suppress

import endurance
import pytest
from test_runtime import FOUND, Watched

ROOT = pathlib.Path(__file__).parent.parent


def run(
    folder: pathlib.Path,
    text: str,
    *options: str,
    name: str = "program.py",
    temporary: pathlib.Path | None = None,
    before: Callable[[], None] | None = None,
    seconds: int = 120,
) -> subprocess.CompletedProcess[str]:
    (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
    place = {"TMPDIR": str(temporary)} if temporary else {}
    return subprocess.run(
        [sys.executable, "-m", "flake8_ipc.runtime", "--start-method", "fork", *options, name],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **place},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        preexec_fn=before,
    )


RACE = """
    import os, signal, sys
    from multiprocessing import Process, Value

    def add(count):
        count.value += 1
        {ending}

    if __name__ == "__main__":
        count = Value("i", 0)
        processes = [Process(target=add, args=(count,)) for _ in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        print("done")
    """


@pytest.mark.parametrize("ending", ["os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)", "os.abort()"])
def test_hard_ends(ending: str, tmp_path: pathlib.Path) -> None:
    ended = run(tmp_path, RACE.format(ending=ending))
    assert ended.stdout == "done\n"
    assert "program.py:6:5: IPC401 " in ended.stderr


KILLED = """
    import os, random, signal, sys, time
    from multiprocessing import Lock, Process, Queue, Value

    def work(lock, count, queue):
        number = 0
        while True:
            with lock:
                count.value += 1
            number += 1
            queue.put_nowait(number)
            os.getpid()

    if __name__ == "__main__":
        chance = random.Random(int(sys.argv[1]))
        for _ in range(6):
            lock, count, queue = Lock(), Value("i", 0), Queue()
            process = Process(target=work, args=(lock, count, queue), daemon=True)
            process.start()
            time.sleep(chance.random() / 10)
            os.kill(process.pid, signal.SIGKILL)
            process.join()
        print("done")
    """


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment(seed: int, tmp_path: pathlib.Path) -> None:
    (tmp_path / "program.py").write_text(textwrap.dedent(KILLED), encoding="utf-8")
    command = [sys.executable, "-m", "flake8_ipc.runtime", "--exit-zero", "program.py", str(seed)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100)
    assert (ended.stdout, ended.returncode) == ("done\n", 0), ended.stderr
    assert "Traceback" not in ended.stderr
    assert "IPC401" not in ended.stderr


def in_session(leader: int) -> set[int]:
    """The processes of a session (proc(5), ``stat``: the fourth field behind the name)."""
    found = set()
    for file in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = file.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == leader:
                found.add(int(file.parent.name))
    return found


def test_the_watched_program_itself_is_killed(tmp_path: pathlib.Path) -> None:
    chance = random.Random(1)
    text = RACE.format(ending="while True: count.value += 1").replace("count = Value", "print(flush=True); count = Value")
    (tmp_path / "program.py").write_text(textwrap.dedent(text), encoding="utf-8")
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-m", "flake8_ipc.runtime", "program.py"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.random() / 4)
            # Its children, which may still be coming up, go last.
            for _ in range(100):
                for pid in sorted(in_session(process.pid) - {process.pid}):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                if process.poll() is not None:
                    break
                time.sleep(0.1)
            _, err = process.communicate(timeout=60)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL, err
        assert "Traceback" not in err


BUSY = """
    from multiprocessing import Pipe, Process

    def echo(end):
        for _ in range(20):
            end.send(end.recv())

    if __name__ == "__main__":
        for _ in range(40):
            mine, other = Pipe()
            process = Process(target=echo, args=(other,))
            process.start()
            for number in range(20):
                mine.send(number)
                assert mine.recv() == number
            process.join()
            mine.close()
            other.close()
        print("done")
    """


def test_a_limit_on_files(tmp_path: pathlib.Path) -> None:
    limit = 60_000
    ended = run(tmp_path, BUSY, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert (ended.stdout, ended.returncode) == ("done\n", 0), ended.stderr
    assert ended.stderr.startswith("flake8-ipc: no room to write down all that was done in process ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="a file system can only be mounted by root")
@pytest.mark.parametrize("size", ["200k", "24k"])
def test_a_full_disk(size: str, tmp_path: pathlib.Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", small], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    try:
        ended = run(tmp_path, BUSY, temporary=small)
    finally:
        subprocess.run(["umount", "-l", small], check=True)
    assert (ended.stdout, ended.returncode) == ("done\n", 0), ended.stderr
    assert ended.stderr.startswith("flake8-ipc: no")
    assert ended.stderr.count("\n") == 1


def test_no_room_at_all(tmp_path: pathlib.Path) -> None:
    """A file size of 0 is what no file of ours fits in."""
    ended = run(tmp_path, BUSY, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))
    assert (ended.stdout, ended.returncode) == ("done\n", 0), ended.stderr
    assert ended.stderr.startswith("flake8-ipc: nothing can be written down, so nothing is watched: ")


def test_many_processes(tmp_path: pathlib.Path) -> None:
    text = """
    from multiprocessing import Process, Queue, Value

    def work(number, queue, count):
        with count.get_lock():
            count.value += 1
        queue.put(number)

    if __name__ == "__main__":
        queue, count = Queue(), Value("i", 0)
        processes = [Process(target=work, args=(number, queue, count)) for number in range(64)]
        for process in processes:
            process.start()
        found = sorted(queue.get() for _ in processes)
        for process in processes:
            process.join()
        print(found == list(range(64)), count.value)
    """
    ended = run(tmp_path, text)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("True 64\n", "", 0)


def test_paths_of_any_script(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "Ordner mit Größe 鍵 🗝"
    folder.mkdir()
    ended = run(folder, RACE.format(ending="pass"), name="prögramm ключ.py")
    assert ended.stderr.startswith("prögramm ключ.py:6:5: IPC401 ")


def test_a_folder_that_cannot_be_written(tmp_path: pathlib.Path) -> None:
    (tmp_path / "program.py").write_text(textwrap.dedent(RACE.format(ending="pass")), encoding="utf-8")
    tmp_path.chmod(0o555)
    try:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "flake8_ipc.runtime", "program.py"]
        ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    finally:
        tmp_path.chmod(0o755)
    assert ended.stderr.startswith("program.py:6:5: IPC401 ")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["program.py"]


def test_forked_from_a_thread(tmp_path: pathlib.Path) -> None:
    text = """
    import threading
    from multiprocessing import Process, Value

    def add(count):
        count.value += 1  # want: IPC401

    def launch(count):
        processes = [Process(target=add, args=(count,)) for _ in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()

    if __name__ == "__main__":
        count = Value("i", 0)
        thread = threading.Thread(target=launch, args=(count,))
        thread.start()
        thread.join()
        print("done")
    """
    watched = Watched(tmp_path, text, "--select", "IPC4")
    assert watched.rows == watched.wanted
    assert watched.out == "done\n"


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in endurance.PROGRAMS if name != "Pipe"])
def test_many_messages_are_counted_no_more(name: str) -> None:
    """Past some thousands only what is new is told, and no finding comes of what is not; a million: tests/endurance.py."""
    few, many = (endurance.endure(endurance.PROGRAMS[name], messages, 100) for messages in (10_000, 30_000))
    assert not endurance.grown(few, many)


@pytest.mark.slow
def test_many_messages(tmp_path: pathlib.Path) -> None:
    """In bounded memory, with a bounded record: both are those of a run of a tenth, or nearly."""
    text = """
    import os, resource, sys
    from multiprocessing import Pipe, Process

    def drain(inlet):
        while inlet.recv() is not None:
            pass
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)

    if __name__ == "__main__":
        inlet, outlet = Pipe(duplex=False)
        process = Process(target=drain, args=(inlet,))
        process.start()
        inlet.close()
        for number in range(TURNS):
            outlet.send(number)
        outlet.send(None)
        outlet.close()
        process.join()
        from flake8_ipc.runtime import record
        folder = record.current().session.folder
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        print(sum(os.path.getsize(f"{folder}/{name}") for name in os.listdir(folder) if name.endswith(".record")))
    """
    few = run(tmp_path, text.replace("TURNS", "10_000"))
    many = run(tmp_path, text.replace("TURNS", "100_000"))
    for less, more in zip(map(int, few.stdout.split()), map(int, many.stdout.split()), strict=True):
        assert more < less * 1.1 + 2_000, (few.stdout, many.stdout)
    assert not FOUND.findall(many.stderr)
