"""IPC121 start-in-init.

Judged from: starts of a process before its own ``__init__``, and that of every class below, has come to its end.
Reported at: the call of ``start``.
Missed: a start that an unknown function does which ``__init__`` hands the object to.
Source: CPython documentation, multiprocessing.Process.start ("arranges for the object's run() method to be invoked in a
separate process"); Lib/multiprocessing/popen_fork.py and popen_spawn_posix.py, which copy or pickle the object at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import Kind, Verb
from .rule import Rule


def check(study: Study) -> Iterator[Finding]:
    """Processes that are started while they are made."""
    for _, event in study.program.events(Verb.START):
        if event.early and event.target.kind is Kind.PROCESS:
            yield Finding(
                "IPC121",
                event.place,
                "start() inside __init__: the child gets the object as it is now, without what later lines or a "
                "subclass's __init__ set; let whoever makes it call start()",
                about=(event.target,),
            )


BAD = '''\
from multiprocessing import Process


class Baker(Process):
    def __init__(self, breads):
        super().__init__()
        self.start()  # want: IPC121
        self.breads = breads

    def run(self):
        print("baking", self.breads)


if __name__ == "__main__":
    baker = Baker(["rye", "spelt"])
    baker.join()
'''

GOOD = '''\
from multiprocessing import Process


class Baker(Process):
    def __init__(self, breads):
        super().__init__()
        self.breads = breads

    def run(self):
        print("baking", self.breads)


if __name__ == "__main__":
    baker = Baker(["rye", "spelt"])
    baker.start()
    baker.join()
'''

RULE = Rule(
    code="IPC121",
    name="start-in-init",
    summary="A Process subclass starts itself in its __init__.",
    why="start() copies or pickles the object at once. What a later line of __init__ sets, or the __init__ of a further "
    "subclass after super().__init__(), never reaches the child, which then fails with AttributeError in run().",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.PROCESS}),
    silent=(
        "The start is the last statement of the __init__ of a class marked final.",
        "An object that is no process starts a process of its own in its __init__.",
        "Threads, which see what is set later.",
    ),
)
