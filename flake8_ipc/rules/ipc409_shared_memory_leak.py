"""IPC409 shared-memory-leak.

Judged from: who unlinks each block that the program makes, of those that a loop makes all or the last one alone, and
whether the function that made it closes it before it returns.
Reported at: the creation.
Missed: blocks that are unlinked on some paths only; blocks in a collection.
Source: CPython documentation, multiprocessing.shared_memory: "once the last process is done, unlink() should be called";
close() before.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.blocks import made_blocks, may_unlink, only_the_last
from ..analysis.graph import union
from ..analysis.study import Study
from ..finding import Finding
from ..model import BLOCKS, Event, Memory, Place, Role, Verb
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Blocks that outlive the program, or their function."""
    if not study.program.whole:
        return
    for role, event, block in made_blocks(study.program):
        if not may_unlink(study.program, block):
            yield Finding(
                "IPC409",
                event.place,
                f"nothing unlinks {block}: the block stays in memory after the program has ended; "
                f"call {block}.unlink() once, after every close()",
                about=(block,),
            )
            continue
        if only_the_last(study, role, event):
            yield Finding(
                "IPC409",
                event.place,
                f"each turn of this loop makes a block, and {block}.unlink() after it takes away the last one alone: the "
                "others stay in memory after the program has ended; unlink each in its own turn, or loop over all of them",
                about=(block,),
            )
            continue
        left = _left_open(study, role, block)
        if left is not None:
            yield Finding(
                "IPC409",
                event.place,
                f"the call at {at(left, event.place)} returns on some path without {block}.close(): its mapping is left "
                "open; close it in a finally",
                about=(block,),
            )


def _left_open(study: Study, role: Role, block: Memory) -> Place | None:
    """Where the function that made a block returns and may have left it open."""

    def step(state: frozenset[str], event: Event) -> frozenset[str]:
        if event.target is not block:
            return state
        if event.verb is Verb.CREATE:
            return frozenset({"open"})
        return frozenset({"closed"}) if event.verb is Verb.CLOSE else state

    drops = [event for event in role.events(Verb.DROP) if event.target is block]
    if not drops:
        return None
    before = study.graph(role).forward(frozenset[str](), step, union, fails=lambda event: False)
    for node, state in before.items():
        if node.event is not None and node.event in drops and "open" in state:
            return node.event.place
    return None


BAD = '''\
from multiprocessing import Process
from multiprocessing.shared_memory import SharedMemory


def brighten(name):
    picture = SharedMemory(name=name)
    picture.buf[0] = 255
    picture.close()


if __name__ == "__main__":
    picture = SharedMemory(create=True, size=1024)  # want: IPC409
    painter = Process(target=brighten, args=(picture.name,))
    painter.start()
    painter.join()
    print(picture.buf[0])
    picture.close()
'''

GOOD = BAD.replace("  # want: IPC409", "") + "    picture.unlink()\n"

RULE = Rule(
    code="IPC409",
    name="shared-memory-leak",
    summary="A block of shared memory is made that nothing unlinks, or that a return leaves unclosed.",
    why="A block is a file of the system's: it stays until it is unlinked, whoever has ended, and fills the memory of the "
    "machine run by run. The resource tracker may clean up behind a program that ends well, with a warning.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=BLOCKS,
    silent=(
        "A SharedMemoryManager made it, and unlinks it.",
        "Another process unlinks it, or one that attached some block by a name that is not known here.",
        "The block or its name is handed out of the file.",
        "An exception, not a return, leaves it open.",
    ),
)
