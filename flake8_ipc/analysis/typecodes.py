"""What shared memory can hold: the typecodes of multiprocessing and of array.array, and the values that fit them.

CPython Lib/multiprocessing/sharedctypes.py (``typecode_to_type``), Modules/_ctypes/cfield.c (the setters), and
Modules/arraymodule.c for a manager's Array. ``l`` and ``L`` are taken to have 64 bits, as on Linux and macOS.
"""

from __future__ import annotations

import struct

_BITS = {"b": 8, "h": 16, "i": 32, "l": 64, "q": 64}
# The least and the greatest integer of each code.
RANGES: dict[str, tuple[int, int]] = {
    **{code: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for code, bits in _BITS.items()},
    **{code.upper(): (0, 2**bits - 1) for code, bits in _BITS.items()},
}
CODES = frozenset({*RANGES, "c", "u", "f", "d"})
# array.array has no "c"; "w" came with Python 3.13.
ARRAY_CODES = CODES - {"c"} | {"w"}
# The types of ctypes that hold what a typecode holds.
CTYPES = {
    **{"c_char": "c", "c_wchar": "u", "c_float": "f", "c_double": "d"},
    **{"c_byte": "b", "c_int8": "b", "c_ubyte": "B", "c_uint8": "B"},
    **{"c_short": "h", "c_int16": "h", "c_ushort": "H", "c_uint16": "H"},
    **{"c_int": "i", "c_int32": "i", "c_uint": "I", "c_uint32": "I"},
    **{"c_long": "l", "c_ulong": "L", "c_ssize_t": "q", "c_size_t": "Q"},
    **{"c_longlong": "q", "c_int64": "q", "c_ulonglong": "Q", "c_uint64": "Q"},
}
_TYPE_ERROR = "raises TypeError"
_OVERFLOW = "raises OverflowError"


def code_of(written: str) -> str | None:
    """The typecode that holds the same as what stands in the text; None where that is not known.

    >>> code_of("i"), code_of("ctypes.c_uint8"), code_of("ctypes.c_bool")
    ('i', 'B', None)
    """
    if written.startswith("ctypes."):
        return CTYPES.get(written.rpartition(".")[2])
    return written if written in CODES | ARRAY_CODES else None


def misfit(code: str, value: object, *, checked: bool = False) -> str | None:
    """What becomes of a value that a typecode cannot hold, or None where it fits.

    ``checked``: an ``array.array``, which refuses the integers that ctypes cuts off.

    >>> misfit("b", 300)
    'wraps silently to 44'
    >>> misfit("b", 300, checked=True)
    'raises OverflowError'
    >>> misfit("i", 1.5), misfit("d", 1.5)
    ('raises TypeError', None)
    """
    if code in RANGES:
        return _integer(code, value, checked=checked)
    if code in ("f", "d"):
        return _floating(code, value)
    if code in ("u", "w"):
        return None if isinstance(value, str) and len(value) == 1 else _TYPE_ERROR
    if isinstance(value, int):
        return None if 0 <= value <= 255 else _TYPE_ERROR
    return None if isinstance(value, bytes) and len(value) == 1 else _TYPE_ERROR


def _integer(code: str, value: object, *, checked: bool) -> str | None:
    if not isinstance(value, int):
        return _TYPE_ERROR
    low, high = RANGES[code]
    if low <= value <= high:
        return None
    return _OVERFLOW if checked else f"wraps silently to {(value - low) % (high - low + 1) + low}"


def _floating(code: str, value: object) -> str | None:
    if not isinstance(value, (int, float)):
        return _TYPE_ERROR
    try:
        number = float(value)
    except OverflowError:
        return _OVERFLOW
    try:
        struct.pack(f"<{code}", number)
    except OverflowError:
        return "becomes inf"
    return None
