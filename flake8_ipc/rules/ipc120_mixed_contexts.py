"""IPC120 mixed-contexts.

Judged from: what is handed to processes and to the initializers of pools, with the context of both.
Reported at: the argument.
Missed: an object that the process object itself makes and keeps.
Source: CPython Lib/multiprocessing/synchronize.py, SemLock.__getstate__ ("A SemLock created in a fork context is being
shared with a process in a spawn context"); documentation, multiprocessing, "Contexts and start methods": "objects
related to one context may not be compatible with processes for a different context".
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.contexts import context_of
from ..analysis.handings import Way
from ..analysis.study import Study
from ..finding import Finding
from ..model import SEMAPHORE_BACKED, Cell, Shared
from .rule import Rule

_PICKLING = frozenset({"spawn", "forkserver"})


def check(study: Study) -> Iterator[Finding]:
    """Objects of a fork context for children that are not forked."""
    program = study.program
    for handing in study.handings:
        method = context_of(program, handing.owner)
        if method not in _PICKLING or handing.way is Way.TASK:
            continue
        for argument in handing.luggage:
            for shared in argument.shared:
                if _has_semaphore(shared) and context_of(program, _maker(shared)) == "fork":
                    made = "the fork context" if _maker(shared).context else "the default context, which is fork on Linux"
                    yield Finding(
                        "IPC120",
                        argument.place,
                        f"{shared} is made from {made}, but {handing.owner} is started by {method}, which "
                        f"cannot take it (RuntimeError at start); make both from the same context",
                        about=(shared,),
                    )
                    break


def _has_semaphore(shared: Shared) -> bool:
    if shared.managed or shared.kind not in SEMAPHORE_BACKED:
        return False
    return not isinstance(shared, Cell) or shared.lock is not None


def _maker(shared: Shared) -> Shared:
    """Whose context decides: of a Value or Array that of its lock."""
    return shared.lock if isinstance(shared, Cell) and shared.lock is not None else shared


BAD = '''\
from multiprocessing import Queue, get_context


def forecast(town, weather):
    weather.put((town, "rain"))


if __name__ == "__main__":
    spawning = get_context("spawn")
    weather = Queue()
    station = spawning.Process(target=forecast, args=("Bergen", weather))  # want: IPC120
    station.start()
    print(weather.get())
    station.join()
'''

GOOD = '''\
from multiprocessing import get_context


def forecast(town, weather):
    weather.put((town, "rain"))


if __name__ == "__main__":
    spawning = get_context("spawn")
    weather = spawning.Queue()
    station = spawning.Process(target=forecast, args=("Bergen", weather))
    station.start()
    print(weather.get())
    station.join()
'''

RULE = Rule(
    code="IPC120",
    name="mixed-contexts",
    summary="A queue, lock or other object with a semaphore, made in a fork context, is handed to a child of another one.",
    why="In a fork context the name of a semaphore is given up as soon as it is made, for a forked child needs none. A "
    "spawned child opens it by that name, so the start fails with RuntimeError or FileNotFoundError.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "Any other mix of contexts, which works.",
        "Pipe ends, proxies, RawValue and RawArray, which have no semaphore.",
        "The file lets an option choose the start method.",
    ),
)
