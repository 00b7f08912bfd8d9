"""The cheap refusal: does this text speak of processes at all?"""

from __future__ import annotations

import re

_NAMES = re.compile(r"multiprocess|billiard|concurrent(?:\.|\s+import\s+)futures|subprocess|\bfork\b")


def speaks_of_processes(text: str) -> bool:
    """Whether a text names a library of processes; far cheaper than reading it."""
    return _NAMES.search(text) is not None
