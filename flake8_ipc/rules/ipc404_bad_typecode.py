"""IPC404 bad-typecode.

Judged from: typecodes, sizes and initial values of Value, Array and their raw kin, and the constants that are assigned
to them; a manager's Array is judged as the array.array that it is, and a manager's Value not at all.
Reported at: the call or the assignment.
Missed: values that are worked out while the program runs; types built from others, such as Structures.
Source: CPython documentation, multiprocessing.Value and Array, array.array; Lib/multiprocessing/sharedctypes.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..analysis.study import Study
from ..analysis.typecodes import ARRAY_CODES, CODES, RANGES, code_of, misfit
from ..finding import Finding
from ..model import CELLS, Cell, Constant, Event, Kind, Verb
from .rule import Rule
from .wording import short

# What a beginner's typecode most likely means.
_MEANT = {"int": '"i"', "float": '"d"', "double": '"d"', "bool": "ctypes.c_bool", "str": '"u", or an Array of "c"'}
_PYTHON_TYPE = "<type "


def check(study: Study) -> Iterator[Finding]:
    """Typecodes that are none, and values that do not fit theirs."""
    for _, event in study.program.events(Verb.CREATE, Verb.WRITE):
        cell = event.target
        if not isinstance(cell, Cell) or cell.kind not in CELLS or (cell.managed and cell.kind is Kind.VALUE):
            continue
        message = _creation(event, cell) if event.verb is Verb.CREATE else _assignment(event, cell)
        if message is not None:
            yield Finding("IPC404", event.place, message, about=(cell,))


# -- the call


def _creation(event: Event, cell: Cell) -> str | None:
    unknown = _unknown_code(cell)
    if unknown is not None:
        return unknown
    if event.name == "unsized":
        return "the initialiser of this Array has no length, and TypeError is raised; make a list of it"
    if event.payload is None:
        return None
    if cell.kind is Kind.VALUE:
        return _misfits(cell, [event.payload.value])
    return _start_of_array(cell, event.payload.value)


def _unknown_code(cell: Cell) -> str | None:
    written = cell.typecode
    if written is None:
        return None
    known = ARRAY_CODES if cell.managed else CODES
    if written in known or (written.startswith("ctypes.") and not cell.managed):
        return None
    name = written.removeprefix(_PYTHON_TYPE).rstrip(">") if written.startswith(_PYTHON_TYPE) else written
    what = f"{name} is a Python type" if written.startswith(_PYTHON_TYPE) else f'"{short(name)}" is no typecode'
    maker = "a manager's Array" if cell.managed else cell.kind.value.partition(" ")[2].capitalize()
    return f"{what}, so {maker}() raises {_error(cell)}; use {_MEANT.get(name, _codes(known))}"


def _error(cell: Cell) -> str:
    return "RemoteError" if cell.managed else "TypeError"


def _codes(known: frozenset[str]) -> str:
    return f"one of {' '.join(sorted(known))}"


def _start_of_array(cell: Cell, start: object) -> str | None:
    """What is wrong with what an array starts with: its size, or its elements."""
    if cell.managed and not isinstance(start, (str, bytes, tuple)):
        return f"a manager's Array is made of a sequence, and {short(repr(start))} is none; give it its elements"
    if isinstance(start, int):
        return f"{start} is no size for an Array, and ValueError is raised; use 0 or more" if start < 0 else None
    if isinstance(start, (str, bytes, tuple)):
        # array.array takes bytes as machine values, and a text where its elements are characters.
        return None if cell.managed and isinstance(start, bytes) else _misfits(cell, start)
    return f"{short(repr(start))} is no size for an Array, and TypeError is raised; use a whole number"


# -- the assignment


def _assignment(event: Event, cell: Cell) -> str | None:
    if event.payload is None or not event.exact:
        return None
    value = event.payload.value
    if cell.kind is Kind.VALUE:
        # The field of a structure has a type of its own.
        return None if isinstance(event.key, Constant) else _misfits(cell, [value])
    if isinstance(event.key, Constant) and isinstance(event.key.value, range):
        # What a slice is filled with stands for all of its elements.
        return None
    if event.name.endswith((".value", ".raw")):
        return _text(cell, value)
    return None if isinstance(value, (str, bytes, tuple)) and len(value) != 1 else _misfits(cell, [value])


def _text(cell: Cell, value: object) -> str | None:
    """An array of characters is set as a whole."""
    if cell.typecode is None or cell.managed or code_of(cell.typecode) != "c":
        return None
    if not isinstance(value, bytes):
        return f'{cell} is an Array of "c", and {short(repr(value))} is not bytes: TypeError; encode it'
    if cell.length is not None and len(value) > cell.length:
        return f"{cell} holds {cell.length} bytes, and {len(value)} raise ValueError; make the Array longer"
    return None


def _misfits(cell: Cell, values: Iterable[object]) -> str | None:
    """The first value that does not fit the typecode."""
    code = code_of(cell.typecode) if cell.typecode is not None else None
    if code is None or cell.typecode is None:
        return None
    for value in values:
        effect = misfit(code, value, checked=cell.managed)
        if effect is not None:
            return f"{short(repr(value))} {_against(code, cell.typecode)} {effect}; {_cure(code, value)}"
    return None


def _against(code: str, written: str) -> str:
    name = written.rpartition(".")[2] if "." in written else f'"{written}"'
    span = f" ({RANGES[code][0]} to {RANGES[code][1]})" if code in RANGES else ""
    return f"does not fit {name}{span} and"


def _cure(code: str, value: object) -> str:
    if code == "c":
        return 'give one byte, or use an Array of "c"'
    if code in ("u", "w"):
        return "give one character"
    if isinstance(value, float) and code in RANGES:
        return 'use "d", or a whole number'
    return "use a wider typecode" if isinstance(value, (int, float)) else "give a number"


BAD = '''\
from multiprocessing import Array, Process, Value


def adjust(target):
    target.value = 130  # want: IPC404


if __name__ == "__main__":
    target = Value("b", 21)
    history = Array("h", [20, 40000])  # want: IPC404
    heater = Process(target=adjust, args=(target,))
    heater.start()
    heater.join()
    steps = Value(int, 0)  # want: IPC404
    print(target.value, history[:], steps.value)
'''

GOOD = '''\
import ctypes
from multiprocessing import Array, Process, Value


def adjust(target):
    target.value = -128


if __name__ == "__main__":
    target = Value("b", 127)
    history = Array("h", [20, -32768])
    heater = Process(target=adjust, args=(target,))
    heater.start()
    heater.join()
    steps = Value(ctypes.c_uint64, 2**64 - 1)
    print(target.value, history[:], steps.value)
'''

RULE = Rule(
    code="IPC404",
    name="bad-typecode",
    summary="A typecode is unknown, or a size or value does not fit the C type.",
    why="ctypes takes the low bits of an integer that is too great, without a word, and too great a float becomes inf. "
    "An unknown typecode, a float for an integer, or a text for a byte raises TypeError.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=CELLS,
    silent=(
        "The value fits, or is not known before the program runs.",
        "The type is one of ctypes that no typecode stands for, or is built from others.",
        "l and L up to 64 bits.",
        "A manager's Value, which ignores its typecode.",
    ),
)
