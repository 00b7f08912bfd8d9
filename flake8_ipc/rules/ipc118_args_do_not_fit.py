"""IPC118 args-do-not-fit.

Judged from: the number and names of all that a process, task or initializer is given against the signature of what
it runs.
Reported at: the creation of the process or pool, or the call that submits the task.
Missed: decorated functions, classes as targets, arguments that are not all known.
Source: CPython Language Reference, "Calls"; Lib/multiprocessing/process.py, ``self._target(*self._args,
**self._kwargs)``.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.handings import Handing, Way
from ..analysis.study import Study
from ..finding import Finding
from ..model import Callee
from .rule import Rule
from .wording import at, short

_EFFECTS = {
    Way.PROCESS: "the child dies with TypeError",
    Way.TASK: "the task fails with TypeError",
    Way.INITIALIZER: "every worker dies with TypeError and is replaced by another",
}


def check(study: Study) -> Iterator[Finding]:
    """Arguments that their function does not take."""
    for handing in study.handings:
        callee = handing.callee
        if callee is None or callee.signature is None or not handing.handover.complete:
            continue
        count = sum(argument.keyword is None for argument in handing.arguments)
        names = tuple(argument.keyword for argument in handing.arguments if argument.keyword is not None)
        misfit = callee.signature.misfit(count, names)
        if misfit is not None:
            yield Finding(
                "IPC118",
                handing.place,
                f"{_described(callee, handing)} {misfit}: {_EFFECTS[handing.way]}; make the arguments fit it",
                about=(handing.owner,) if handing.way is Way.PROCESS else (),
            )


def _described(callee: Callee, handing: Handing) -> str:
    where = f" ({at(callee.definition, handing.place)})" if callee.definition is not None else ""
    return f"{short(callee.name)}{where}"


BAD = '''\
from multiprocessing import Process


def convert(source, target):
    print(source, "->", target)


if __name__ == "__main__":
    job = Process(target=convert, args=("song.wav", "song.ogg", 128))  # want: IPC118
    job.start()
    job.join()
'''

GOOD = '''\
from multiprocessing import Process


def convert(source, target, bitrate=128, *effects, **tags):
    print(source, "->", target, bitrate, effects, tags)


if __name__ == "__main__":
    jobs = [
        Process(target=convert, args=("song.wav", "song.ogg")),
        Process(target=convert, args=("song.wav", "song.ogg", 192, "echo", "fade")),
        Process(target=convert, args=("song.wav",), kwargs={"target": "song.ogg", "artist": "ann"}),
    ]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
'''

RULE = Rule(
    code="IPC118",
    name="args-do-not-fit",
    summary="The arguments of a process, task or initializer do not fit the signature of what it runs.",
    why="Nothing checks them until the child makes the call. It dies with TypeError while its parent waits for an answer "
    "that never comes.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "The function takes *args or **kwargs for what is over.",
        "The signature is not known: a decorated function, a class, code in another package.",
        "Some arguments are not known, as in args=(*rest,).",
        "args is no sequence (IPC103).",
    ),
    yields_to=("IPC103",),
)
