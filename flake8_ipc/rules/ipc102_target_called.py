"""IPC102 target-called.

Judged from: what a process, task or initializer is to run, where it is known that it cannot be called.
Reported at: the argument.
Missed: a call whose result is not known, of a function in a module that cannot be read.
Source: CPython documentation, multiprocessing.Process: "target is the callable object to be invoked by the run()
method. It defaults to None, meaning nothing is called."
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.handings import Handing, Way
from ..analysis.study import Study
from ..finding import Finding
from ..model import Callee, CalleeKind, Kind, Process
from .rule import Rule
from .wording import short

_ROLES = {Way.PROCESS: "the target", Way.TASK: "the task", Way.INITIALIZER: "the initializer"}


def check(study: Study) -> Iterator[Finding]:
    """Targets that nothing can call."""
    for handing in study.handings:
        callee = handing.callee
        message = _message(handing, callee) if callee is not None else None
        if callee is not None and message is not None:
            yield Finding("IPC102", callee.place, message, about=(handing.owner,) if handing.way is Way.PROCESS else ())


def _message(handing: Handing, callee: Callee) -> str | None:
    role = _ROLES[handing.way]
    if callee.kind is CalleeKind.CALLED:
        function = short(callee.name.partition("(")[0])
        return (
            f"{function}() runs here, in the parent, and {role} is what it returns; "
            f"hand over {function} itself, and its arguments apart"
        )
    if callee.kind is CalleeKind.NOT_CALLABLE:
        return f"{role} is {short(callee.name)}, which cannot be called; hand over a function"
    if callee.kind is CalleeKind.NONE and handing.way is Way.PROCESS and not _runs_itself(handing):
        return f"{role} is None, so the process does nothing; hand over a function"
    return None


def _runs_itself(handing: Handing) -> bool:
    """Whether the process has a ``run`` of its own, or may have one."""
    process = handing.owner
    if not isinstance(process, Process):
        return True
    return process.run_assigned or (process.subclass is not None and process.subclass.runs is not False)


BAD = '''\
from multiprocessing import Process


def count_words(text):
    print(len(text.split()), "words")


if __name__ == "__main__":
    counter = Process(target=count_words("the cat and the dog"))  # want: IPC102
    counter.start()
    counter.join()
'''

GOOD = '''\
from functools import partial
from multiprocessing import Process


def count_words(text):
    print(len(text.split()), "words")


def count_letters(text):
    print(len(text), "letters")


def counter_for(unit):
    return count_words if unit == "word" else count_letters


if __name__ == "__main__":
    text = "the cat and the dog"
    counters = [
        Process(target=count_words, args=(text,)),
        Process(target=partial(count_letters, text)),
        Process(target=counter_for("letter"), args=(text,)),
    ]
    for counter in counters:
        counter.start()
    for counter in counters:
        counter.join()
'''

RULE = Rule(
    code="IPC102",
    name="target-called",
    summary="The result of a call is handed over where the function itself belongs.",
    why="The call runs in the parent, before there is a process. The process is then given its result, usually None, "
    "and does nothing or dies with TypeError.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.PROCESS}),
    silent=(
        "The call returns something that can be called, or something unknown.",
        "The call is functools.partial, or makes an object whose class defines __call__.",
        "The target is None and the class of the process has a run of its own.",
    ),
)
