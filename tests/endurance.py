"""A million messages in bounded memory: ``python tests/endurance.py [--messages N] [--limit SECONDS]``.

Each program is run under the watch, with a tenth of the messages and with all of them: the largest of its processes, the
one that watches and judges included, and the records must not grow with the messages. Prints a table; 1 where they do, or
where a program comes to no end in time.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent

_PIPE = """
import sys
from multiprocessing import Pipe, Process

def drain(inlet):
    while inlet.recv() is not None:
        pass

if __name__ == "__main__":
    inlet, outlet = Pipe(duplex=False)
    process = Process(target=drain, args=(inlet,))
    process.start()
    inlet.close()
    for number in range(int(sys.argv[1])):
        outlet.send(("a word", number))
    outlet.send(None)
    outlet.close()
    process.join()
    print("done")
"""
# Never more than some messages on their way: what lies in a queue is the program's own.
_QUEUE = """
import sys
from multiprocessing import Process, Queue

def answer(asked, answers):
    for number in iter(asked.get, None):
        answers.put(number)

if __name__ == "__main__":
    asked, answers = Queue(100), Queue()
    process = Process(target=answer, args=(asked, answers))
    process.start()
    for number in range(int(sys.argv[1]) // 2):
        asked.put(number)
        if number >= 50:
            answers.get()
    for number in range(min(50, int(sys.argv[1]) // 2)):
        answers.get()
    asked.put(None)
    process.join()
    print("done")
"""
_JOINABLE = """
import sys
from multiprocessing import JoinableQueue, Process

def work(queue):
    for number in iter(queue.get, None):
        queue.task_done()
    queue.task_done()

if __name__ == "__main__":
    queue = JoinableQueue(100)
    process = Process(target=work, args=(queue,))
    process.start()
    for number in range(int(sys.argv[1]) // 2):
        queue.put(number)
    queue.put(None)
    queue.join()
    process.join()
    print("done")
"""
_LOCKED = """
import sys
from multiprocessing import Event, Lock, Process, Value

def count(lock, value, turns):
    for number in range(turns):
        with lock:
            value.value += 1

if __name__ == "__main__":
    lock, value = Lock(), Value("i", 0)
    processes = [Process(target=count, args=(lock, value, int(sys.argv[1]) // 2)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert value.value == int(sys.argv[1]) // 2 * 2
    print("done")
"""
PROGRAMS = {"Pipe": _PIPE, "Queue, there and back": _QUEUE, "JoinableQueue": _JOINABLE, "updates under a lock": _LOCKED}
# What more messages may cost: a little of an allocator's own, and what a clock's longer numbers take.
_MORE_MEMORY, _MORE_RECORD = 8 << 20, 64 << 10


@dataclass(frozen=True)
class Endured:
    """One run: bytes of its largest process and of its records, seconds, how it ended, what it printed."""

    memory: int
    records: int
    seconds: float
    status: int | None
    out: str


def endure(program: str, messages: int, limit: float) -> Endured:
    """Runs a program under the watch; what comes to no end in time is ended with all that it started."""
    with tempfile.TemporaryDirectory(prefix="endurance-", ignore_cleanup_errors=True) as folder:
        script = pathlib.Path(folder, "program.py")
        script.write_text(program, encoding="utf-8")
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "flake8_ipc.runtime", "--start-method", "fork", str(script), str(messages)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": folder},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        records, memory, status = 0, 0, None
        try:
            while time.monotonic() - began < limit:
                records = max(records, _records(folder))
                pid, code, used = os.wait4(process.pid, os.WNOHANG)
                if pid:
                    # Of whoever was waited for, and of all whom those have waited for (getrusage(2), ru_maxrss).
                    process.returncode = status = os.waitstatus_to_exitcode(code)
                    memory = used.ru_maxrss << 10
                    break
                time.sleep(0.05)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return Endured(memory, records, time.monotonic() - began, status, process.stdout.read())


def _records(folder: str) -> int:
    """What all that the watch has written comes to."""
    total = 0
    for one in pathlib.Path(folder).glob("flake8-ipc-*/*"):
        with suppress(OSError):
            total += one.stat().st_size
    return total


def grown(few: Endured, many: Endured) -> list[str]:
    """What is wrong with a longer run beside a shorter one."""
    found = [f"ended with {one.status}: {one.out[-300:]}" for one in (few, many) if (one.status, one.out) != (0, "done\n")]
    if many.memory > few.memory + _MORE_MEMORY:
        found.append(f"memory grows with the messages: {few.memory >> 20} to {many.memory >> 20} MiB")
    if many.records > few.records + _MORE_RECORD:
        found.append(f"the records grow with the messages: {few.records >> 10} to {many.records >> 10} KiB")
    return found


def main() -> int:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--limit", type=float, default=900, help="seconds that one program may take")
    options = parser.parse_args()
    print(f"{'':26}{'messages':>10}{'seconds':>10}{'MiB':>8}{'KiB written':>13}")
    worst = 0
    for name, program in PROGRAMS.items():
        runs = []
        for messages in (options.messages // 10, options.messages):
            one = endure(program, messages, options.limit)
            runs.append(one)
            print(f"{name:26}{messages:10}{one.seconds:10.1f}{one.memory >> 20:8}{one.records >> 10:13}", flush=True)
        for line in grown(*runs):
            worst = 1
            print(f"    {line}", flush=True)
    return worst


if __name__ == "__main__":
    sys.exit(main())
