"""IPC801 popen-wait-with-pipe.

Judged from: which of a child's pipes are read or closed on some normal path before somebody waits for the child, or
reads another of its pipes to the end.
Reported at: the wait, the poll of the loop, or the first read.
Missed: children and pipes that leave the file; pipes chosen by a condition; a pipe of which only a part was read.
Source: CPython documentation, subprocess.Popen.wait: "This will deadlock when using stdout=PIPE or stderr=PIPE and the
child process generates enough output to a pipe such that it blocks waiting for the OS pipe buffer to accept more data."
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.children import Block, blocked
from ..analysis.study import Study
from ..finding import Finding
from ..model import Kind, Verb
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Waits for children that may be blocked in a pipe."""
    for block in blocked(study):
        yield Finding("IPC801", block.event.place, _message(block), about=(block.child,))


def _message(block: Block) -> str:
    event, child, which = block.event, block.child, block.stream.which
    made = f"{child} (made at {at(child.place, event.place)})"
    waits = f"reading {event.target} to its end" if event.verb is Verb.RECV else f"waiting in {event.name}()"
    if which == "stdin":
        return f"{waits} can hang: nobody closed the stdin of {made}, which may wait for its end; use communicate()"
    return (
        f"{waits} can hang: nobody reads the {which} of {made} meanwhile, and it blocks when that pipe is full; "
        "use communicate()"
    )


BAD = '''\
import subprocess
import sys

LISTING = "for number in range(50_000): print(number)"

if __name__ == "__main__":
    lister = subprocess.Popen([sys.executable, "-c", LISTING], stdout=subprocess.PIPE, text=True)
    if lister.wait() == 0:  # want: IPC801
        print(len(lister.stdout.readlines()))
'''

GOOD = '''\
import subprocess
import sys

LISTING = "for number in range(50_000): print(number)"

if __name__ == "__main__":
    lister = subprocess.Popen([sys.executable, "-c", LISTING], stdout=subprocess.PIPE, text=True)
    numbers, _ = lister.communicate()
    if lister.returncode == 0:
        print(len(numbers.splitlines()))
'''

RULE = Rule(
    code="IPC801",
    name="popen-wait-with-pipe",
    summary="A child of subprocess is waited for before its pipes are read, or before its stdin is closed.",
    why="A pipe holds some 64 kB. When it is full, the child blocks in its next write and never ends, and the wait for its "
    "end, or for the end of another of its pipes, hangs. With little output nothing shows.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.SUBPROCESS}),
    silent=(
        "communicate(), or the pipe is read, or closed, on some path before the wait.",
        "A thread, the body of the loop or the next program of a pipeline reads the pipe.",
        "The child was killed or told to terminate before.",
        "The child or the pipe leaves the file, or whether there is a pipe depends on a condition.",
    ),
)
