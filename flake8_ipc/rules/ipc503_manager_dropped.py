"""IPC503 manager-dropped.

Judged from: what still holds a manager, or a proxy of it, in the process that made it when a process is started, a task
is handed in, a proxy is stored elsewhere or a function returns.
Reported at: the making of the manager.
Missed: names that are bound anew or deleted; managers in code that cannot be seen.
Source: CPython Lib/multiprocessing/managers.py: BaseManager.start registers a Finalize for the manager object; BaseProxy
keeps ``_manager`` only where it was made; Lib/multiprocessing/process.py: start() deletes target and arguments.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.servers import foretold, gone_in_use
from ..analysis.study import Study
from ..finding import Finding
from ..model import Kind, Verb
from .rule import Rule
from .wording import at

_TELLS = {
    "start": "start() has let go of the arguments",
    "submit": "the pool has sent the task away",
    "store": "the proxy is stored where it keeps no manager",
    "return": "the function has returned",
}


def check(study: Study) -> Iterator[Finding]:
    """Managers that nobody holds while others use what they serve."""
    for role in study.program.roles:
        for event in role.events(Verb.DROP):
            manager = event.target
            if manager.kind is not Kind.MANAGER or not event.exact or not gone_in_use(study, role, event):
                continue
            yield Finding(
                "IPC503",
                manager.place,
                f"nothing in this process holds the manager or a proxy of it once {_TELLS[event.name]} "
                f"({at(event.place, manager.place)}), so its server ends while others use it; bind it to a name that lives "
                "as long as they do",
                about=(manager,),
                foretold=foretold(study, role, event),
            )


BAD = '''\
from multiprocessing import Manager, Process


def note(lines):
    lines.append("begun")
    lines.append("done")


if __name__ == "__main__":
    writer = Process(target=note, args=(Manager().list(),))  # want: IPC503
    writer.start()
    writer.join()
'''

GOOD = '''\
from multiprocessing import Manager, Process


def note(lines):
    lines.append("begun")
    lines.append("done")


if __name__ == "__main__":
    lines = Manager().list()
    writer = Process(target=note, args=(lines,))
    writer.start()
    writer.join()
    print(list(lines))
'''

RULE = Rule(
    code="IPC503",
    name="manager-dropped",
    summary="A manager dies while its proxies are in use, for nothing in the process that made it keeps it.",
    why="A manager's server ends with the manager object. In the process that made it each proxy keeps it alive; a copy in "
    "another process, a queue or another proxy does not, and its next use fails with BrokenPipeError, EOFError or "
    "FileNotFoundError.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.MANAGER}),
    silent=(
        "The manager or one of its proxies is bound to a name, an attribute or in a collection that lives on.",
        "A function returns a proxy of its own manager: the proxy keeps it.",
        "Everybody who uses it is joined before it goes.",
    ),
)
