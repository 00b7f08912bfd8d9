"""IPC401 unlocked-value-update.

Judged from: writes of a Value that were computed from, or depend on, a read of it, against every write of another role.
Reported at: the write.
Missed: updates of objects that leave the file.
Source: CPython documentation, multiprocessing.Value: "Operations like += which involve a read and write are not
atomic. [...] with counter.get_lock(): counter.value += 1".
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
    """Read-modify-writes of values that another role's write can fall into."""
    for race in lost_updates(study):
        event = race.write.event
        if event.target.kind is not Kind.VALUE or event.target.managed:
            continue
        other = race.other
        who = "another copy of this process" if other.event is event else f"the write at {at(other.event.place, event.place)}"
        yield Finding(
            "IPC401",
            event.place,
            f"{event.target} is read and written in two steps, and {who} can come between: an update is lost; "
            f"do both under one lock, as in 'with {event.target}.get_lock():'",
            about=(event.target,),
        )


BAD = '''\
from multiprocessing import Process, Value


def count(visits):
    for _ in range(1000):
        visits.value += 1  # want: IPC401


if __name__ == "__main__":
    visits = Value("i", 0)
    doors = [Process(target=count, args=(visits,)) for _ in range(2)]
    for door in doors:
        door.start()
    for door in doors:
        door.join()
    print(visits.value)
'''

GOOD = '''\
from multiprocessing import Process, Value


def count(visits):
    for _ in range(1000):
        with visits.get_lock():
            visits.value += 1


if __name__ == "__main__":
    visits = Value("i", 0)
    doors = [Process(target=count, args=(visits,)) for _ in range(2)]
    for door in doors:
        door.start()
    for door in doors:
        door.join()
    print(visits.value)
'''

RULE = Rule(
    code="IPC401",
    name="unlocked-value-update",
    summary="A shared Value is read and written back while another process may write it, without a common lock.",
    why="The lock of a Value guards one read or one write, not the two together. Two processes that both read 5 both "
    "write 6, and one update is lost.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.VALUE}),
    silent=(
        "The update stands under get_lock() or a lock that every other writer holds.",
        "Who writes has taken the one token that goes round.",
        "Nobody else writes at the same time: a single writer, or processes that are joined before the next access.",
        "A plain assignment that does not depend on the old value.",
    ),
    yields_to=("IPC403", "IPC406", "IPC407", "IPC604"),
)
