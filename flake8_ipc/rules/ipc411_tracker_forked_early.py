"""IPC411 tracker-forked-early.

Judged from: whether the parent's resource tracker surely runs at each fork of a child that uses shared memory.
Reported at: the start; for a pool at its creation, for an executor at its first task.
Missed: blocks of which only one process of the file knows.
Source: CPython Lib/multiprocessing/shared_memory.py and resource_tracker.py: every SharedMemory registers with the tracker
that its process has or starts; a tracker unlinks what it knows when the last process that writes to it has ended
(python/cpython issue 82300).
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.blocks import early_forks
from ..analysis.study import Study
from ..finding import Finding
from ..model import BLOCKS
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Children that get a tracker of their own."""
    for child, fork, use in early_forks(study):
        yield Finding(
            "IPC411",
            fork.place,
            f"{child.name} is forked before this process has a resource tracker, so its SharedMemory at "
            f"{at(use.place, fork.place)} starts one that unlinks the block when {child.name} ends; make the block, or call "
            "resource_tracker.ensure_running(), before the first start",
            about=(use.target,),
        )


BAD = '''\
from multiprocessing import Pipe, Process
from multiprocessing.shared_memory import SharedMemory


def measure(names):
    sheet = SharedMemory(name=names.recv())
    names.send(len(sheet.buf))
    sheet.close()


if __name__ == "__main__":
    clerk_end, names = Pipe()
    clerk = Process(target=measure, args=(clerk_end,))
    clerk.start()  # want: IPC411
    clerk_end.close()
    sheet = SharedMemory(create=True, size=4096)
    names.send(sheet.name)
    print(names.recv())
    clerk.join()
    sheet.close()
    sheet.unlink()
'''

GOOD = '''\
from multiprocessing import Pipe, Process
from multiprocessing.shared_memory import SharedMemory


def measure(names):
    sheet = SharedMemory(name=names.recv())
    names.send(len(sheet.buf))
    sheet.close()


if __name__ == "__main__":
    sheet = SharedMemory(create=True, size=4096)
    clerk_end, names = Pipe()
    clerk = Process(target=measure, args=(clerk_end,))
    clerk.start()
    clerk_end.close()
    names.send(sheet.name)
    print(names.recv())
    clerk.join()
    sheet.close()
    sheet.unlink()
'''

RULE = Rule(
    code="IPC411",
    name="tracker-forked-early",
    summary="A child that uses shared memory is forked before its parent's resource tracker runs.",
    why="Processes that share a tracker count as one. A child that was forked before there was one starts its own, and that "
    "one takes the child's end for the end of all who use the block: it unlinks it while the parent still holds it "
    "(Python 3.10 to 3.13).",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=BLOCKS,
    silent=(
        "The block, or any other, is made before the start.",
        "The child uses no shared memory, or unlinks it itself.",
        "A SharedMemoryManager, resource_tracker.ensure_running(), a spawned process or a spawn semaphore came first.",
        "track=False, or the child takes the block back from its tracker (resource_tracker.unregister).",
        "Processes are never forked.",
    ),
)
