"""IPC403 unsynchronised-shared.

Judged from: writes to cells without a lock of their own, against every concurrent access of another role.
Reported at: the write.
Missed: shared memory that two processes know by its name alone.
Source: CPython documentation, multiprocessing.sharedctypes.RawArray: "setting and getting an element is potentially
non-atomic".
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.races import unsynchronised
from ..analysis.study import Study
from ..finding import Finding
from ..model import CELLS, BLOCKS
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Writes that meet another access with nothing to keep them apart."""
    for race in unsynchronised(study):
        event, other = race.write.event, race.other
        verb = "write" if other.writes else "read"
        who = f"another copy's {verb}" if other.event is event else f"the {verb} at {at(other.event.place, event.place)}"
        yield Finding(
            "IPC403",
            event.place,
            f"{event.target} has no lock of its own, and {who} can meet this write halfway; guard both with one lock "
            f"or hand the data over by a join or a message",
            about=(event.target,),
        )


BAD = '''\
from multiprocessing import Process, RawArray


def measure(gauges):
    for tick in range(1000):
        gauges[0:2] = [tick, tick]  # want: IPC403


if __name__ == "__main__":
    gauges = RawArray("q", 2)
    sampler = Process(target=measure, args=(gauges,))
    sampler.start()
    print(gauges[:])
    sampler.join()
'''

GOOD = '''\
from multiprocessing import Process, RawArray


def measure(gauges):
    for tick in range(1000):
        gauges[0:2] = [tick, tick]


if __name__ == "__main__":
    gauges = RawArray("q", 2)
    sampler = Process(target=measure, args=(gauges,))
    sampler.start()
    sampler.join()
    print(gauges[:])
'''

RULE = Rule(
    code="IPC403",
    name="unsynchronised-shared",
    summary="Shared memory without a lock of its own is written while another process reads or writes it.",
    why="Nothing makes the other side wait: it can see half of a change, or write into it.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=CELLS | BLOCKS,
    silent=(
        "Both accesses stand under one common lock.",
        "A join, message, event or barrier lies between them.",
        "Each process provably has elements of its own.",
    ),
    yields_to=("IPC406", "IPC407", "IPC604"),
)
