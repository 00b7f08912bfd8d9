"""One file's findings: what every door asks for, and what none of them may fail at."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .source.scan import speaks_of_processes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .finding import Finding
    from .options import Options

# What the table and ``explain`` say of the code that is the tool itself.
NOT_ANALYSED = (
    "IPC001",
    "not-analysed",
    "the file speaks of processes, but could not be analysed; the reason is given",
)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Nearly all that is made while a file is read lives until it is judged: looking for garbage in between is for nothing."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _read_and_judged(text: str, path: str, options: Options) -> list[Finding]:
    from .rules import judge
    from .source.read import reading

    with reading(text, path, methods=options.methods, depth=options.depth) as programs:
        return judge(programs, enabled=options.enabled, states=options.states)


def lint(text: str, path: str, options: Options) -> list[Finding]:
    """The findings of one file, sorted by place; a fault of ours, or a text libcst cannot take, is IPC001.

    Raises nothing of its own: whatever goes wrong while reading or judging is told in that one finding.
    """
    if not speaks_of_processes(text):
        return []
    try:
        with _without_collecting():
            return _read_and_judged(text, path, options)
    except Exception as error:
        from .finding import Finding
        from .model import Place

        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return [Finding(NOT_ANALYSED[0], Place(path, 1, 0), f"not analysed: {reason}")]
