"""IPC605 never-signalled.

Judged from: all interleavings; a wait counts where the scheduler can keep it waiting for good, whatever the data do;
beyond them, waits for what no role ever gives, and barriers counted by their waiters.
Reported at: the wait, or the semaphore's acquire.
Missed: signals that leave the file; barriers of which the number of waiters is not known.
Source: CPython Lib/threading.py, Barrier.wait and Condition.wait, which multiprocessing and its managers share.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

from ..analysis.barriers import left_behind
from ..analysis.explore.verdict import blocked, told
from ..analysis.signals import never_given
from ..analysis.study import Study
from ..analysis.surroundings import catches
from ..finding import Finding
from ..model import Barrier, Event, Kind, Program, Role, Verb
from .rule import Rule
from .waiting import others_waiting
from .wording import at

_GIVEN = {Kind.EVENT: (Verb.SET, "sets it"), Kind.CONDITION: (Verb.NOTIFY, "notifies")}
_SEMAPHORES = frozenset({Kind.SEMAPHORE, Kind.BOUNDED_SEMAPHORE})
_SIGNALS = frozenset({Kind.EVENT, Kind.CONDITION, Kind.BARRIER}) | _SEMAPHORES


def check(study: Study) -> Iterator[Finding]:
    """Waits for signals that never come."""
    counted = yield from _barriers(study)
    found: set[Event] = set()
    for stuck, role, event in blocked(study.stuck.waits, Verb.WAIT, Verb.ACQUIRE):
        if event.target.kind in _SIGNALS and event not in counted and event not in found and _meant(role, event):
            found.add(event)
            why = f"{_why(study.program, event)}{others_waiting(stuck, event)}"
            yield Finding("IPC605", event.place, _message(event, why), story=told(stuck, event), about=(event.target,))
    for role, event in never_given(study):
        if event not in found and _meant(role, event):
            yield Finding("IPC605", event.place, _message(event, _why(study.program, event)), about=(event.target,))


def _barriers(study: Study) -> Generator[Finding, None, set[Event]]:
    """Barriers whose waiters are no multiple of their parties; returns the waits told."""
    found: set[Event] = set()
    if not study.program.whole or any(not role.known for role in study.program.roles):
        return found
    for barrier in study.program.objects:
        left = left_behind(study.program, barrier) if isinstance(barrier, Barrier) else None
        if left is None or not isinstance(barrier, Barrier):
            continue
        number, waits = left
        found.update(waits)
        for event in waits:
            why = f"{barrier} lets {barrier.parties} go at a time, and {number} wait at it"
            yield Finding("IPC605", event.place, _message(event, why), about=(barrier,))
    return found


def _meant(role: Role, event: Event) -> bool:
    """Whether a wait is meant to end: one that catches Ctrl-C waits for that."""
    return not catches(role, event, "KeyboardInterrupt")


def _message(event: Event, why: str) -> str:
    return f"{event.name}() never returns: {why}; signal it on every path, or pass a timeout"


def _why(program: Program, event: Event) -> str:
    kind = event.target.kind
    if kind is Kind.BARRIER:
        return "too few processes come to it"
    verb, does = _GIVEN.get(kind, (Verb.RELEASE, "releases it"))
    given = [one.place for _, one in program.uses(event.target, verb)]
    if not given:
        return f"nobody {does}"
    return f"whoever {does} ({at(given[0], event.place)}) has done so before, waits too, or does it too seldom"


BAD = '''\
from multiprocessing import Event, Process


def sail(wind):
    wind.wait()  # want: IPC605
    print("off")


if __name__ == "__main__":
    wind = Event()
    boat = Process(target=sail, args=(wind,))
    boat.start()
    boat.join()
    wind.set()
'''

GOOD = '''\
from multiprocessing import Event, Process


def sail(wind):
    wind.wait()
    print("off")


if __name__ == "__main__":
    wind = Event()
    boat = Process(target=sail, args=(wind,))
    boat.start()
    wind.set()
    boat.join()
'''

RULE = Rule(
    code="IPC605",
    name="never-signalled",
    summary="A wait for an Event, Condition, Barrier or semaphore that no process can ever satisfy.",
    why="Nobody sets, notifies or releases it, or only after this wait; a barrier lets go its whole number or nobody.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=_SIGNALS,
    silent=(
        "A timeout; a wait that catches KeyboardInterrupt.",
        "Some process sets it, whenever the scheduler lets it.",
        "A daemon that waits while the main program ends; a process that is terminated.",
        "The signal is given to code that cannot be seen.",
    ),
    yields_to=("IPC601", "IPC604", "IPC606"),
)
