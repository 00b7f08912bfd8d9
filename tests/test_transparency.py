"""The watch changes nothing that a program, or whoever reads what it prints, can see."""

from __future__ import annotations

import os
import pathlib
import re
import signal
import subprocess
import sys
import textwrap

import pytest
from flake8_ipc.runtime.launcher import session

ROOT = pathlib.Path(__file__).parent.parent
METHODS = ("fork", "spawn", "forkserver")
SECONDS = 60
# What differs from one run to the next.
_CHANGING = re.compile(r"0x[0-9a-f]+|(?<=pid=)\d+|(?<=/pymp-)\w+|(?<=listener-)\w+|(?<=Process )\d+|\b\d{4,6}\b")

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
    "what the interpreter itself calls at its end": """
        import atexit
        from multiprocessing import Event, Lock, Pipe, Pool, Process, Queue, SimpleQueue
        from multiprocessing.shared_memory import SharedMemory

        if __name__ == "__main__":
            a, b = Pipe()
            queue, simple, lock, event = Queue(), SimpleQueue(), Lock(), Event()
            process, pool, block = Process(target=print, args=("child",)), Pool(1), SharedMemory(create=True, size=8)
            process.start()
            lock.acquire()
            for method in (a.close, b.poll, simple.get, queue.close, lock.release, event.wait, event.set, process.join):
                atexit.register(method)
            for method in (block.unlink, block.close, pool.terminate):
                atexit.register(method)
            for method in (a.send, simple.put, queue.put):
                atexit.register(method, 1)
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
    "exceptions that cannot be changed": """
        import dataclasses
        from concurrent.futures import ThreadPoolExecutor

        @dataclasses.dataclass(frozen=True)
        class Frozen(Exception):
            pass

        class Odd(Exception):
            __traceback__ = property(lambda self: 1 / 0)

        def fail(error):
            raise error()

        if __name__ == "__main__":
            with ThreadPoolExecutor(1) as ex:
                for error in (Frozen, Odd):
                    try:
                        ex.submit(fail, error).result()
                    except (Frozen, Odd) as caught:
                        print(type(caught))
            fail(Frozen)
    """,
    "a queue with a feeder and a pickler of its own": """
        import multiprocessing as mp, pickle, threading
        from multiprocessing.queues import Queue

        class Own(Queue):
            def _start_thread(self):
                self._buffer.clear()
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

            def _run(self):
                while True:
                    with self._notempty:
                        while not self._buffer:
                            self._notempty.wait()
                        found = self._buffer.popleft()
                    if type(found) is not tuple:
                        print("not what was put:", type(found))
                    self._writer.send_bytes(pickle.dumps(found))

        def work(q):
            print(q.get(), q.get())

        if __name__ == "__main__":
            q = Own(ctx=mp.get_context())
            p = mp.Process(target=work, args=(q,))
            p.start()
            q.put(("words", 1))
            q.put(("more", 2))
            p.join()
    """,
    "what is called as nobody else would": """
        import multiprocessing as mp, pickle, threading
        from concurrent.futures import ThreadPoolExecutor

        def capture(*args, **kwargs):
            return args, kwargs

        def show(f, *args):
            try:
                f(*args)
            except Exception as error:
                print(type(error), error)

        if __name__ == "__main__":
            with ThreadPoolExecutor(1) as pool:
                print(pool.submit(capture, 1, self=2, fn=3, thing=4).result())
            for lock in (mp.Lock(), mp.RLock(), mp.Semaphore(2)):
                show(pickle.dumps, lock.acquire)
                show(lock.release, 1)
                print(lock.acquire.__name__, lock.release.__qualname__, threading.Thread(target=lock.acquire).name)
    """,
    "streams of children closed by hand, then again": """
        import subprocess, sys

        with subprocess.Popen([sys.executable, "-c", "print(input())"], stdin=-1, stdout=-1, stderr=-1) as child:
            child.stdin.write(b"words")
            child.stdin.close()
            print(child.stdout.read())
            for stream in (child.stdin, child.stdout, child.stderr):
                stream.close()
                stream.close()
        child = subprocess.Popen(["true"], stdout=-1, text=True)
        raw = child.stdout.detach()
        child.wait()
        raw.close()
        try:
            child.stdout.close()
        except ValueError as error:
            print(error)
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
    "tracebacks of calls that fail": """
        import multiprocessing as mp, subprocess, threading, traceback
        from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait
        from multiprocessing import RawArray, Array, connection, shared_memory, managers

        def bad(x):
            return 1 // x

        def own():
            return mp.Lock().release()

        class P(mp.Process):
            def run(self):
                raise ValueError("mine")

        class T(threading.Thread):
            def run(self):
                mp.Queue(1).get_nowait()

        def show(f, *args, **kw):
            try:
                f(*args, **kw)
            except BaseException:
                traceback.print_exc()

        def done(future):
            # Where a result raises hangs on whether it has come already.
            wait([future])
            return future

        if __name__ == "__main__":
            with mp.Pool(1) as pool:
                show(pool.map, bad, [0])
                show(pool.apply, own)
                show(pool.apply_async(bad, (0,)).get)
                show(lambda: list(pool.imap(bad, [0])))
                show(pool.apply, lambda: 1)
            show(pool.apply, bad, (1,))
            with ProcessPoolExecutor(1) as ex:
                show(done(ex.submit(bad, 0)).result)
                show(lambda: list(ex.map(own, [])))
                show(done(ex.submit(own)).result)
            show(ex.submit, bad, 1)
            with mp.Manager() as m:
                q = m.Queue()
                show(q.get_nowait)
                show(m.dict().__getitem__, 3)
                show(m.list().pop)
                show(m.Lock().release)
                show(m.Namespace().__getattr__, "x")
            show(q.get_nowait)
            show(mp.Queue().get, True, 0.01)
            show(mp.Queue(1).get_nowait)
            q = mp.Queue(1)
            q.put(1)
            show(q.put_nowait, 2)
            q.get()
            q.close()
            show(q.get)
            show(q.put, 1)
            show(mp.JoinableQueue().task_done)
            show(mp.SimpleQueue().put, lambda: 1)
            show(lambda: RawArray("i", 2)[5])
            a = Array("i", 2)
            show(lambda: a[5])
            show(a.__setitem__, 0, "x")
            show(RawArray("i", 2).__setitem__, 5, 1)
            v = mp.Value("i")
            show(setattr, v, "value", "x")
            show(lambda: v.get_lock().release())
            for o in (mp.Lock(), mp.RLock(), mp.BoundedSemaphore(1), mp.Condition()):
                show(o.release)
            show(mp.Condition().notify)
            show(mp.Condition().wait)
            show(mp.Condition().notify_all)
            show(mp.Condition().wait_for, lambda: 1/0)
            show(mp.Semaphore, -1)
            show(mp.Barrier, 0)
            show(mp.Barrier(2).wait, 0.01)
            show(mp.Lock().acquire, 1, 2, 3)
            show(mp.Event().wait, "x")
            x, y = mp.Pipe(False)
            show(x.send, 1)
            show(y.recv)
            y.close()
            show(x.recv)
            show(x.recv_bytes)
            x.close()
            show(x.recv)
            show(x.poll)
            show(y.send_bytes, b"")
            show(x.fileno)
            show(mp.Pipe, 1, 2, 3)
            show(connection.wait, [3.5])
            show(connection.Client, ("127.0.0.1", 1))
            show(connection.Listener, "no/such/folder/x")
            show(connection.Client, "no/such")
            p = P()
            show(p.join)
            p.start()
            p.join()
            show(p.start)
            p.close()
            show(p.join)
            show(p.is_alive)
            show(p.terminate)
            show(setattr, mp.Process(), "daemon", 3)
            p = mp.Process(target=print)
            p.start()
            show(setattr, p, "daemon", True)
            p.join()
            show(mp.Process, 1, 2, 3, 4, 5, 6)
            show(mp.Process, bad, bad)
            t = T()
            t.start()
            t.join()
            show(t.start)
            show(threading.Thread().join)
            show(threading.Thread, 3)
            show(mp.set_start_method, "no")
            show(mp.get_context, "no")
            show(mp.get_start_method, 1, 2)
            show(shared_memory.SharedMemory, "nosuchname")
            show(shared_memory.SharedMemory, "x", True, -1)
            show(subprocess.run, ["false"], check=True)
            show(subprocess.Popen, ["nosuch"])
            with ThreadPoolExecutor(1) as ex:
                show(done(ex.submit(bad, 0)).result)
            show(managers.SharedMemoryManager, 1, 2, 3, 4, 5, 6, 7)
            show(mp.get_context("spawn").Process(target=lambda: 1).start)
            show(mp.Pool, 0)
            show(mp.Pool, 1, 3)
            show(mp.Manager().Queue, "x", 3, 4)
            show(mp.Value, "nosuch", 1)
            show(mp.Array, "i", "x")
            show(mp.RawValue, "q", "x")
    """,
    "functions of the library that are handed to another process": """
        import multiprocessing as mp, os, pickle, signal, subprocess, threading, time
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import connection, managers, pool, process, resource_tracker, shared_memory, sharedctypes

        WHERE = (mp, os, subprocess, threading, connection, managers, pool, process, resource_tracker, sharedctypes)

        def stays(function):
            try:
                return pickle.loads(pickle.dumps(function)) is function
            except Exception as error:
                return type(error).__name__

        if __name__ == "__main__":
            for module in WHERE:
                found = {name: one for name, one in vars(module).items() if callable(one) and not isinstance(one, type)}
                plain = {name: one for name, one in found.items() if not hasattr(one, "__self__") or module is os}
                kept = {name: stays(one) for name, one in sorted(plain.items())}
                print(module.__name__, [(name, how) for name, how in kept.items() if how is not True])
            leaving = mp.get_context("spawn").Process(target=os._exit, args=(3,))
            leaving.start()
            leaving.join()
            print(leaving.exitcode)
            with ProcessPoolExecutor(1, mp_context=mp.get_context("forkserver")) as executor:
                print(executor.submit(os.kill, os.getpid(), 0).result())
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
    return process.returncode, out, _CHANGING.sub("*", err)


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
