"""IPC703 result-after-terminate.

Judged from: the state of each result along the role's normal paths: on its way when its pool is terminated, it is lost.
Reported at: the first use.
Missed: results with callbacks; results or pools that leave the file; results that are used on by another process.
Source: CPython Lib/multiprocessing/pool.py: ``Pool.__exit__`` calls terminate(), which ends the thread that delivers results.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.results import end_of, lost
from ..analysis.study import Study
from ..finding import Finding
from ..model import Event, Kind, Role, Verb
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Uses of results that will never arrive."""
    for role, event, submit in lost(study):
        yield Finding("IPC703", event.place, _message(role, event, submit), about=(event.target,))


def _message(role: Role, event: Event, submit: Event) -> str:
    end = end_of(role, event)
    ended = f" (at {at(end.place, event.place)})" if end is not None else ""
    what = "waiting for" if event.verb is Verb.WAIT else "taking"
    return (
        f"{what} what {submit.name}() at {at(submit.place, event.place)} gave back hangs unless it came before its pool was "
        f"terminated{ended}, as the end of a with block does; take it before"
    )


BAD = '''\
from multiprocessing import Pool


def measure(word):
    return len(word) ** 20_000 % 97


if __name__ == "__main__":
    with Pool(2) as pool:
        sizes = pool.map_async(measure, ["river", "mountain", "sea"])
    print(sizes.get())  # want: IPC703
'''

GOOD = '''\
from multiprocessing import Pool


def measure(word):
    return len(word) ** 20_000 % 97


if __name__ == "__main__":
    with Pool(2) as pool:
        sizes = pool.map_async(measure, ["river", "mountain", "sea"])
        pool.close()
        pool.join()
    print(sizes.get())
'''

RULE = Rule(
    code="IPC703",
    name="result-after-terminate",
    summary="A result is used after its pool was terminated, by terminate() or by the end of a with block.",
    why="terminate() stops the workers and the thread that delivers results. What had not arrived by then never will, and "
    "get() or the loop over the iterator waits for good.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.RESULT}),
    silent=(
        "It was fetched or waited for before, or close() and join() waited for all.",
        "Somebody looked with ready() whether it is there.",
        "It is a future of an executor, whose with block waits.",
    ),
)
