"""IPC502 unlocked-proxy-update.

Judged from: writes through a proxy that were computed from, or depend on, a read of the same element, against every
write of another role.
Reported at: the write.
Missed: keys that are the same by other expressions; tests before a call that the server does whole.
Source: CPython Lib/multiprocessing/managers.py: each method call is a request of its own, served by a thread of the server.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.races import lost_updates
from ..analysis.study import Study
from ..finding import Finding
from ..model import PROXIES, CELLS
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Read-modify-writes through proxies that another role's write can fall into."""
    for race in lost_updates(study):
        event = race.write.event
        if not event.target.managed:
            continue
        other = race.other
        who = "another copy of this process" if other.event is event else f"the write at {at(other.event.place, event.place)}"
        yield Finding(
            "IPC502",
            event.place,
            f"{event.target} is read and written in two requests to its manager, and {who} can come between: an update is "
            "lost; do both under one lock that all processes share",
            about=(event.target,),
        )


BAD = '''\
from multiprocessing import Manager, Process


def visit(pages, visits):
    for page in pages:
        visits[page] = visits.get(page, 0) + 1  # want: IPC502


if __name__ == "__main__":
    with Manager() as manager:
        visits = manager.dict()
        readers = [Process(target=visit, args=(["home", "news"], visits)) for _ in range(2)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        print(dict(visits))
'''

GOOD = '''\
from multiprocessing import Lock, Manager, Process


def visit(pages, visits, guard):
    for page in pages:
        with guard:
            visits[page] = visits.get(page, 0) + 1


if __name__ == "__main__":
    with Manager() as manager:
        visits, guard = manager.dict(), Lock()
        readers = [Process(target=visit, args=(["home", "news"], visits, guard)) for _ in range(2)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        print(dict(visits))
'''

RULE = Rule(
    code="IPC502",
    name="unlocked-proxy-update",
    summary="An element of a proxy is read and written back while another process may write it, without a common lock.",
    why="The manager serves one request at a time, and these are two. Two processes that both read 5 both write 6, and one "
    "update is lost.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=PROXIES | CELLS,
    silent=(
        "The update stands under a lock that every other writer holds.",
        "Each process provably has keys of its own, or nobody else writes at the same time.",
        "Single calls, which the server does whole: append, update, setdefault, pop, lst += [x].",
        "Methods of a registered class, which run in the server under its own locks.",
    ),
    yields_to=("IPC406", "IPC407", "IPC604"),
)
