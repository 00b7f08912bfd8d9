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
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flake8_ipc.lint import lint
from flake8_ipc.options import Options

# Codes that say that the program can be kept waiting for good, whatever the size of its messages.
WAITS = frozenset("IPC201 IPC205 IPC206 IPC207 IPC208 IPC304 IPC602 IPC603 IPC605 IPC606".split())
# Those that say so of messages which do not fit into a pipe.
CROWDED = WAITS | {"IPC202", "IPC306"}
# A run all of whose threads slept for so long without being woken once hangs: none pauses for longer.
STILL = 0.8
# Longer than this no run is watched.
SECONDS = 60.0
SCHEDULES = 4
# What is reported and does not hang is given more chances, with longer pauses.
MORE, LONGER = 16, 5.0

HEAD = """\
import random
import sys
import time
from multiprocessing import Barrier, Event, JoinableQueue, Lock, Pipe, Process, Queue, Semaphore, SimpleQueue

turn = random.Random(int(sys.argv[1]))
longer = float(sys.argv[2])
{news}


def pause():
    time.sleep(longer * turn.choice([0, 0, 0.03]))
"""
SMALL = '# Fits into any pipe: nobody waits for room.\nNEWS = "x"'
LARGE = '# Fits into no pipe: whoever sends waits until it is taken.\nNEWS = "x" * 300_000'

# What the straight programs share, and what the woven ones do.
STRAIGHT = """\
    first, second = Queue(), Queue()
    far, near = Pipe()
    lock, other, ready = Lock(), Lock(), Event()
"""
WOVEN = """\
    first, second = {first}, {second}
    far, near = Pipe()
    lock, other, ready = Lock(), Lock(), Event()
    tickets, meeting = Semaphore({tickets}), Barrier(2)
"""


@dataclass(frozen=True)
class Program:
    """The deeds of the main program and of each child, each a few lines of code."""

    shared: str
    names: str
    children: tuple[tuple[str, ...], ...]
    main: tuple[str, ...]
    large: bool = False

    @property
    def text(self) -> str:
        """The program."""
        text = HEAD.format(news=LARGE if self.large else SMALL)
        for number, deeds in enumerate(self.children, 1):
            text += f"\n\ndef child{number}({self.names}):\n    turn.seed(int(sys.argv[1]) + {number})\n" + _lines(deeds)
        text += f'\n\nif __name__ == "__main__":\n{self.shared}'
        for number, _ in enumerate(self.children, 1):
            text += f"    process{number} = Process(target=child{number}, args=({self.names}))\n    process{number}.start()\n"
        return text + "    near.close()\n" + _lines(self.main)


def _lines(deeds: tuple[str, ...]) -> str:
    return "".join("    pause()\n" + "".join(f"    {line}\n" for line in deed.split("\n")) for deed in deeds)


# -- programs at random


def straight(choice: random.Random) -> Program:
    """Messages over two queues and a pipe, two locks held in sections, an event, a join, in any order at all."""
    child = _side(choice, "near")
    main = _side(choice, "far")
    main.insert(choice.randint(0, len(main)) if choice.random() < 0.3 else len(main), "process1.join()")
    return Program(STRAIGHT, "first, second, near, lock, other, ready", (tuple(child),), tuple(main))


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
    return [f"with {one}:\n    pause()\n    with {two}: print('both')"]


def woven(choice: random.Random) -> Program:
    """Two sides that answer each other in all they do, loops included; then, mostly, one thing is left out or moved."""
    sides: tuple[list[str], list[str]] = ([], [])
    large = choice.random() < 0.3
    second = choice.choice(("Queue()", "SimpleQueue()", "JoinableQueue()", "Queue(1)", "Queue(2)"))
    for _ in range(choice.randint(1, 3)):
        giver = choice.randint(0, 1)
        for side, deed in _exchange(choice, giver, "Joinable" in second, large):
            sides[side].append(deed)
    main, child = sides
    main.insert(choice.randint(0, len(main)) if choice.random() < 0.15 else len(main), "process1.join()")
    for _ in range(choice.choice((0, 1, 1, 2))):
        _spoil(choice, choice.choice(sides))
    shared = WOVEN.format(first="Queue()", second=second, tickets=choice.choice((0, 0, 1)))
    names = "first, second, near, lock, other, ready, tickets, meeting"
    return Program(shared, names, (tuple(child),), tuple(main), large)


