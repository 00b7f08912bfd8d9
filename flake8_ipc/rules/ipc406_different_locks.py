"""IPC406 different-locks.

Judged from: the locks held at each concurrent access to one object.
Reported at: the access whose lock is not the one that most accesses hold (on a tie, the later in the text).
Missed: objects of which some access stands under no lock at all (those are IPC401, IPC402 or IPC403).
Source: Savage et al., "Eraser: A Dynamic Data Race Detector for Multithreaded Programs" (1997).
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.races import different_locks
from ..analysis.study import Study
from ..finding import Finding
from ..model import CELLS, BLOCKS, PROXIES
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Accesses that hold another lock than the rest."""
    for access, usual in different_locks(study):
        mine = ", ".join(sorted(str(lock) for lock in access.locks))
        event = access.event
        yield Finding(
            "IPC406",
            event.place,
            f"{event.target} is guarded by {mine} here and by {usual} elsewhere (made at "
            f"{at(usual.place, event.place)}): different locks exclude nobody; take the same one everywhere",
            about=(event.target,),
        )


BAD = '''\
from multiprocessing import Lock, Process, Value


def pay_in(balance, ledger):
    with ledger:
        balance.value += 1


def look(balance, ledger):
    with ledger:
        print(balance.value)


def take_out(balance, printer):
    with printer:
        balance.value -= 1  # want: IPC406


if __name__ == "__main__":
    balance = Value("l", 0)
    ledger, printer = Lock(), Lock()
    first = Process(target=pay_in, args=(balance, ledger))
    second = Process(target=take_out, args=(balance, printer))
    third = Process(target=look, args=(balance, ledger))
    for clerk in (first, second, third):
        clerk.start()
    for clerk in (first, second, third):
        clerk.join()
'''

GOOD = BAD.replace("with printer", "with ledger").replace("balance, printer", "balance, ledger").replace(
    "  # want: IPC406", ""
).replace("ledger, printer = Lock(), Lock()", "ledger = Lock()")

RULE = Rule(
    code="IPC406",
    name="different-locks",
    summary="Concurrent accesses to one object each hold some lock, but not a common one.",
    why="A lock keeps out only those who take the same lock. Under two different ones both sides are in at once.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=CELLS | BLOCKS | PROXIES,
    silent=(
        "One common lock among several.",
        "A value's own lock, 'with v:', and the lock that it was made with are one and the same.",
    ),
)
