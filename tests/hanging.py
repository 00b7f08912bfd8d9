"""Runs the programs of ``hangs.py`` under the watch: what is stuck must be told soon, what is slow must come to its end.

``python tests/hanging.py [--repeat N] [--load N] [--at-once N] [--method METHOD] [NAME ...]`` measures it again and again, with
N processes that compute all the while, and prints how long the verdicts took; 1 where one was missed, late or false.
"""

from __future__ import annotations

import argparse
import collections
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from hangs import SLOW, STUCK, text

ROOT = pathlib.Path(__file__).resolve().parent.parent
METHODS = ("fork", "spawn", "forkserver")
# Seconds within which a verdict must come, and after which a run is ended by us.
SOON, LIMIT = 5.0, 60.0
REPORT = "stuck for good"


@dataclass
class Outcome:
    """How a program ended under the watch: its status, what was printed, and how long after its last mark it was told."""

    name: str
    method: str
    status: int | None = None
    output: str = ""
    errors: list[str] = field(default_factory=list)
    told: float | None = None

    @property
    def after(self) -> float | None:
        """Seconds from the last mark to the report; None where there was no report."""
        marks = [float(line) for line in self.output.split() if line.replace(".", "", 1).isdigit()]
        return self.told - max(marks) if self.told is not None and marks else None

    @property
    def fault(self) -> str:
        """What is wrong with it; nothing where it came out as it should."""
        if self.name in SLOW:
            if self.status == 0 and self.told is None and self.output.endswith("done\n"):
                return ""
            return f"ended with {self.status}" if self.told is None else "false alarm"
        if self.after is None:
            return "missed" if self.status in (None, 70) else f"ended with {self.status}"
        return "" if self.status == 70 and self.after < SOON else f"told after {self.after:.1f} s"

    def __str__(self) -> str:
        return f"{self.name} under {self.method}: {self.fault}\n" + "".join(self.errors)


def run(folder: pathlib.Path, name: str, method: str, limit: float = LIMIT) -> Outcome:
    """Runs one program under the watch; nothing of it is left behind."""
    script = folder / f"{name}.py"
    if not script.exists():
        script.write_text(text({**STUCK, **SLOW}[name]), encoding="utf-8")
    done = Outcome(name, method)
    with subprocess.Popen(
        [sys.executable, "-m", "flake8_ipc.runtime", "--start-method", method, "--exit-zero", str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        reader = threading.Thread(target=_read, args=(process, done))
        reader.start()
        timer = threading.Timer(limit, end, (process,))
        timer.start()
        try:
            assert process.stdout is not None
            done.output = process.stdout.read()
            done.status = process.wait()
        finally:
            late = not timer.is_alive()
            timer.cancel()
            end(process)
            reader.join()
    if late:
        done.status = None
    return done


def _read(process: subprocess.Popen[str], done: Outcome) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(REPORT) and done.told is None:
            done.told = time.monotonic()
        done.errors.append(line)


def end(process: subprocess.Popen[str]) -> None:
    """Ends a program and all that is in its session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run_all(folder: pathlib.Path, names: Sequence[str], methods: Sequence[str], at_once: int) -> Iterator[Outcome]:
    """Runs each program under each start method, several at once: most of the time they sleep."""
    with ThreadPoolExecutor(at_once) as pool:
        pairs = [(name, method) for name in names for method in methods]
        yield from pool.map(lambda pair: run(folder, *pair), pairs)


@contextmanager
def loaded(count: int) -> Iterator[None]:
    """With so many processes that compute all the while."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for one in busy:
            one.kill()
            one.wait()


def main() -> int:
    """Prints each fault, and the figures of each round and of all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--load", type=int, default=0, help="processes that compute beside them")
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--method", action="append", choices=METHODS)
    parser.add_argument("names", nargs="*", default=[*STUCK, *SLOW])
    options = parser.parse_args()
    counted: collections.Counter[str] = collections.Counter()
    times: list[float] = []
    with tempfile.TemporaryDirectory(prefix="hanging-") as folder, loaded(options.load):
        for turn in range(options.repeat):
            for done in run_all(pathlib.Path(folder), options.names, options.method or METHODS, options.at_once):
                counted["stuck" if done.name in STUCK else "slow"] += 1
                times += [done.after] if done.after is not None else []
                if done.fault:
                    counted[done.fault.partition(" after")[0]] += 1
                    print(done, flush=True)
            print(f"round {turn + 1}: {dict(counted)} {_figures(times)}", flush=True)
    return int(bool(counted.keys() - {"stuck", "slow"}))


def _figures(times: list[float]) -> str:
    return f"told after {statistics.median(times):.1f} s (median), {max(times):.1f} s (most)" if times else ""


if __name__ == "__main__":
    sys.exit(main())
