"""IPC408 pointer-in-shared-memory.

Judged from: the ctypes type that a value or array in shared memory is made of, with the fields of structures.
Reported at: the call.
Missed: types that other files define; fields that are worked out.
Source: CPython documentation, multiprocessing.sharedctypes: "Although it is possible to store a pointer in shared memory
remember that this will refer to a location in the address space of a specific process."
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import CELLS, Cell, Verb
from .rule import Rule

_INSTEAD = {"c_char_p": 'use Array("c", size) for text', "c_wchar_p": 'use Array("u", size) for text'}


def check(study: Study) -> Iterator[Finding]:
    """Addresses where only what they point to would mean something."""
    for _, event in study.program.events(Verb.CREATE):
        cell = event.target
        if isinstance(cell, Cell) and cell.pointer is not None:
            cure = _INSTEAD.get(cell.pointer, "share what it points to instead, as an array or structure of numbers")
            yield Finding(
                "IPC408",
                event.place,
                f"{cell} holds a {cell.pointer}, the address of something in one process's own memory, which another "
                f"process reads as garbage or dies of; {cure}",
                about=(cell,),
            )


BAD = '''\
from ctypes import c_char_p
from multiprocessing import Process, Value


def sign(label):
    label.value = b"checked by the child"


if __name__ == "__main__":
    label = Value(c_char_p, b"not checked")  # want: IPC408
    checker = Process(target=sign, args=(label,))
    checker.start()
    checker.join()
    print(label.value)
'''

GOOD = '''\
from multiprocessing import Array, Process


def sign(label):
    label.value = b"checked by the child"


if __name__ == "__main__":
    label = Array("c", 40)
    label.value = b"not checked"
    checker = Process(target=sign, args=(label,))
    checker.start()
    checker.join()
    print(label.value)
'''

RULE = Rule(
    code="IPC408",
    name="pointer-in-shared-memory",
    summary="A shared value or array is made of a pointer type, or of a structure with one in it.",
    why="Only the address is shared. What stands there in another process is something else or nothing: it reads garbage "
    "or is killed by a segmentation fault.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=CELLS,
    silent=(
        'An Array of "c" or "u", which holds the text itself.',
        "A manager's Value, which ignores its typecode.",
    ),
)
