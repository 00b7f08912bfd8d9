"""What the watch costs: ``python tests/bench_run.py [--turns N] [--rounds N]``; coverage.py and VizTracer beside it, if there.

CPU seconds of the program and all its children, bare and watched by turns, pinned to one core each; the median of the
rounds. What it costs to start is measured with one turn and taken off both.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
from importlib.util import find_spec

ROOT = pathlib.Path(__file__).parent.parent

PIPE = """
import sys
from multiprocessing import Pipe, Process

def work():
    {work}

def drain(inlet):
    while inlet.recv() is not None:
        work()

if __name__ == "__main__":
    inlet, outlet = Pipe(duplex=False)
    process = Process(target=drain, args=(inlet,))
    process.start()
    inlet.close()
    for number in range(int(sys.argv[1])):
        outlet.send(("a word", number))
    outlet.send(None)
    process.join()
"""
QUEUE = """
import sys
from multiprocessing import Process, {kind} as Queue

def drain(queue):
    while queue.get() is not None:
        pass

if __name__ == "__main__":
    queue = Queue()
    process = Process(target=drain, args=(queue,))
    process.start()
    for number in range(int(sys.argv[1])):
        queue.put(("a word", number))
    queue.put(None)
    process.join()
"""
VALUE = """
import sys
from multiprocessing import Value

if __name__ == "__main__":
    value = Value("i", 0)
    for number in range(int(sys.argv[1])):
        value.value += 1
"""
START = """
import sys
from multiprocessing import Process

if __name__ == "__main__":
    for number in range(int(sys.argv[1])):
        process = Process(target=int)
        process.start()
        process.join()
"""
# About 100 us.
_WORK = "sum(range(5_000))"
# The program, how many turns as a share of those asked for, and what it may cost.
PROGRAMS = {
    "Pipe": (PIPE.format(work="pass"), 1.0, 1.5),
    "Queue": (QUEUE.format(kind="Queue"), 1.0, 1.5),
    "SimpleQueue": (QUEUE.format(kind="SimpleQueue"), 1.0, 1.5),
    "Pipe, 100 us of work": (PIPE.format(work=_WORK), 0.2, 1.05),
    "v.value += 1": (VALUE, 2.0, 5.0),
    "start and join": (START, 0.005, 1.2),
}
_EXTRA = os.environ.get("PYTHONPATH", "")


def tools() -> dict[str, list[str]]:
    """The commands to measure."""
    watched = [sys.executable, "-m", "flake8_ipc.runtime", "--exit-zero", "--output", "/dev/null"]
    found = {"bare": [sys.executable], "flake8-ipc": watched}
    if find_spec("coverage"):
        found["coverage"] = [sys.executable, "-m", "coverage", "run", "--concurrency=multiprocessing", "--parallel-mode"]
    if find_spec("viztracer"):
        found["viztracer"] = [sys.executable, "-m", "viztracer", "--quiet", "--output_file", "/dev/null", "--"]
    return found


def cpu(command: list[str], folder: str) -> float:
    """The CPU seconds of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    path = os.pathsep.join([str(ROOT), *filter(None, [_EXTRA])])
    environment = {**os.environ, "PYTHONPATH": path}
    quiet = subprocess.DEVNULL
    subprocess.run(command, cwd=folder, env=environment, stdout=quiet, stderr=quiet, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(name: str, turns: int, rounds: int, folder: str) -> dict[str, float]:
    """The seconds of each tool, without what it takes to start."""
    text, share, _ = PROGRAMS[name]
    (pathlib.Path(folder) / "program.py").write_text(text, encoding="utf-8")
    many = max(1, round(turns * share))
    found: dict[str, list[float]] = {tool: [] for tool in tools()}
    for _ in range(rounds):
        for tool, command in tools().items():
            once = cpu([*command, "program.py", "1"], folder)
            found[tool].append(cpu([*command, "program.py", str(many)], folder) - once)
    return {tool: statistics.median(seconds) for tool, seconds in found.items()}


def main() -> int:
    """Prints a table; 1 where the watch costs more than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=PROGRAMS, action="append")
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    others = [tool for tool in tools() if tool != "bare"]
    print(f"{'':24}{'bare, s':>10}" + "".join(f"{tool:>12}" for tool in others) + f"{'at most':>12}")
    dear = False
    with tempfile.TemporaryDirectory() as folder:
        for name in options.only or PROGRAMS:
            seconds = measure(name, options.turns, options.rounds, folder)
            ratios = {tool: seconds[tool] / seconds["bare"] for tool in others}
            limit = PROGRAMS[name][2]
            dear = dear or ratios["flake8-ipc"] > limit
            row = "".join(f"{ratios[tool]:12.2f}" for tool in others)
            print(f"{name:24}{seconds['bare']:10.2f}{row}{limit:12.2f}", flush=True)
    return 1 if dear else 0


if __name__ == "__main__":
    sys.exit(main())
