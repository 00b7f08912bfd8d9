"""IPC802 call-with-pipe.

Judged from: the pipes of children that one call starts and waits for.
Reported at: the call.
Missed: ``PIPE`` chosen by a condition, or given through keywords that cannot be read.
Source: CPython documentation, subprocess.call: "Do not use stdout=PIPE or stderr=PIPE with this function."
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import Kind, Subprocess, Verb
from .rule import Rule


def check(study: Study) -> Iterator[Finding]:
    """Calls that wait for a child and read none of its pipes."""
    for _, event in study.program.events(Verb.WAIT):
        child = event.target
        if not isinstance(child, Subprocess) or not child.whole:
            continue
        pipes = [which for which in ("stdout", "stderr") if which in child.streams]
        if pipes:
            yield Finding(
                "IPC802",
                event.place,
                f"nobody reads the {' and '.join(pipes)} of this child, and the call hangs when that pipe is full; "
                "use subprocess.run(..., capture_output=True), or DEVNULL for what is not wanted",
                about=(child,),
            )


BAD = '''\
import subprocess
import sys

NOISE = "for number in range(50_000): print(number)"

if __name__ == "__main__":
    code = subprocess.call([sys.executable, "-c", NOISE], stdout=subprocess.PIPE)  # want: IPC802
    print("exit code", code)
'''

GOOD = '''\
import subprocess
import sys

NOISE = "for number in range(50_000): print(number)"

if __name__ == "__main__":
    code = subprocess.call([sys.executable, "-c", NOISE], stdout=subprocess.DEVNULL)
    print("exit code", code)
'''

RULE = Rule(
    code="IPC802",
    name="call-with-pipe",
    summary="subprocess.call() or check_call() is given stdout=PIPE or stderr=PIPE.",
    why="Both wait for the child and return its exit code. Nobody can read the pipe: what was written is lost, and a child "
    "that writes more than the pipe holds never ends.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.SUBPROCESS}),
    silent=(
        "subprocess.run() and check_output(), which read what the child writes.",
        "DEVNULL, a file, or stderr=STDOUT.",
    ),
)
