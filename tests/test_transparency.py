"""The watch changes nothing that a program, or whoever reads what it prints, can see."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import textwrap

import pytest
from flake8_ipc.runtime.launcher import session

ROOT = pathlib.Path(__file__).parent.parent
METHODS = ("fork", "spawn", "forkserver")
SECONDS = 60

PROGRAMS = {
    "what runs at exit, in the program's own order": """
        import atexit, time

        atexit.register(print, "registered before multiprocessing is imported", flush=True)
        import multiprocessing as mp
        from concurrent.futures import ProcessPoolExecutor

        atexit.register(print, "registered after", flush=True)

        def work():
            atexit.register(print, "a child's own", flush=True)

        def late():
            time.sleep(0.5)
            print("joined at exit", flush=True)

        if __name__ == "__main__":
            p = mp.Process(target=work)
            p.start()
            p.join()
            with ProcessPoolExecutor(1) as pool:
                print(pool.submit(abs, -1).result())
            mp.Process(target=late).start()
    """,
    "which modules are there": """
        import sys

        print(sorted(one for one in sys.modules if one.partition(".")[0] in ("multiprocessing", "concurrent", "logging")))
        print(sys.path[0], sys.argv, __name__, __file__, __spec__)
        import multiprocessing

        print(multiprocessing.Queue.__self__.__class__, multiprocessing.process, "multiprocessing.queues" in sys.modules)
        import multiprocessing.queues
        import logging, concurrent.futures, multiprocessing.pool

        print(logging.getLogger("a"), concurrent.futures.ProcessPoolExecutor, multiprocessing.pool.Pool)
    """,
    "a traceback of a child and one of the program": """
        import multiprocessing as mp

        def work(q):
            q.put(1, timeout=-1)
            mp.Lock().release()

        if __name__ == "__main__":
            p = mp.Process(target=work, args=(mp.Queue(),), name="worker")
            p.start()
            p.join()
            print(p.exitcode)
            mp.Pipe()[0].close()
            mp.Value("no such type", 1)
    """,
    "what a thread raises": """
        import multiprocessing as mp, threading

        def work(end):
            end.recv()

        if __name__ == "__main__":
            a, b = mp.Pipe(duplex=False)
            b.close()
            t = threading.Thread(target=work, args=(a,), name="reader")
            t.start()
            t.join()
    """,
    "a handler's exception wherever it comes up": """
        import multiprocessing as mp, signal

        class Tick(Exception):
            pass

        def handler(number, frame):
            raise Tick

        if __name__ == "__main__":
            signal.signal(signal.SIGALRM, handler)
            event, ticks = mp.Event(), 0
            for turn in range(40):
                signal.setitimer(signal.ITIMER_REAL, 0.0001 * (turn + 1))
                try:
                    while True:
                        event.set()
                except Tick:
                    ticks += 1
            print(ticks)
    """,
    "a handler that does what it interrupts": """
        import multiprocessing as mp, signal

        if __name__ == "__main__":
            lock, value, s = mp.RLock(), mp.Value("i", 0), mp.Semaphore(0)
            hits = 0

            def handler(number, frame):
                global hits
                with lock:
                    hits += 1
                    value.value = hits
                    s.release()

            signal.signal(signal.SIGALRM, handler)
            signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
            while hits < 50:
                with lock:
                    value.value = 0
                    s.release()
                    s.acquire(timeout=1)
            signal.setitimer(signal.ITIMER_REAL, 0)
            print(hits >= 50)
    """,
    "all descriptors closed, numbers as ever": """
        import multiprocessing as mp, os

        def work(end):
            end.send(os.open(os.devnull, os.O_RDONLY))

        if __name__ == "__main__":
            print(os.open(os.devnull, os.O_RDONLY))
            os.closerange(3, 100)
            a, b = mp.Pipe()
            print(a.fileno(), b.fileno())
            p = mp.get_context("fork").Process(target=work, args=(b,))
            p.start()
            print(a.recv())
            p.join()
            os.closerange(3, 1000)
            file = os.open("kept.txt", os.O_RDWR | os.O_CREAT)
            others = [os.open(os.devnull, os.O_WRONLY) for _ in range(300)]
            mp.Event().set()
            print(os.fstat(file).st_size)
    """,
    "events passed on while others fork": """
        import multiprocessing as mp, threading

        def forks(done):
            while not done.is_set():
                p = mp.get_context("fork").Process(target=done.is_set)
                p.start()
                p.join()

        if __name__ == "__main__":
            done, s = mp.Event(), mp.Semaphore(1)
            t = threading.Thread(target=forks, args=(done,))
            t.start()
            for _ in range(300):
                with s:
                    pass
            done.set()
            t.join()
            print("done")
    """,
    "raw cells show themselves": """
        import ctypes
        from multiprocessing import RawValue, RawArray, Value, Array

        print(RawValue("i", 3), len(RawArray("i", 3)), RawValue(ctypes.c_double, 1.5).value, list(RawArray("i", [1, 2])))
        v = Value("i", 1)
        v.value += 1
        print(v.value, v.get_obj(), Array("c", b"abc").value)
    """,
}


def run(folder: pathlib.Path, text: str, *before: str, options: tuple[str, ...] = ()) -> tuple[int, str, str]:
    """How a program ends: its status, and what it prints."""
    script = folder / "program.py"
    script.write_text(textwrap.dedent(text), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, *options, *before, str(script)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=SECONDS)
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    return process.returncode, out, err


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_is_changed(tmp_path: pathlib.Path, name: str) -> None:
    watch = ("-m", "flake8_ipc.runtime", "--exit-zero", "--output", os.devnull)
    assert run(tmp_path, PROGRAMS[name], *watch) == run(tmp_path, PROGRAMS[name])


@pytest.mark.parametrize("options", [("-I",), ("-P",), ("-S",), ("-W", "error")], ids=" ".join)
def test_under_the_interpreters_options(tmp_path: pathlib.Path, options: tuple[str, ...]) -> None:
    """Of those the program's own interpreter is told too (CPython Lib/subprocess.py, ``_args_from_interpreter_flags``)."""
    text = """
        import sys

        print(sys.flags, [one for one in sys.path if "program" in one or one == "."])
        print(sys.path[0])
        import multiprocessing as mp

        if __name__ == "__main__":
            q = mp.Queue()
            p = mp.Process(target=q.put, args=(sys.path[0],))
            p.start()
            print(q.get())
            p.join()
    """
    # The launcher itself could not be found under -I: what it starts is tried.
    start = ROOT / "flake8_ipc" / "runtime" / "program.py"
    with session(str(tmp_path / "program.py")) as mine:
        watched = run(tmp_path, text, str(start), mine.folder, options=options)
    assert watched == run(tmp_path, text, options=options)
