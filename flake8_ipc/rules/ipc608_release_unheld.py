"""IPC608 release-unheld.

Judged from: how deep a role may hold each lock along its flow; a release counts where it is held on no path that leads
there, or only by an acquire that may have failed and whose result nobody looked at.
Reported at: the release.
Missed: locks of which a function of the file is the only user, when other files may call it.
Source: CPython Modules/_multiprocessing/semaphore.c, _multiprocessing_SemLock_release_impl: AssertionError for a
recursive lock that this thread does not own, ValueError for a semaphore or lock released too many times.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.holdings import UNASKED
from ..analysis.locks import root
from ..analysis.study import Study
from ..finding import Finding
from ..model import CELLS, LOCKS, Blocking, Event, Kind, Role, RoleKind, Try, Verb, events
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Releases of what is not held."""
    for role in study.program.roles:
        if role.kind is RoleKind.ENTRY or not study.program.whole:
            continue
        for event in study.holdings.unheld(role):
            lock = root(event.target)
            if lock.open or event.target.open:
                continue
            if lock.kind is Kind.LOCK and study.holdings.taken_for_good(lock, role):
                continue
            for fault in _inside_with(role, event) or [event]:
                yield Finding("IPC608", fault.place, _message(study, role, event, fault), about=(event.target,))


def _inside_with(role: Role, event: Event) -> list[Event]:
    """The releases by hand in a ``with`` block whose own release finds nothing left."""
    if not event.name.startswith("with "):
        return []
    return [
        one.event
        for one in role.around.values()
        if one.event.verb is Verb.RELEASE
        and one.event is not event
        and root(one.event.target) is root(event.target)
        and any(isinstance(node, Try) and any(last is event for last in events(node.final)) for node in one.above)
    ]


def _message(study: Study, role: Role, event: Event, fault: Event) -> str:
    lock = root(event.target)
    if fault is not event:
        return f"{fault.name}() leaves nothing for the end of the with block to release: that raises; let with release it alone"
    if UNASKED in study.holdings.depths(role, event, lock):
        tried = [
            one
            for one in role.events(Verb.ACQUIRE)
            if root(one.target) is lock and one.blocking is not Blocking.FOREVER and not one.used
        ]
        where = f" at {at(tried[0].place, event.place)}" if tried else ""
        return (
            f"{event.name}() releases what the acquire{where} may have failed to take: nobody looked at its result; "
            f"release only if it returned True"
        )
    raised = "RuntimeError" if lock.managed else "ValueError" if lock.kind is Kind.LOCK else "AssertionError"
    if lock.kind is Kind.LOCK:
        raised = f"{raised}, or lets go what another process holds"
    return f"{event.name}() raises {raised}: no path that leads here holds {event.target}; acquire it first, or use with"


BAD = '''\
from multiprocessing import Lock, Process, Value


def count(visitors, lock):
    with lock:
        visitors.value += 1
        lock.release()  # want: IPC608


def watch(visitors, lock):
    lock.acquire(timeout=1)
    print(visitors.value)
    lock.release()  # want: IPC608


def greet(visitors, lock):
    if visitors.value == 0:
        lock.release()  # want: IPC608


if __name__ == "__main__":
    visitors, lock = Value("i", 0), Lock()
    workers = [Process(target=target, args=(visitors, lock)) for target in (count, watch, greet)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
'''

GOOD = '''\
from multiprocessing import Lock, Process, Value


def watch(visitors, lock):
    if lock.acquire(timeout=1):
        try:
            print(visitors.value)
        finally:
            lock.release()


if __name__ == "__main__":
    visitors, lock = Value("i", 0), Lock()
    watcher = Process(target=watch, args=(visitors, lock))
    watcher.start()
    watcher.join()
'''

RULE = Rule(
    code="IPC608",
    name="release-unheld",
    summary="release() of a lock that this process does not hold, or may have failed to take.",
    why="It raises, or it takes the lock from whoever holds it, and two processes are in the guarded part at once.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=LOCKS | CELLS,
    silent=(
        "A semaphore.",
        "A Lock that one process acquires for another to release, as a signal or a hand-over.",
        "Some path that leads there holds it, or the result of the acquire is looked at.",
    ),
)
