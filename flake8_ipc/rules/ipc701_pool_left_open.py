"""IPC701 pool-left-open.

Judged from: whether anything in the program closes, terminates, shuts down or enters the pool.
Reported at: the creation.
Missed: pools that an object holds, that a function gives back, or that leave the file.
Source: CPython documentation, multiprocessing.pool.Pool: "Pool objects have internal resources that need to be properly
managed (like any other resource) by using the pool as a context manager or by calling close() and terminate() manually.
Failure to do this can lead to the process hanging on finalization."
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import Event, Kind, Verb
from .rule import Rule

_POOLS = frozenset({Kind.POOL, Kind.EXECUTOR})
_ENDS = frozenset({Verb.CLOSE, Verb.TERMINATE, Verb.SHUTDOWN})


def check(study: Study) -> Iterator[Finding]:
    """Pools that nobody ends."""
    program = study.program
    ended = {event.target for _, event in program.events(*_ENDS)}
    used = {event.target for _, event in program.events(Verb.SUBMIT)}
    for role, event in program.events(Verb.CREATE):
        pool = event.target
        if pool.kind not in _POOLS or pool.managed or pool.open or pool.kept or pool in ended or not program.whole:
            continue
        if event.failed is not None or not role.home.entire:
            # It was never made; or its maker might have closed it later.
            continue
        # A library's own, which it does not use itself, is for those who import it.
        if event.setting.imported is None or pool in used:
            yield Finding("IPC701", event.place, _message(event), about=(pool,))


def _message(event: Event) -> str:
    pool = event.target
    how = "shut down" if pool.kind is Kind.EXECUTOR else "closed or terminated"
    return f"this {pool.kind.value} is never {how}: its processes live on and may hang at exit; use it in a with statement"


BAD = '''\
from multiprocessing import Pool


def cube(number):
    return number**3


if __name__ == "__main__":
    pool = Pool(2)  # want: IPC701
    print(pool.map(cube, range(5)))
'''

GOOD = '''\
from multiprocessing import Pool


def cube(number):
    return number**3


if __name__ == "__main__":
    with Pool(2) as pool:
        print(pool.map(cube, range(5)))
'''

RULE = Rule(
    code="IPC701",
    name="pool-left-open",
    summary="A pool is never closed or terminated, or an executor never shut down.",
    why="The worker processes and the threads that serve them stay until the program ends, and whether they end cleanly "
    "then depends on the order in which the interpreter takes things down.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=_POOLS,
    silent=(
        "A with statement, contextlib.closing or an ExitStack ends it, or a call on any path.",
        "An object of the program's own holds it, or a function gives it back.",
        "It leaves the file.",
        "It is a pool of threads.",
    ),
)
