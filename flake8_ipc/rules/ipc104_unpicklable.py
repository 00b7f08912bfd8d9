"""IPC104 unpicklable.

Judged from: the faults of targets, initializers, tasks and arguments: lambdas, nested functions, local classes, functions
that only the main guard defines, alone or inside a container or partial.
Reported at: that argument.
Missed: open files, generators and other objects that pickle refuses; lambdas that only an attribute holds.
Source: CPython documentation, multiprocessing, "Programming guidelines: More picklability"; pickle, "What can be
pickled and unpickled?".
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.handings import FORK, Handing, Way, only_forked, start_methods
from ..analysis.study import Study
from ..finding import Finding
from ..model import Callee, CalleeKind, Fault, Place, Program, Shared, Verb
from .rule import Rule
from .wording import short, under

_FAULTS = {
    CalleeKind.LAMBDA: Fault.LAMBDA,
    CalleeKind.NESTED: Fault.NESTED,
    CalleeKind.LOCAL_CLASS: Fault.LOCAL_CLASS,
}
_CURES = {
    Fault.LAMBDA: "define a function at module level",
    Fault.NESTED: "move the function to module level",
    Fault.LOCAL_CLASS: "move the class to module level",
    Fault.GUARDED: "move the function above the guard",
}


def check(study: Study) -> Iterator[Finding]:
    """What cannot be pickled and has to be."""
    if study.program.dill:
        return
    for handing in study.handings:
        if handing.way is not Way.TASK and only_forked(study.program, handing.owner):
            continue
        if handing.way is Way.PROCESS and _never_started(study.program, handing.owner):
            continue
        forked = only_forked(study.program, handing.owner)
        for text, place, fault in _faults(handing):
            if not (forked and fault is Fault.GUARDED):
                yield Finding("IPC104", place, _message(study, handing, text, fault), about=(handing.owner,))


def _never_started(program: Program, process: Shared) -> bool:
    """Whether a process is only made: what it is given is pickled when it starts."""
    return program.whole and not process.open and not any(program.uses(process, Verb.START))


def _faults(handing: Handing) -> Iterator[tuple[str, Place, Fault]]:
    callee = handing.callee
    fault = _fault_of(callee) if callee is not None else None
    if callee is not None and fault is not None:
        yield callee.name, callee.place, fault
    for argument in handing.arguments:
        if argument.fault is not None:
            yield argument.text, argument.place, argument.fault


def _fault_of(callee: Callee) -> Fault | None:
    return _FAULTS.get(callee.kind, callee.fault)


def _message(study: Study, handing: Handing, text: str, fault: Fault) -> str:
    what = fault.value if text.startswith("lambda") else f"{short(text)} is or holds {fault.value}, which"
    methods = under(start_methods(study.program, handing.owner) - FORK)
    if fault is Fault.GUARDED:
        return f"{what} a child {methods} does not run: it finds no such function; {_CURES[fault]}"
    if handing.way is Way.TASK:
        why = "a task is pickled under every start method"
    else:
        why = f"{methods} all that a child gets is pickled"
    return f"{what} cannot be pickled, and {why}; {_CURES[fault]}"


BAD = '''\
from multiprocessing import Pool

NAMES = [" Red Shoe", "BLUE hat "]

if __name__ == "__main__":
    with Pool(2) as pool:
        print(pool.map(lambda name: name.strip().lower(), NAMES))  # want: IPC104
'''

GOOD = '''\
from functools import partial
from multiprocessing import Pool

NAMES = [" Red Shoe", "BLUE hat "]


def normalise(name, separator):
    return separator.join(name.lower().split())


if __name__ == "__main__":
    with Pool(2) as pool:
        names = pool.map(partial(normalise, separator="-"), NAMES)
        last = pool.apply_async(normalise, ("Green  Scarf", "_"), callback=lambda name: print("ready:", name))
        print(names, last.get())
'''

RULE = Rule(
    code="IPC104",
    name="unpicklable",
    summary="A lambda, nested function or local class is handed to another process.",
    why="What a process is given is pickled unless it is forked, and what a pool is given always is. pickle finds "
    "functions and classes by their names in a module; these have none, and the start or the task fails.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "The package multiprocess, which pickles by dill.",
        "A function or class at module level, or a method of such a class.",
        "The target of a process, or a pool's initializer, where only fork is supported.",
        "callback= and error_callback=, which run in the process that submits.",
        "Threads and thread pools, which pickle nothing.",
        "A process that is made and never started.",
    ),
    yields_to=("IPC408",),
)
