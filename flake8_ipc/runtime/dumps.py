"""What a process has written of where its threads stand, as faulthandler writes it (CPython Python/traceback.c)."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

_THREAD = re.compile(r"^(?:Current thread|Thread) 0x([0-9a-f]+)[^\n]*\(most recent call first\):$", re.MULTILINE)
_FRAME = re.compile(r'^  File "(.*)", line (\d+|\?\?\?) in (.*)$', re.MULTILINE)
_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep


class Frame(NamedTuple):
    """One call of a stack."""

    path: str
    line: int
    function: str

    @property
    def ours(self) -> bool:
        """Whether it is none of the program's."""
        return self.path.startswith(_OURS)


def parse(text: str) -> dict[int, tuple[Frame, ...]]:
    """The stacks of one dump by what Python calls each thread, innermost call first."""
    found = {}
    heads = list(_THREAD.finditer(text))
    for head, following in zip(heads, [*heads[1:], None]):
        body = text[head.end() : following.start() if following is not None else len(text)]
        frames = [Frame(path, int(line) if line.isdigit() else 0, name) for path, line, name in _FRAME.findall(body)]
        found[int(head[1], 16)] = tuple(frames)
    return found
