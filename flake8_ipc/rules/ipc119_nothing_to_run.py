"""IPC119 nothing-to-run.

Judged from: processes that have neither a target nor a ``run`` of their own, processes whose first positional argument
is a function, and subclasses of Process whose ``__init__`` never reaches the base's.
Reported at: the creation of the process; for such a subclass, its ``def __init__``.
Missed: a subclass whose bases cannot be read; a process whose arguments come from ``*args`` or ``**kwargs``.
Source: CPython documentation, multiprocessing.Process: "group should always be None", "If a subclass overrides the
constructor, it must make sure it invokes the base class constructor before doing anything else to the process".
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.handings import Handing, Way
from ..analysis.study import Study
from ..finding import Finding
from ..model import Process
from .rule import Rule


def check(study: Study) -> Iterator[Finding]:
    """Processes that do nothing, or cannot be started."""
    for handing in study.handings:
        message = _message(handing)
        if message is not None:
            yield Finding("IPC119", handing.place, message, about=(handing.owner,))
    for cls in study.program.classes:
        if cls.init is not None and not cls.calls_super:
            yield Finding(
                "IPC119",
                cls.init,
                f"{cls.name}.__init__ never calls super().__init__(), so start() raises AssertionError or "
                "AttributeError; call it first",
            )


def _message(handing: Handing) -> str | None:
    process = handing.owner
    if handing.way is not Way.PROCESS or not isinstance(process, Process) or process.open:
        return None
    name = process.subclass.name if process.subclass is not None else "Process"
    if process.group_given:
        return f"the first parameter of {name}() is group, so there is no target but an AssertionError; write target="
    runs = process.run_assigned or (process.subclass is not None and process.subclass.runs is not False)
    if runs or handing.callee is not None or not handing.handover.complete:
        return None
    return f"{name}() is given no target and has no run() of its own, so the process does nothing; give it a target"


BAD = '''\
from multiprocessing import Process


def print_pages(pages):
    print("printing", pages)


class Printer(Process):
    def __init__(self, pages):  # want: IPC119
        self.pages = pages

    def run(self):
        print_pages(self.pages)


if __name__ == "__main__":
    idle = Process(args=([1, 2],))  # want: IPC119
    idle.start()
    idle.join()
    printer = Printer([1, 2])
    printer.start()
    printer.join()
'''

GOOD = '''\
from functools import partial
from multiprocessing import Process


def print_pages(pages):
    print("printing", pages)


class Printer(Process):
    def __init__(self, pages):
        super().__init__()
        self.pages = pages

    def run(self):
        print_pages(self.pages)


class QuietPrinter(Printer):
    pass


if __name__ == "__main__":
    cover = Process()
    cover.run = partial(print_pages, ["cover"])
    printers = [Process(target=print_pages, args=([1, 2],)), QuietPrinter([3]), cover]
    for printer in printers:
        printer.start()
    for printer in printers:
        printer.join()
'''

RULE = Rule(
    code="IPC119",
    name="nothing-to-run",
    summary="A process has nothing to run, or its class never calls the constructor of Process.",
    why="Without a target, run() returns at once and the process ends well, having done nothing. A class that leaves out "
    "the base's constructor raises when it is started.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "The class, or one of its bases, defines run, or run is assigned.",
        "A target is given, whatever it is (IPC102).",
        "Not all arguments of the process, or not all bases of its class, are known.",
    ),
    yields_to=("IPC102",),
)
