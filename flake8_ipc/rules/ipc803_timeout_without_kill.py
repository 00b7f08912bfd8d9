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

from ..analysis.children import elsewhere
from ..analysis.graph import Graph, Node
from ..analysis.study import Study
from ..analysis.surroundings import loops_around, same_turn
from ..finding import Finding
from ..model import Event, Role, Subprocess, Verb
from .rule import Rule
from .wording import at

_EXPIRED = ("TimeoutExpired", "SubprocessError")
_ENDS = frozenset({Verb.KILL, Verb.TERMINATE})
_AGAIN = frozenset({Verb.WAIT, Verb.JOIN, Verb.POLL})


def check(study: Study) -> Iterator[Finding]:
    """Waits whose handler leaves the child running."""
    for role in study.program.roles:
        for event in role.events(Verb.WAIT, Verb.JOIN):
            child = event.target
            if not isinstance(child, Subprocess) or child.detached or child.open or elsewhere(study, child):
                continue
            if _abandoned(study, role, event, child):
                yield Finding(
                    "IPC803",
                    event.place,
                    f"when {event.name}() runs out of time, its handler leaves {child} (made at "
                    f"{at(child.place, event.place)}) running; kill() it there, then wait() for it",
                    about=(child,),
                )


def _abandoned(study: Study, role: Role, event: Event, child: Subprocess) -> bool:
    if study.program.observed:
        return _seen(study, role, event, child)
    return event.raises is not None and _given_up(study, role, event) and not _told_to_end(study, role, event)


def _seen(study: Study, role: Role, event: Event, child: Subprocess) -> bool:
    """Whether a run has shown it: the wait ran out of time, its process went on, and the child outlived it."""
    if event.failed not in _EXPIRED or role.home.raised in _EXPIRED or child.left is False:
        return False
    told = {one.verb for _, one in study.program.uses(child) if one is not event}
    return told.isdisjoint(_ENDS if child.left else _ENDS | _AGAIN)


def _given_up(study: Study, role: Role, event: Event) -> bool:
    """Whether the timeout is caught, and from there nothing ends the child or waits for it again."""
    graph = study.graph(role)
    another = _next_is_another(role, event)
    found = False
    for node in graph.at(event):
        handler = graph.caught(node, *_EXPIRED)
        if handler is None:
            continue
        reached = list(graph.beyond(handler, lambda one: one.verb is Verb.CREATE and one.target is event.target))
        if any(_minds(one.event, event, another=another) for one in reached if one.event is not None):
            return False
        found = found or _gives_up(graph, reached)
    return found


def _minds(one: Event, event: Event, *, another: bool) -> bool:
    if one.target is not event.target:
        return False
    return one.verb in _ENDS or (one.verb in _AGAIN and not (another and one is event))


def _gives_up(graph: Graph, reached: list[Node]) -> bool:
    """Whether the program goes on to its end, or to an exception of another kind; raising again hands on the trouble."""
    return graph.exit in reached or any(node.raises is not None for node in reached) or graph.failed not in reached


def _next_is_another(role: Role, event: Event) -> bool:
    """Whether the next turn of the loop around a wait is for another child."""
    if not event.target.many:
        return False
    loops = loops_around(role, event)
    made = [one for one in role.events(Verb.CREATE) if one.target is event.target]
    return bool(loops) and loops[-1].count is not None and not any(same_turn(role, one, event) for one in made)


def _told_to_end(study: Study, role: Role, event: Event) -> bool:
    """Whether the child may have been told to end before: then this is the wait for it to obey."""

    def step(state: bool, one: Event) -> bool:
        if one.target is not event.target:
            return state
        return one.verb in _ENDS or (state and one.verb is not Verb.CREATE)

    before = study.graph(role).forward(False, step, lambda one, other: one or other)
    return any(state for node, state in before.items() if node.event is event)


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
    silent=(
        "kill(), terminate(), send_signal() or killpg() in the handler, in a finally, or later on.",
        "The child was told to end before the wait.",
        "Nobody catches TimeoutExpired, or the handler raises it again.",
        "A loop waits again, or a with statement waits for the child at its end.",
        "subprocess.run(timeout=...), which kills the child itself.",
        "The child has a session of its own (start_new_session=True): it is meant to outlive the program.",
    ),
)
