"""The options, checked: one clear line for a bad value, wherever it was written."""

from __future__ import annotations

import re
from typing import NamedTuple

START_METHODS = ("fork", "spawn", "forkserver")
_OPINION = re.compile(r"IPC9\d{0,2}$")


class BadOption(ValueError):
    """A value that an option cannot take; the message is the line for the user."""


class Options(NamedTuple):
    """What the user asked for.

    ``methods``: start methods to judge against. ``enabled``: opinions (IPC9xx) to switch on. ``depth``: how many calls
    deep functions are followed. ``states``: how many states of the interleavings are explored.
    """

    methods: frozenset[str] = frozenset(START_METHODS)
    enabled: tuple[str, ...] = ()
    depth: int = 8
    states: int = 500


def checked(methods: list[str], enabled: list[str], depth: object, states: object) -> Options:
    """The options from their raw values; raises BadOption for a value that makes no sense."""
    for method in methods:
        if method not in START_METHODS:
            raise BadOption(f"ipc-start-methods: {method!r} is not one of {', '.join(START_METHODS)}")
    if not methods:
        raise BadOption("ipc-start-methods: at least one start method is needed")
    for code in enabled:
        if not _OPINION.match(code):
            raise BadOption(f"ipc-enable: {code!r} is not a code or prefix of the opinions IPC9xx")
    return Options(
        frozenset(methods), tuple(enabled), _whole("ipc-depth", depth, 1, 50), _whole("ipc-states", states, 1, 1_000_000)
    )


def _whole(name: str, value: object, low: int, high: int) -> int:
    try:
        number = int(str(value))
    except ValueError:
        raise BadOption(f"{name}: {value!r} is not a whole number") from None
    if not low <= number <= high:
        raise BadOption(f"{name}: {number} is not between {low} and {high}")
    return number
