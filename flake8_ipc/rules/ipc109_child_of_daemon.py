"""IPC109 child-of-daemon.

Judged from: processes, pools, executors and managers that are started in a daemon process or in a pool's worker.
Reported at: the start; for a pool and a manager their creation, for an executor its first submit, which starts its workers.
Missed: processes of which it cannot be told whether they are daemons.
Source: CPython documentation, multiprocessing, Process.daemon: "Note that a daemonic process is not allowed to create
child processes"; Lib/multiprocessing/process.py: start asserts it; pool.py makes its workers daemons.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import Event, Kind, Pool, Process, Role, RoleKind, Shared, Verb
from .rule import Rule

_STARTS = {
    Verb.START: frozenset({Kind.PROCESS, Kind.MANAGER}),
    Verb.CREATE: frozenset({Kind.POOL, Kind.MANAGER}),
    Verb.SUBMIT: frozenset({Kind.EXECUTOR}),
}


def check(study: Study) -> Iterator[Finding]:
    """Starts of children by those who may have none."""
    for role in study.program.roles:
        kept_by = _daemonic(role.home)
        if kept_by is None:
            continue
        seen: set[Shared] = set()
        for event in role.events(*_STARTS):
            if event.target.kind not in _STARTS[event.verb] or event.target in seen:
                continue
            if not study.program.may_fail(event):
                # It was seen to start: its process had made itself no daemon.
                continue
            if event.verb is Verb.SUBMIT:
                seen.add(event.target)
            yield Finding(
                "IPC109",
                event.place,
                f"{_call(event)} raises AssertionError: {role.home.name} runs in {kept_by}, and daemonic processes may "
                f"not have children; {_remedy(role.home)}",
                about=(event.target,),
            )


def _daemonic(home: Role) -> str | None:
    """What makes a role's process a daemon, or None."""
    process = home.process
    if home.kind is RoleKind.PROCESS and isinstance(process, Process) and process.daemon:
        return "a daemon process"
    if home.kind in (RoleKind.TASK, RoleKind.INITIALIZER) and isinstance(process, Pool) and process.daemonic:
        return "a pool's worker"
    return None


def _call(event: Event) -> str:
    return f"{event.name.removesuffix('()')}()" if event.verb is not Verb.CREATE else f"making this {event.target.kind.value}"


def _remedy(home: Role) -> str:
    if home.kind is RoleKind.PROCESS:
        return "make it without daemon=True and join it"
    return "use a ProcessPoolExecutor, whose workers are no daemons"


BAD = '''\
from multiprocessing import Process


def ring(bell):
    print("ding", bell, flush=True)


def strike(bells):
    for bell in bells:
        ringer = Process(target=ring, args=(bell,))
        ringer.start()  # want: IPC109
        ringer.join()


if __name__ == "__main__":
    tower = Process(target=strike, args=(["small", "large"],), daemon=True)
    tower.start()
    tower.join()
'''

GOOD = '''\
from multiprocessing import Process


def ring(bell):
    print("ding", bell, flush=True)


def strike(bells):
    for bell in bells:
        ringer = Process(target=ring, args=(bell,))
        ringer.start()
        ringer.join()


if __name__ == "__main__":
    tower = Process(target=strike, args=(["small", "large"],))
    tower.start()
    tower.join()
'''

RULE = Rule(
    code="IPC109",
    name="child-of-daemon",
    summary="A process, pool, executor or manager is started inside a daemon process or a pool's worker.",
    why="A daemon is killed when its parent ends and could not clean up children of its own, so multiprocessing forbids "
    "it to have any: the start raises AssertionError.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "The worker of an executor, which is no daemon.",
        "daemon=False, or a value that is not known; a pool with a context of the program's own.",
        "A process that makes itself no daemon first.",
    ),
)
