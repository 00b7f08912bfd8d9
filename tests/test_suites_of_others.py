"""What the own tests of CPython and of packages have shown to be told wrongly, or to come out otherwise under the watch."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import textwrap

import pytest
from test_runtime import Watched

ROOT = pathlib.Path(__file__).parent.parent

QUIET = {
    # test_multiprocessing, test_task_done: stop signs are put when nobody joins the queue any more.
    "stop signs after the join": """
        import time
        from multiprocessing import JoinableQueue, Process

        def work(q):
            for _ in iter(q.get, None):
                time.sleep(0.02)
                q.task_done()

        if __name__ == "__main__":
            q = JoinableQueue()
            workers = [Process(target=work, args=(q,)) for _ in range(4)]
            for p in workers:
                p.daemon = True
                p.start()
            for number in range(10):
                q.put(number)
            q.join()
            for p in workers:
                q.put(None)
            for p in workers:
                p.join()
            q.close()
            q.join_thread()
    """,
    # test_multiprocessing, test_connection: a message that has no room in the buffer is taken all the same.
    "a buffer that is too short": """
        import multiprocessing as mp

        def echo(end, other):
            other.close()
            for message in iter(end.recv_bytes, b""):
                end.send_bytes(message)
            end.close()

        if __name__ == "__main__":
            ours, theirs = mp.Pipe()
            p = mp.get_context("fork").Process(target=echo, args=(theirs, ours))
            p.start()
            theirs.close()
            ours.send_bytes(b"as long as this")
            try:
                ours.recv_bytes_into(bytearray(3))
            except mp.BufferTooShort as error:
                print(error.args[0])
            ours.send_bytes(b"")
            p.join()
            ours.close()
    """,
}


@pytest.mark.parametrize("name", QUIET)
def test_leaves_in_peace(name: str, tmp_path: pathlib.Path) -> None:
    run = Watched(tmp_path, QUIET[name])
    assert (run.rows, run.status) == (set(), 0), run.err


def test_what_a_test_leaves_to_its_runner(tmp_path: pathlib.Path) -> None:
    """test_multiprocessing, test_notify_all: ``addCleanup(thread.join)``; no text of the program's own calls it."""
    text = """
        import threading, unittest
        from multiprocessing import Lock, Process

        def work(lock):
            with lock:
                pass

        class Test(unittest.TestCase):
            def start(self, cls):
                runs = cls(target=work, args=(Lock(),))
                runs.start()
                self.addCleanup(runs.join)

            def test_a(self):
                self.start(threading.Thread)

            def test_b(self):
                self.start(Process)
    """
    (tmp_path / "program.py").write_text(textwrap.dedent(text), encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "flake8_ipc.runtime", "--start-method", "fork", "-m", "unittest", "program"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    assert "IPC" not in ended.stderr


def test_a_join_that_is_missed_still_is(tmp_path: pathlib.Path) -> None:
    run = Watched(
        tmp_path,
        """
        import threading, time
        from multiprocessing import Process

        def work():
            time.sleep(0.01)

        if __name__ == "__main__":
            threading.Thread(target=work).start()
            p = Process(target=work)
            p.start()  # want: IPC114
            p.join()
        """,
    )
    assert run.rows == run.wanted


def test_pytest_itself_under_the_watch(tmp_path: pathlib.Path) -> None:
    """pytest-xdist, test_warnings: no warning of pytest's that the bare run has not, which ``-W error`` would make an error."""
    (tmp_path / "test_program.py").write_text("def test():\n    pass\n", encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "flake8_ipc.runtime", "-m", "pytest", "-q", "-n", "0", "-W", "error", "test_program.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "1 passed in" in ended.stdout
