"""IPC903 start-method-unset (an opinion, off by default).

Judged from: processes, pools, executors and managers of the default context, in a file that chooses no start method.
Reported at: the first start of a process or creation of a pool, executor or manager in each program of the file.
Missed: nothing that is known; another file may choose for this one.
Source: CPython documentation, multiprocessing, "Contexts and start methods" ("Changed in version 3.14: On POSIX platforms
the default start method was changed from fork to forkserver").
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import Event, Kind, Verb
from .rule import Rule

_MADE = frozenset({Kind.POOL, Kind.EXECUTOR, Kind.MANAGER})


def check(study: Study) -> Iterator[Finding]:
    """The first process that starts by whatever method the interpreter prefers."""
    if study.program.chosen:
        return
    first = next((event for _, event in study.program.events(Verb.CREATE, Verb.START) if _by_default(event)), None)
    if first is not None:
        yield Finding(
            "IPC903",
            first.place,
            f"{first.target} starts by the default method, which is not the same on every system and changed in "
            "Python 3.14; choose one by set_start_method() or get_context()",
            about=(first.target,),
        )


def _by_default(event: Event) -> bool:
    if event.target.context is not None:
        return False
    return event.target.kind in _MADE if event.verb is Verb.CREATE else event.target.kind is Kind.PROCESS


BAD = '''\
from multiprocessing import Process


def knock(door):
    print("knocking at", door)


if __name__ == "__main__":
    postman = Process(target=knock, args=(7,))
    postman.start()  # want: IPC903
    postman.join()
'''

GOOD = '''\
from multiprocessing import get_context


def knock(door):
    print("knocking at", door)


if __name__ == "__main__":
    postman = get_context("spawn").Process(target=knock, args=(7,))
    postman.start()
    postman.join()
'''

RULE = Rule(
    code="IPC903",
    name="start-method-unset",
    summary="Processes are started and nothing chooses a start method.",
    why="Windows and macOS spawn, Linux forked until Python 3.13 and uses a fork server since 3.14. What a child inherits, "
    "and what must be picklable, changes with the system and the version.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "set_start_method() somewhere in the file.",
        "Everything is made from get_context(...) with a method, or from one that an option chooses.",
    ),
    default=False,
)
