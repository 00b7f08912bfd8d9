"""What the watch costs: ``python tests/bench_run.py [--turns N] [--rounds N]``; coverage.py and VizTracer beside it, if there.

CPU seconds of the program and all its descendants, bare and watched by turns, pinned to one core each; the median of the
rounds. What it costs to start is measured with one turn and taken off both. ``flake8-ipc`` is the watch alone: the program
with all that is done within its processes. ``and judged`` has the launcher too, which looks at the program while it runs
and has its records judged afterwards: that grows with what was told, and stands apart as coverage.py's report does, which is
not measured here either. The limits are on the watch. Last comes what the monitor takes of a core
while a program runs for some seconds: one whose processes all wait, which is what it has to look into, and one that works.
"""

from __future__ import annotations

import argparse
import compileall
import ctypes
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from flake8_ipc.runtime.launcher import session  # noqa: E402 - of this checkout

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
from multiprocessing import get_context

Process = get_context("{method}").Process

if __name__ == "__main__":
    for number in range(int(sys.argv[1])):
        process = Process(target=int)
        process.start()
        process.join()
"""
# Workers that wait for a producer who takes his time: nobody is stuck, and whoever looks has to prove that.
WAITING = """
import sys, time
from multiprocessing import Process, Queue

def work(queue):
    for _ in iter(queue.get, None):
        pass

if __name__ == "__main__":
    queue = Queue()
    processes = [Process(target=work, args=(queue,)) for _ in range(8)]
    for process in processes:
        process.start()
    time.sleep(float(sys.argv[1]))
    for process in processes:
        queue.put(None)
    for process in processes:
        process.join()
"""
# The same, and the producer is in another process, which main waits for: all but one wait.
JOINING = WAITING.replace("    time.sleep(float(sys.argv[1]))", """\
    producer = Process(target=time.sleep, args=(float(sys.argv[1]),))
    producer.start()
    producer.join()""")
WORKING = """
import sys, time
from multiprocessing import Process

def work(until):
    while time.monotonic() < until:
        sum(range(1000))

