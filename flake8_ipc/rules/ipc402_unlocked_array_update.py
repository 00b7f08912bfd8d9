"""IPC402 unlocked-array-update.

Judged from: writes of an Array's element or slice that were computed from, or depend on, a read of it, against every
write of another role to an element that may be the same.
Reported at: the write.
Missed: updates of objects that leave the file.
Source: CPython documentation, multiprocessing.Array, whose lock works as that of Value.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.races import lost_updates
from ..analysis.study import Study
from ..finding import Finding
from ..model import Kind
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Read-modify-writes of elements that another role's write can fall into."""
    for race in lost_updates(study):
        event = race.write.event
        if event.target.kind is not Kind.ARRAY or event.target.managed:
            continue
        other = race.other
        who = "another copy of this process" if other.event is event else f"the write at {at(other.event.place, event.place)}"
        yield Finding(
            "IPC402",
            event.place,
            f"an element of {event.target} is read and written in two steps, and {who} can come between: an update is "
            f"lost; do both under one lock, as in 'with {event.target}.get_lock():', or give each process its own elements",
            about=(event.target,),
        )


BAD = '''\
from multiprocessing import Array, Process


def tally(dice, counts):
    for eyes in dice:
        counts[eyes - 1] += 1  # want: IPC402


if __name__ == "__main__":
    counts = Array("i", 6)
    players = [Process(target=tally, args=([1, 6, 6], counts)) for _ in range(2)]
    for player in players:
        player.start()
    for player in players:
        player.join()
    print(counts[:])
'''

GOOD = '''\
from multiprocessing import Array, Process


def tally(player, dice, sums):
    for eyes in dice:
        sums[player] += eyes


if __name__ == "__main__":
    sums = Array("i", 2)
    players = [Process(target=tally, args=(number, [1, 6, 6], sums)) for number in range(2)]
    for player in players:
        player.start()
    for player in players:
        player.join()
    print(sums[:])
'''

RULE = Rule(
    code="IPC402",
    name="unlocked-array-update",
    summary="An element of a shared Array is read and written back while another process may write it, unlocked.",
    why="The lock of an Array guards one access, not a read and a write together. Two processes that both read 5 both "
    "write 6, and one update is lost.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.ARRAY}),
    silent=(
        "The update stands under get_lock() or a lock that every other writer holds.",
        "Each process provably has elements of its own.",
        "Nobody else writes at the same time.",
    ),
    yields_to=("IPC403", "IPC406", "IPC407", "IPC604"),
)
