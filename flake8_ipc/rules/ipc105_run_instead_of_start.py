"""IPC105 run-instead-of-start.

Judged from: calls of a process's ``run`` from outside its class.
Reported at: the call.
Missed: a call of an unknown object's ``run``.
Source: CPython documentation, multiprocessing.Process.run: "Method representing the process's activity";
Process.start: "It arranges for the object's run() method to be invoked in a separate process."
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import Kind, Verb
from .rule import Rule


def check(study: Study) -> Iterator[Finding]:
    """Processes that are run in the caller."""
    for _, event in study.program.events(Verb.RUN):
        yield Finding(
            "IPC105",
            event.place,
            f"{event.name}() does the work in the calling process and starts none; call {event.target}.start()",
            about=(event.target,),
        )


BAD = '''\
from multiprocessing import Process


def back_up(folder):
    print("saving", folder)


if __name__ == "__main__":
    backup = Process(target=back_up, args=("pictures",))
    backup.run()  # want: IPC105
'''

GOOD = '''\
from multiprocessing import Process


class Backup(Process):
    def run(self):
        print("preparing")
        super().run()


def back_up(folder):
    print("saving", folder)


if __name__ == "__main__":
    backup = Backup(target=back_up, args=("pictures",))
    backup.start()
    backup.join()
'''

RULE = Rule(
    code="IPC105",
    name="run-instead-of-start",
    summary="run() is called on a process from outside, where start() is meant.",
    why="run() is what the new process executes. Called by hand it executes in the caller, which then waits for it: "
    "nothing runs at the same time, and no process is made.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.PROCESS}),
    silent=(
        "super().run() in the run of a subclass.",
        "A run method of a class that is no Process.",
    ),
)