if __name__ == "__main__":
    processes = [Process(target=work, args=(time.monotonic() + float(sys.argv[1]),)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
"""
MONITORED = {"monitor, 8 wait": WAITING, "monitor, all but 1 wait": JOINING, "monitor, 2 work": WORKING}
_SHARE = 0.02
# About 100 us.
_WORK = "sum(range(5_000))"
# The program, how many turns as a share of those asked for, and what it may cost.
PROGRAMS = {
    "Pipe": (PIPE.format(work="pass"), 1.0, 1.5),
    "Queue": (QUEUE.format(kind="Queue"), 1.0, 1.5),
    "SimpleQueue": (QUEUE.format(kind="SimpleQueue"), 1.0, 1.5),
    "Pipe, 100 us of work": (PIPE.format(work=_WORK), 0.2, 1.05),
    "v.value += 1": (VALUE, 2.0, 5.0),
    "start and join, fork": (START.format(method="fork"), 0.005, 1.2),
    "start and join, spawn": (START.format(method="spawn"), 0.001, 1.2),
    "start and join, server": (START.format(method="forkserver"), 0.002, 1.2),
}
# What coverage.py is told by a file alone, when it is to follow multiprocessing.
CONFIGURATION = "coverage.ini"
_COVERAGE = "[run]\nconcurrency = multiprocessing\nparallel = true\n"
_EXTRA = os.environ.get("PYTHONPATH", "")
# What the launcher starts, and in the stead of the session's folder.
_PROGRAM, _FOLDER = str(ROOT / "flake8_ipc" / "runtime" / "program.py"), "{folder}"


def tools() -> dict[str, list[str]]:
    """The commands to measure."""
    judged = [sys.executable, "-m", "flake8_ipc.runtime", "--exit-zero", "--output", "/dev/null"]
    found = {"bare": [sys.executable], "flake8-ipc": [sys.executable, _PROGRAM, _FOLDER], "and judged": judged}
    if find_spec("coverage"):
        found["coverage"] = [sys.executable, "-m", "coverage", "run", f"--rcfile={CONFIGURATION}"]
    if find_spec("viztracer"):
        found["viztracer"] = [sys.executable, "-m", "viztracer", "--quiet", "--output_file", "trace.json", "--"]
    return found


def cpu(command: list[str], folder: str) -> float:
    """The CPU seconds of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    path = os.pathsep.join([str(ROOT), *filter(None, [_EXTRA])])
    environment = {**os.environ, "PYTHONPATH": path}
    quiet = subprocess.DEVNULL
    with session("program.py") as mine:
        command = [mine.folder if one == _FOLDER else one for one in command]
        subprocess.run(command, cwd=folder, env=environment, stdout=quiet, stderr=quiet, check=False)
        _reap()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _adopt() -> None:
    """Has fork servers and resource trackers, which outlive the program, become children of this process (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


_PR_SET_CHILD_SUBREAPER = 36


def _reap() -> None:
    """Waits for those, so that their time is counted, and their children's."""
    with suppress(ChildProcessError):
        while True:
            os.wait()


def measure(name: str, turns: int, rounds: int, folder: str) -> dict[str, float]:
    """The seconds of each tool, without what it takes to start."""
    text, share, _ = PROGRAMS[name]
    (pathlib.Path(folder) / "program.py").write_text(text, encoding="utf-8")
    (pathlib.Path(folder) / CONFIGURATION).write_text(_COVERAGE, encoding="utf-8")
    many = max(1, round(turns * share))
    found: dict[str, list[float]] = {tool: [] for tool in tools()}
    for _ in range(rounds):
        for tool, command in tools().items():
            once = cpu([*command, "program.py", "1"], folder)
            found[tool].append(cpu([*command, "program.py", str(many)], folder) - once)
    return {tool: statistics.median(seconds) for tool, seconds in found.items()}


def share(text: str, seconds: float, folder: str) -> float:
    """What share of a core the monitor takes while a program runs: without its own start, and without the judging."""
    (pathlib.Path(folder) / "program.py").write_text(text, encoding="utf-8")
    quiet = subprocess.DEVNULL
    path = os.pathsep.join([str(ROOT), *filter(None, [_EXTRA])])
    command = [*tools()["and judged"], "program.py", str(seconds + 3)]
    environment = {**os.environ, "PYTHONPATH": path}
    with subprocess.Popen(command, cwd=folder, env=environment, stdin=quiet, stdout=quiet, stderr=quiet) as process:
        time.sleep(2)
        begun, before = time.monotonic(), _spent(process.pid)
        time.sleep(seconds)
        return (_spent(process.pid) - before) / (time.monotonic() - begun)


def _spent(pid: int) -> float:
    """The CPU seconds of one process by itself, to the nanosecond (proc(5), ``schedstat``; its ``stat`` counts in ticks)."""
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9


def monitor(seconds: float, folder: str) -> bool:
    """Prints what the monitor takes; whether that is too much."""
    dear = False
    for name, text in MONITORED.items():
        taken = share(text, seconds, folder)
        dear = dear or taken > _SHARE
        print(f"{name:24}{taken:10.2%}{_SHARE:24.0%}", flush=True)
    return dear


def main() -> int:
    """Prints a table; 1 where the watch costs more than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="how long the monitor is looked at")
    parser.add_argument("--only", choices=[*PROGRAMS, "monitor"], action="append")
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    # Once, as an installation has it done: else each process would compile anew what has changed.
    compileall.compile_dir(ROOT / "flake8_ipc", quiet=2)
    _adopt()
    others = [tool for tool in tools() if tool != "bare"]
    print(f"{'':24}{'bare, s':>10}" + "".join(f"{tool:>12}" for tool in others) + f"{'at most':>12}")
    dear = False
    with tempfile.TemporaryDirectory() as folder:
        for name in [one for one in options.only or PROGRAMS if one != "monitor"]:
            seconds = measure(name, options.turns, options.rounds, folder)
            ratios = {tool: seconds[tool] / seconds["bare"] for tool in others}
            limit = PROGRAMS[name][2]
            dear = dear or ratios["flake8-ipc"] > limit
            row = "".join(f"{ratios[tool]:12.2f}" for tool in others)
            print(f"{name:24}{seconds['bare']:10.2f}{row}{limit:12.2f}", flush=True)
        if not options.only or "monitor" in options.only:
            dear = monitor(options.seconds, folder) or dear
    return 1 if dear else 0


if __name__ == "__main__":
    sys.exit(main())
