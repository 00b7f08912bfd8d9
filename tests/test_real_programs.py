"""Random small programs, judged and really run: what is reported stuck hangs, and what hangs is reported.

``python tests/test_real_programs.py [PROGRAMS [SEED]]`` counts both kinds of error over more of them.
"""

from __future__ import annotations

import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from flake8_ipc.lint import lint
from flake8_ipc.options import Options

# Codes that say that the program can be kept waiting for good.
WAITS = frozenset("IPC201 IPC202 IPC205 IPC207 IPC208 IPC304 IPC306 IPC602 IPC603 IPC605 IPC606 IPC601".split())
# A run that has not come to its end by then hangs: each waits at most a few hundredths of a second of its own accord.
SECONDS = 3.0
SCHEDULES = 4

HEAD = """\
import random
import sys
import time
from multiprocessing import Event, Lock, Pipe, Process, Queue

turn = random.Random(int(sys.argv[1]))
# More than a pipe holds: whoever joins its sender before taking it waits for good.
NEWS = "x" * 200_000


def pause():
    time.sleep(turn.choice([0, 0, 0.03]))


def child(first, second, near, lock, other, ready):
    turn.seed(int(sys.argv[1]) + 1)
"""

MAIN = """

if __name__ == "__main__":
    first, second = Queue(), Queue()
    far, near = Pipe()
    lock, other, ready = Lock(), Lock(), Event()
    process = Process(target=child, args=(first, second, near, lock, other, ready))
    process.start()
    near.close()
"""


@dataclass(frozen=True)
class Program:
    """The deeds of both sides, each a few lines of code."""

    child: tuple[str, ...]
    main: tuple[str, ...]

    @property
    def text(self) -> str:
        """The program."""
        child = "".join(f"    pause()\n    {line}\n" for line in self.child) or "    pass\n"
        main = "".join(f"    pause()\n    {line}\n" for line in self.main)
        return HEAD + child + MAIN + main


def drawn(choice: random.Random) -> Program:
    """A program of the grammar: messages over two queues and a pipe, two locks held in sections, an event, a join."""
    child = _side(choice, "near")
    main = _side(choice, "far")
    main.insert(choice.randint(0, len(main)) if choice.random() < 0.3 else len(main), "process.join()")
    return Program(tuple(child), tuple(main))


def _side(choice: random.Random, end: str) -> list[str]:
    deeds: list[str] = []
    for _ in range(choice.randint(1, 4)):
        kind = choice.choice(("put", "get", "put", "get", "send", "recv", "section", "signal"))
        queue = choice.choice(("first", "second"))
        if kind == "put":
            deeds.append(f"{queue}.put(NEWS)")
        elif kind == "get":
            deeds.append(f"print(len({queue}.get()))")
        elif kind == "send":
            deeds.append(f"{end}.send(NEWS)")
        elif kind == "recv":
            deeds.append(f"print(len({end}.recv()))")
        elif kind == "signal":
            deeds.append(choice.choice(("ready.set()", "ready.wait()")))
        else:
            deeds += _section(choice)
    return deeds


def _section(choice: random.Random) -> list[str]:
    one, two = choice.sample(("lock", "other"), 2)
    if choice.random() < 0.5:
        return [f"with {one}: print('alone')"]
    return [f"with {one}:\n        pause()\n        with {two}: print('both')"]


def reported(program: Program) -> bool:
    """Whether the linter says that it can hang."""
    return any(finding.code in WAITS for finding in lint(program.text, "program.py", Options()))


def hangs(program: Program, folder: pathlib.Path) -> bool:
    """Whether it hangs in one of several schedules; a run that dies of an error does not."""
    path = folder / "program.py"
    path.write_text(program.text)
    runs = [
        subprocess.Popen(
            [sys.executable, str(path), str(seed)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for seed in range(SCHEDULES)
    ]
    stuck = False
    for run in runs:
        try:
            run.wait(SECONDS)
        except subprocess.TimeoutExpired:
            stuck = True
        finally:
            try:
                os.killpg(run.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            run.wait()
    return stuck


def count(programs: int, seed: int) -> tuple[list[Program], list[Program], int]:
    """The programs that were reported and never hung, those that hung and were not reported, and how many hung."""
    choice = random.Random(seed)
    false_alarms, missed, hung = [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(programs):
            program = drawn(choice)
            said, real = reported(program), hangs(program, pathlib.Path(folder))
            hung += real
            if said and not real:
                false_alarms.append(program)
            if real and not said:
                missed.append(program)
    return false_alarms, missed, hung


def test_what_is_said_is_what_happens() -> None:
    false_alarms, missed, hung = count(12, seed=2)
    assert 0 < hung < 12
    assert not false_alarms, false_alarms[0].text
    assert not missed, missed[0].text


if __name__ == "__main__":
    many, seed = int(sys.argv[1]) if len(sys.argv) > 1 else 100, int(sys.argv[2]) if len(sys.argv) > 2 else 1
    alarms, misses, hung = count(many, seed)
    for title, found in (("reported, and did not hang", alarms), ("hung, and was not reported", misses)):
        for program in found:
            print(f"--- {title}:\n{program.text}")
    print(f"{many} programs, {hung} hung; {len(alarms)} reported that did not hang, {len(misses)} not reported that did")
