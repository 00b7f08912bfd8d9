"""IPC803 timeout-without-kill.

Judged from: the normal paths from the handler that catches TimeoutExpired: whether anything on one of them ends the
child, or waits for it again.
Reported at: the call that runs out of time.
Missed: children that leave the file, or that an object holds in a file which shows only a part of the program.
Source: CPython documentation, subprocess.Popen.communicate: "The child process is not killed if the timeout expires, so in
order to cleanup properly a well-behaved application should kill the child process and finish communication."
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.abandoned import abandoned
from ..analysis.children import elsewhere
from ..analysis.study import Study
from ..finding import Finding
from ..model import Kind, Subprocess, Verb
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Waits whose handler leaves the child running."""
    for role in study.program.roles:
        for event in role.events(Verb.WAIT, Verb.JOIN):
            child = event.target
            if not isinstance(child, Subprocess) or child.detached or child.open or elsewhere(study, child):
                continue
            if abandoned(study, role, event, child):
                yield Finding(
                    "IPC803",
                    event.place,
                    f"when {event.name}() runs out of time, its handler leaves {child} (made at "
                    f"{at(child.place, event.place)}) running; kill() it there, then wait() for it",
                    about=(child,),
                )


BAD = '''\
import subprocess
import sys

PROBE = "import time; time.sleep(5)"

if __name__ == "__main__":
    probe = subprocess.Popen([sys.executable, "-c", PROBE])
    try:
        print("exit code", probe.wait(timeout=0.3))  # want: IPC803
    except subprocess.TimeoutExpired:
        print("no answer")
'''

GOOD = '''\
import subprocess
import sys

PROBE = "import time; time.sleep(5)"

if __name__ == "__main__":
    probe = subprocess.Popen([sys.executable, "-c", PROBE])
    try:
        print("exit code", probe.wait(timeout=0.3))
    except subprocess.TimeoutExpired:
        probe.kill()
        probe.wait()
        print("no answer")
'''

RULE = Rule(
    code="IPC803",
    name="timeout-without-kill",
    summary="A wait for a child runs out of time, and the handler leaves the child running.",
    why="TimeoutExpired ends the wait, not the child. It goes on working, holds its files and ports, and outlives the "
    "program.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.SUBPROCESS}),
    silent=(
        "kill(), terminate(), send_signal() or killpg() in the handler, in a finally, or later on.",
        "The child was told to end before the wait.",
        "Nobody catches TimeoutExpired, or the handler raises it again.",
        "A loop waits again, or a with statement waits for the child at its end.",
        "subprocess.run(timeout=...), which kills the child itself.",
        "The child has a session of its own (start_new_session=True): it is meant to outlive the program.",
    ),
)
