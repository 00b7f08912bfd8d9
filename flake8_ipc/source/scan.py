"""The cheap refusal: does this text speak of processes at all?"""

from __future__ import annotations

import re

# Plain words are found many times faster than a pattern is.
_WORDS = ("multiprocess", "subprocess", "billiard")
_HINTS = ("fork", "futures")
_NAMES = re.compile(r"concurrent(?:\.|\s+import\s+)futures|\bfork\b")


def speaks_of_processes(text: str) -> bool:
    """Whether a text names a library of processes; far cheaper than reading it."""
    if any(word in text for word in _WORDS):
        return True
    return any(hint in text for hint in _HINTS) and _NAMES.search(text) is not None
