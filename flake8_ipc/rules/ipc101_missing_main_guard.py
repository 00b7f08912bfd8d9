"""IPC101 missing-main-guard.

Judged from: starts of processes and managers, creations of pools and managers, and tasks for executors (which start
their workers with the first task) that happen when the module is imported.
Reported at: the innermost statement at module level that does it, once for each such statement.
Missed: a module that only other files run, and that starts processes in a function they call while importing it.
Source: CPython documentation, multiprocessing, "Programming guidelines: The spawn and forkserver start methods: Safe
importing of main module"; Lib/multiprocessing/spawn.py, ``_check_not_importing_main``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from ..analysis.handings import FORK, start_methods
from ..analysis.study import Study
from ..finding import Finding, Step
from ..model import Event, Handover, Kind, Place, Process, Verb
from .rule import Rule
from .wording import at, under

# What each verb starts: a pool and a manager at once, an executor with its first task.
_STARTING = {
    Verb.START: frozenset({Kind.PROCESS, Kind.MANAGER}),
    Verb.CREATE: frozenset({Kind.POOL, Kind.MANAGER}),
    Verb.SUBMIT: frozenset({Kind.EXECUTOR}),
}


def check(study: Study) -> Iterator[Finding]:
    """Processes that start because the module is imported."""
    reported: set[Place] = set()
    for _, event in study.program.events(*_STARTING):
        statement, started = event.setting.imported, event.target
        if statement is None or statement in reported or started.kind not in _STARTING[event.verb]:
            continue
        methods = start_methods(study.program, started) - FORK
        if not methods or _main_of_a_package(study, event, statement):
            continue
        reported.add(statement)
        where = "" if event.place.line == statement.line else f" ({at(event.place, statement)})"
        yield Finding(
            "IPC101",
            statement,
            f"{_deed(event)}{where} runs whenever this module is imported, and {under(methods)} each child imports it "
            'and dies with RuntimeError; move it under if __name__ == "__main__"',
            (Step(f"{_deed(event)} starts a process", event.place),),
            (started,),
        )


def _deed(event: Event) -> str:
    if event.verb is Verb.CREATE:
        return f"{event.target.kind.value.capitalize()}()"
    return f"{event.name}()"


def _main_of_a_package(study: Study, event: Event, statement: Place) -> bool:
    """Whether this is a ``__main__.py``, which no child imports, and nothing in it is needed there.

    CPython Lib/multiprocessing/spawn.py, ``_fixup_main_from_name``, leaves the ``__main__`` of a package alone.
    """
    if PurePath(statement.path).name != "__main__.py":
        return False
    if isinstance(event.target, Process) and event.target.subclass is not None:
        return event.target.subclass.place.path != statement.path
    return all(
        _lives_elsewhere(handing.handover, statement) for handing in study.handings if handing.owner is event.target
    )


def _lives_elsewhere(handover: Handover, statement: Place) -> bool:
    callee = handover.callee
    return callee is None or callee.definition is None or callee.definition.path != statement.path


BAD = '''\
from multiprocessing import Process


def make_thumbnail(name):
    print("thumbnail of", name)


job = Process(target=make_thumbnail, args=("harbour.jpg",))
job.start()  # want: IPC101
job.join()
'''

GOOD = '''\
from multiprocessing import Process


def make_thumbnail(name):
    print("thumbnail of", name)


def main():
    job = Process(target=make_thumbnail, args=("harbour.jpg",))
    job.start()
    job.join()


if __name__ == "__main__":
    main()
'''

RULE = Rule(
    code="IPC101",
    name="missing-main-guard",
    summary="A process, pool or manager is started when the module is imported.",
    why="Under spawn and forkserver a child first imports the main module. It comes upon the same start again, and "
    "multiprocessing ends it with RuntimeError before it has done anything.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        'The start is under if __name__ == "__main__", in any spelling.',
        "Only fork is supported, or the process is made from get_context(\"fork\").",
        "The file is a __main__.py and its workers are defined in another module.",
        "The statement only defines a function or makes a queue, lock, value or executor.",
    ),
)
