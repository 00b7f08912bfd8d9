"""IPC407 no-lock-to-get.

Judged from: ``get_lock()`` and ``get_obj()`` of values and arrays that have no lock of their own.
Reported at: the call.
Missed: ``lock=`` given a value that is not known; an object that is one of several.
Source: CPython documentation, multiprocessing.sharedctypes: RawValue and RawArray "return ctypes objects"; with
lock=False Value and Array return them without a synchronizing wrapper (Lib/multiprocessing/sharedctypes.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import CELLS, Cell, Verb
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Locks asked of objects that have none."""
    for _, event in study.program.events(Verb.GET_LOCK, Verb.GET_OBJ):
        cell = event.target
        if not isinstance(cell, Cell) or cell.kind not in CELLS or not event.exact:
            continue
        if cell.locked and not cell.managed:
            continue
        yield Finding(
            "IPC407",
            event.place,
            f"{event.name}() raises AttributeError: {cell} (made at {at(cell.place, event.place)}) is {_sort(cell)} "
            "without a lock of its own; guard it with a Lock that all its users share",
            about=(cell,),
        )


def _sort(cell: Cell) -> str:
    if cell.managed:
        return "a manager's proxy"
    return "a raw ctypes object" if cell.raw else "made with lock=False,"


BAD = '''\
from multiprocessing import Process, Value


def count(lines, visits):
    for line in lines:
        with visits.get_lock():  # want: IPC407
            visits.value += 1


if __name__ == "__main__":
    visits = Value("i", 0, lock=False)
    counter = Process(target=count, args=(["GET /"], visits))
    counter.start()
    counter.join()
    print(visits.value)
'''

GOOD = '''\
from multiprocessing import Lock, Process, RawValue, Value


def count(lines, visits, errors, guard):
    for line in lines:
        with visits.get_lock():
            visits.value += 1
        if line.startswith("POST"):
            with guard:
                errors.value += 1


if __name__ == "__main__":
    visits, errors, guard = Value("i", 0), RawValue("i", 0), Lock()
    counter = Process(target=count, args=(["GET /", "POST /"], visits, errors, guard))
    counter.start()
    counter.join()
    print(visits.value, errors.value)
'''

RULE = Rule(
    code="IPC407",
    name="no-lock-to-get",
    summary="get_lock() or get_obj() is called on an object that has no lock of its own.",
    why="Raw values and arrays, those made with lock=False and a manager's proxies have neither method: the call raises "
    "AttributeError in whatever process makes it.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=CELLS,
    silent=(
        "The object was made with a lock of its own: by default, or with lock=True or lock=some_lock.",
        "It is not known how the object was made.",
    ),
)
