"""IPC405 wrapper-as-value.

Judged from: arithmetic, comparisons, truth tests and rebinding of a parameter where the operand is a shared value on
every path.
Reported at: the expression.
Missed: a wrapper that code in another package treats as a number.
Source: CPython documentation, multiprocessing.Value: "The object itself can be accessed via the value attribute of a
Synchronized"; Lib/multiprocessing/sharedctypes.py defines no operators.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import CELLS, Event, Verb
from .rule import Rule

# What becomes of the wrapper, by how it is used; anything else raises TypeError.
_EFFECTS = {
    "rebinding": "the name is bound to a number here and the shared one is as before",
    "truth": "it is always true",
    "comparison": "no comparison with a number comes out as meant",
}


def check(study: Study) -> Iterator[Finding]:
    """Wrappers in the place of the numbers in them."""
    for _, event in study.program.events(Verb.AS_NUMBER):
        # Where there may be none, a test for truth asks whether there is one.
        if event.exact or event.name != "truth":
            yield Finding("IPC405", event.place, _message(event), about=(event.target,))


def _message(event: Event) -> str:
    effect = _EFFECTS.get(event.name, "it has no arithmetic and TypeError is raised")
    return f"{event.target} is the wrapper, not the number in it: {effect}; write {event.target}.value"


BAD = '''\
from multiprocessing import Process, Value


def scan(readings, hits):
    for reading in readings:
        if reading > 60:
            hits += 1  # want: IPC405


if __name__ == "__main__":
    hits = Value("i", 0)
    scanner = Process(target=scan, args=([50, 70], hits))
    scanner.start()
    scanner.join()
    print(hits.value)
'''

GOOD = '''\
from multiprocessing import Process, Value


def scan(readings, hits=None):
    for reading in readings:
        if reading > 60 and hits is not None:
            with hits.get_lock():
                hits.value += 1


if __name__ == "__main__":
    hits = Value("i", 0)
    scanner = Process(target=scan, args=([50, 70], hits))
    scanner.start()
    scanner.join()
    if hits.value > 0:
        print(hits.value)
'''

RULE = Rule(
    code="IPC405",
    name="wrapper-as-value",
    summary="A Value itself is used as if it were the number in it.",
    why="A wrapper has no arithmetic: += and > raise TypeError, == and a truth test come out wrong without a word, and "
    "an assignment to the name changes nothing that other processes see.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=CELLS,
    silent=(
        "The value attribute is used, or the wrapper is only passed on.",
        "hits is None, and a truth test where the name may be None.",
        "limit = limit.value, which takes the number out.",
    ),
)
