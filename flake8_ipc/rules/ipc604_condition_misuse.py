"""IPC604 condition-misuse.

Judged from: the loops around each wait and what is done in them; what may be held where a condition is used.
Reported at: the wait, or the call without the lock.
Missed: waits with a timeout that hang on nothing that is changed next; a loop that looks at something else; functions
that other files may call with the lock held.
Source: CPython documentation, threading.Condition: "The while loop checking for the application's condition is necessary
because wait() can return after an arbitrary long time"; Lib/multiprocessing/synchronize.py, Condition: the asserts in
wait and notify.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.holdings import UNASKED
from ..analysis.locks import root
from ..analysis.predicates import bare_waits
from ..analysis.study import Study
from ..finding import Finding
from ..model import Kind, RoleKind, Verb
from .rule import Rule


def check(study: Study) -> Iterator[Finding]:
    """Waits without a loop, and calls without the lock."""
    for role in study.program.roles:
        bare = set(bare_waits(role, study.graph(role)))
        for event in role.events(Verb.WAIT, Verb.NOTIFY):
            condition = event.target
            if condition.kind is not Kind.CONDITION:
                continue
            lock = root(condition)
            seen = study.program.whole and role.kind is not RoleKind.ENTRY and event.exact
            if seen and not lock.open and not condition.open and study.holdings.depths(role, event, lock) <= {0, UNASKED}:
                raised = "RuntimeError" if condition.managed else "AssertionError"
                yield Finding(
                    "IPC604",
                    event.place,
                    f"{event.name}() raises {raised}: {condition} is not held here; call it inside with {condition}",
                    about=(condition, *dict.fromkeys(read.target for read in event.reads)),
                )
            elif event in bare:
                yield Finding(
                    "IPC604",
                    event.place,
                    f"{event.name}() is not in a loop on what it waits for: another process may be faster, or have notified "
                    f"before; use while not ...: {event.name}(), or wait_for",
                    about=(condition,),
                )


BAD = '''\
from multiprocessing import Condition, Process, Value


def eat(dinner, plates):
    with dinner:
        if plates.value == 0:
            dinner.wait()  # want: IPC604
        plates.value -= 1


def cook(dinner, plates):
    with dinner:
        plates.value += 2
    dinner.notify()  # want: IPC604


if __name__ == "__main__":
    dinner, plates = Condition(), Value("i", 0)
    guests = [Process(target=eat, args=(dinner, plates)) for _ in range(2)]
    for guest in guests:
        guest.start()
    cook(dinner, plates)
    for guest in guests:
        guest.join()
'''

GOOD = '''\
from multiprocessing import Condition, Process, Value


def eat(dinner, plates):
    with dinner:
        while plates.value == 0:
            dinner.wait()
        plates.value -= 1


def cook(dinner, plates):
    with dinner:
        plates.value += 2
        dinner.notify_all()


if __name__ == "__main__":
    dinner, plates = Condition(), Value("i", 0)
    guests = [Process(target=eat, args=(dinner, plates)) for _ in range(2)]
    for guest in guests:
        guest.start()
    cook(dinner, plates)
    for guest in guests:
        guest.join()
'''

RULE = Rule(
    code="IPC604",
    name="condition-misuse",
    summary="wait() outside a loop on its predicate, or wait() or notify() without holding the condition.",
    why="A notification is no promise: another process may have been faster, or it came before the wait and is lost.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.CONDITION}),
    silent=(
        "wait_for, or a while loop around the wait.",
        "A wait with a timeout whose result is asked for, or after which somebody looks again.",
        "Some path that leads there holds the condition, or the lock it was made with.",
    ),
)