def _exchange(choice: random.Random, giver: int, joinable: bool, large: bool) -> Iterator[tuple[int, str]]:
    """What one side gives, and the other one takes (main is side 0)."""
    taker, turns = 1 - giver, choice.choice((1, 1, 2, 3, 5, 6))
    end = ("far", "near")
    queue = choice.choice(("first", "second"))
    done = f"\n{queue}.task_done()" if joinable and queue == "second" else ""
    kinds = ["count", "count", "split", "sentinel", "event", "ticket", "barrier", "lock", "join"]
    # Two sides that both send what does not fit wait for each other, which no code is about.
    kind = choice.choice(kinds if large else [*kinds, "pipe", "call"])
    if kind == "count":
        yield giver, _loop(turns, f"{queue}.put(NEWS)")
        yield taker, _loop(turns, f"print(len({queue}.get())){done}")
    elif kind == "split":
        first = choice.randint(1, turns)
        yield giver, _loop(turns, f"{queue}.put(NEWS)")
        yield taker, _loop(first, f"print(len({queue}.get())){done}")
        if first < turns:
            yield taker, _loop(turns - first, f"print(len({queue}.get())){done}")
    elif kind == "sentinel":
        yield giver, _loop(turns, f"{queue}.put(NEWS)")
        yield giver, f"{queue}.put(None)"
        yield taker, f"for news in iter({queue}.get, None):\n    print(len(news))" + done.replace("\n", "\n    ")
    elif kind == "pipe":
        yield giver, _loop(turns, f"{end[giver]}.send(NEWS)")
        yield taker, _loop(turns, f"print(len({end[taker]}.recv()))")
    elif kind == "call":
        yield giver, _loop(turns, f"{end[giver]}.send(NEWS)\nprint(len({end[giver]}.recv()))")
        yield taker, _loop(turns, f"{end[taker]}.send({end[taker]}.recv())")
    elif kind == "event":
        yield giver, "ready.set()"
        yield taker, "ready.wait()"
    elif kind == "ticket":
        yield giver, _loop(turns, "tickets.release()")
        yield taker, _loop(turns, "tickets.acquire()")
    elif kind == "barrier":
        yield giver, _loop(turns, "meeting.wait()")
        yield taker, _loop(turns, "meeting.wait()")
    elif kind == "lock":
        yield giver, "\n".join(_section(choice))
        yield taker, "\n".join(_section(choice))
    elif done:
        yield giver, _loop(turns, f"{queue}.put(NEWS)")
        yield giver, f"{queue}.join()"
        yield taker, _loop(turns, f"print(len({queue}.get())){done}")


def _loop(turns: int, deed: str) -> str:
    return deed if turns == 1 else f"for _ in range({turns}):\n    " + deed.replace("\n", "\n    ")


def _spoil(choice: random.Random, deeds: list[str]) -> None:
    """Leaves one deed out, moves it, does it twice, or under a lock, or once more or less often."""
    if not deeds:
        return
    at = choice.randrange(len(deeds))
    how = choice.choice(("drop", "move", "move", "twice", "under", "count"))
    if how == "drop":
        del deeds[at]
    elif how == "move":
        deed = deeds.pop(at)
        deeds.insert(choice.randint(0, len(deeds)), deed)
    elif how == "twice":
        deeds.insert(at, deeds[at])
    elif how == "under":
        deeds[at] = "with lock:\n    " + deeds[at].replace("\n", "\n    ")
    else:
        for turns in (2, 3, 5, 6):
            if f"range({turns})" in deeds[at]:
                deeds[at] = deeds[at].replace(f"range({turns})", f"range({turns + choice.choice((-1, 1))})", 1)
                break


