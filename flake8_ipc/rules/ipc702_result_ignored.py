"""IPC702 result-ignored.

Judged from: whether anybody asks for what a task gave back, on any path and in any process.
Reported at: the call that hands the task in.
Missed: results that leave the file, or that an object holds in a file which shows only a part of the program.
Source: CPython Lib/multiprocessing/pool.py, ``ApplyResult._set``: an exception is kept in the result, and raised by get()
alone; documentation of concurrent.futures.Future.result.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import Event, Kind, Result, RoleKind, Verb
from .rule import Rule

_POOLS = frozenset({Kind.POOL, Kind.EXECUTOR})


def check(study: Study) -> Iterator[Finding]:
    """Results that nobody asks for."""
    program = study.program
    asked = {event.target for _, event in program.events(Verb.RESULT)}
    part = program.root.kind is RoleKind.ENTRY
    for role, event in program.events(Verb.SUBMIT):
        result = event.result
        if not isinstance(result, Result) or event.target.kind not in _POOLS or not program.whole:
            continue
        if result.raised is False or not role.home.entire:
            continue
        if result not in asked and not result.open and not (part and result.kept):
            unseen = program.observed and not result.raised
            yield Finding("IPC702", event.place, _message(event, result), about=(result,), foretold=unseen)


def _message(event: Event, result: Result) -> str:
    if result.iterator:
        return (
            f"nobody iterates over what {event.name}() gives back: an exception in a task vanishes; "
            "loop over it, or put list() around it"
        )
    asks = "result()" if event.target.kind is Kind.EXECUTOR else "get()"
    also = "" if event.target.kind is Kind.EXECUTOR else ", or give an error_callback"
    return f"nobody asks for the result of {event.name}(): an exception in the task vanishes; keep it and call {asks}{also}"


BAD = '''\
from concurrent.futures import ProcessPoolExecutor


def check_page(name):
    if not name.endswith(".html"):
        raise ValueError(name)


if __name__ == "__main__":
    with ProcessPoolExecutor(2) as executor:
        for page in ("index.html", "logo.png"):
            executor.submit(check_page, page)  # want: IPC702
    print("all pages checked")
'''

GOOD = '''\
from concurrent.futures import ProcessPoolExecutor


def check_page(name):
    if not name.endswith(".html"):
        raise ValueError(name)


if __name__ == "__main__":
    with ProcessPoolExecutor(2) as executor:
        checks = {page: executor.submit(check_page, page) for page in ("index.html", "logo.png")}
    for page, check in checks.items():
        print(page, "is", "wrong" if check.exception() else "right")
'''

RULE = Rule(
    code="IPC702",
    name="result-ignored",
    summary="The result of a task is dropped, or kept and never asked.",
    why="A pool keeps the exception of a task in its result. Who never asks for the result never learns that the task "
    "failed; a callback is not called then either.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.RESULT}),
    silent=(
        "Somebody asks, on any path: get(), result(), exception(), successful(), a loop over the iterator.",
        "An error_callback is given.",
        "The result leaves the file.",
        "The pool is one of threads.",
    ),
)
