"""IPC607 private-lock.

Judged from: where each lock is made, and which roles use it or are given it.
Reported at: the creation.
Missed: locks of one process alone that are made before it, outside a loop.
Source: CPython documentation, multiprocessing, "Explicitly pass resources to child processes".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..analysis.locks import root
from ..analysis.study import Study
from ..analysis.surroundings import beside
from ..finding import Finding
from ..model import LOCKS, Cell, Event, Program, Role, RoleKind, Shared, Verb
from .rule import Rule

_APART = frozenset({RoleKind.PROCESS, RoleKind.TASK, RoleKind.INITIALIZER})
# What is done to an object without using it.
_KEEPS = frozenset({Verb.CREATE, Verb.FORGET})
_MENDING = "make one lock in the parent and pass it to every process"


def check(study: Study) -> Iterator[Finding]:
    """Locks that keep nobody out."""
    program = study.program
    if not program.whole:
        return
    alone: list[tuple[Event, Role, Role]] = []
    for maker, event in program.events(Verb.CREATE):
        lock = event.target
        if lock.kind not in LOCKS or lock.open:
            continue
        users = _users(program, lock)
        if len(users) != 1 or not _taken(users[0], lock):
            continue
        if users == [maker] and maker.kind in _APART and event.setting.imported is None:
            yield Finding(
                "IPC607",
                event.place,
                f"{lock} is made inside {maker.name}, so that every process has its own and keeps nobody out; {_MENDING}",
                about=(lock,),
            )
        elif users != [maker] and users[0].kind is RoleKind.PROCESS and not _common(maker, event, users[0]):
            alone.append((event, maker, users[0]))
    for made in _by_place(alone):
        event, maker, user = made[0]
        each = _with_its_process(maker, event, user) and study.order.overlaps(user)
        if each or _side_by_side(study, [user for _, _, user in made]):
            yield Finding(
                "IPC607",
                event.place,
                f"{event.target} is made anew for each {user.name}, so that every process has its own and keeps nobody out; "
                f"{_MENDING}",
                about=(event.target,),
            )


def _side_by_side(study: Study, users: list[Role]) -> bool:
    """Whether two of those that have a lock each may be alive when they use it."""
    firsts = {user: next(user.events(Verb.ACQUIRE), None) for user in users}
    taking = [(user, event) for user, event in firsts.items() if event is not None]
    return any(
        study.order.alive_together(one, first, other, second)
        for at, (one, first) in enumerate(taking)
        for other, second in taking[at + 1 :]
    )


def _by_place(alone: list[tuple[Event, Role, Role]]) -> Iterable[list[tuple[Event, Role, Role]]]:
    """Locks made in the same place together."""
    found: dict[object, list[tuple[Event, Role, Role]]] = {}
    for one in alone:
        found.setdefault(one[0].place.key, []).append(one)
    return found.values()


def _users(program: Program, lock: Shared) -> list[Role]:
    """The roles that use a lock, or are given it."""
    cells = {shared for shared in program.objects if isinstance(shared, Cell) and shared.lock is lock}
    return [
        role
        for role in program.roles
        if any(root(event.target) is lock or event.target in cells for event in role.events() if event.verb not in _KEEPS)
        or (not any(role.events()) and lock in role.given)
    ]


def _taken(role: Role, lock: Shared) -> bool:
    return any(root(event.target) is lock for event in role.events(Verb.ACQUIRE))


def _common(maker: Role, made: Event, user: Role) -> bool:
    """Whether many processes have one lock, that was made before them all, in common."""
    return user.many and not _with_its_process(maker, made, user)


def _with_its_process(maker: Role, made: Event, user: Role) -> bool:
    """Whether each of many processes gets a lock of its own, made in the same turn of a loop."""
    if not (made.target.many and user.process is not None and user.process.many):
        return False
    creations = (event for event in maker.events(Verb.CREATE) if event.target is user.process)
    return any(beside(maker, made, event) for event in creations)


BAD = '''\
from multiprocessing import Lock, Process


def write(path, text):
    lock = Lock()  # want: IPC607
    with lock:
        with open(path, "a") as book:
            book.write(text)


if __name__ == "__main__":
    writers = [Process(target=write, args=("guests.txt", name)) for name in ("Ann", "Ben")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
'''

GOOD = '''\
from multiprocessing import Lock, Process


def write(path, text, lock):
    with lock:
        with open(path, "a") as book:
            book.write(text)


if __name__ == "__main__":
    lock = Lock()
    writers = [Process(target=write, args=("guests.txt", name, lock)) for name in ("Ann", "Ben")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
'''

RULE = Rule(
    code="IPC607",
    name="private-lock",
    summary="A lock made inside the worker, or one for each process, so that every process has its own.",
    why="A lock keeps out only those who share it. Each process takes its own and is never kept waiting.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=LOCKS,
    silent=(
        "The worker passes it on to its own children or threads.",
        "The parent or another process uses the same one.",
        "It is given to code that cannot be seen.",
    ),
)