# -- what is said and what happens


def reported(program: Program) -> bool:
    """Whether the linter says that it can hang."""
    codes = CROWDED if program.large else WAITS
    return any(finding.code in codes for finding in lint(program.text, "program.py", Options()))


def hangs(program: Program, folder: pathlib.Path, *, seeds: range = range(SCHEDULES), longer: float = 1.0) -> bool:
    """Whether it hangs in one of several schedules; a run that dies of an error does not."""
    path = folder / "program.py"
    path.write_text(program.text)
    runs = [
        subprocess.Popen(
            [sys.executable, str(path), str(seed), str(longer)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for seed in seeds
    ]
    try:
        return any([_sleeps_for_good(run) for run in runs])
    finally:
        for run in runs:
            try:
                os.killpg(run.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            run.wait()


def meets_the_end(program: Program, folder: pathlib.Path) -> bool:
    """Whether it receives where nobody is left who could send: what never returns raises then (IPC304)."""
    path = folder / "program.py"
    path.write_text(program.text)
    command = [sys.executable, str(path), "0", "1.0"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, start_new_session=True, check=False)
    except subprocess.TimeoutExpired:
        return False
    last = run.stderr.rstrip().rpartition("\n")[2]
    return run.returncode == 1 and last.startswith(("EOFError", "ConnectionResetError", "BrokenPipeError"))


def _sleeps_for_good(run: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + SECONDS
    before: object = None
    since = time.monotonic()
    while run.poll() is None and time.monotonic() < until:
        now = _threads(run.pid)
        if now is None or now != before:
            before, since = now, time.monotonic()
        elif time.monotonic() - since > STILL:
            return True
        time.sleep(0.05)
    return run.poll() is None


def _threads(pid: int) -> list[tuple[str, str]] | None:
    """How often each thread of a process and of those it started has been woken; None where one of them is at work."""
    found: list[tuple[str, str]] = []
    pending = [str(pid)]
    while pending:
        try:
            for task in pathlib.Path("/proc", pending.pop(), "task").iterdir():
                status = (task / "status").read_text()
                if "State:\tS" not in status and "State:\tZ" not in status:
                    return None
                found.append((task.name, status[status.find("voluntary_ctxt_switches") :]))
                pending += (task / "children").read_text().split()
        except OSError:
            return None
    return sorted(found)


def count(
    programs: int, seed: int, drawn: Callable[[random.Random], Program]
) -> tuple[list[Program], list[Program], int]:
    """The programs that were reported and never hung, those that hung and were not reported, and how many hung."""
    choice = random.Random(seed)
    false_alarms, missed, hung = [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(programs):
            program = drawn(choice)
            said, real = reported(program), hangs(program, pathlib.Path(folder))
            for first in range(SCHEDULES, SCHEDULES + MORE, SCHEDULES) if said else ():
                real = real or hangs(program, pathlib.Path(folder), seeds=range(first, first + SCHEDULES), longer=LONGER)
            hung += real
            if said and not real and not meets_the_end(program, pathlib.Path(folder)):
                false_alarms.append(program)
            if real and not said:
                missed.append(program)
    return false_alarms, missed, hung


def test_what_is_said_is_what_happens() -> None:
    false_alarms, missed, hung = count(12, 2, straight)
    assert 0 < hung < 12
    assert not false_alarms, false_alarms[0].text
    assert not missed, missed[0].text


if __name__ == "__main__":
    many, seed = int(sys.argv[1]) if len(sys.argv) > 1 else 100, int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for drawn in (straight, woven):
        alarms, misses, hung = count(many, seed, drawn)
        for title, found in (("reported, and did not hang", alarms), ("hung, and was not reported", misses)):
            for program in found:
                print(f"--- {title}:\n{program.text}")
        print(
            f"{many} {drawn.__name__} programs, {hung} hung; {len(alarms)} reported that did not hang, "
            f"{len(misses)} not reported that did",
            flush=True,
        )
