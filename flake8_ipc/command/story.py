"""Findings with their stories, in the way compilers show code."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from ..reporting.files import text_of
from ..reporting.unusable import Unusable
from ..reporting.work import Remark

_BOLD, _RED, _BLUE, _PLAIN = "\033[1m", "\033[31m", "\033[34m", "\033[0m"


@functools.cache
def _lines(path: str) -> tuple[str, ...]:
    try:
        return tuple(text_of(path).splitlines())
    except (OSError, Unusable):
        return ()


def tell(remarks: Iterable[Remark], *, colour: bool) -> str:
    """Each finding, the line it is of, and the steps that lead to it, numbered."""
    return "\n".join(_one(remark, colour) for remark in remarks)


def _one(remark: Remark, colour: bool) -> str:
    def paint(text: str, *codes: str) -> str:
        return "".join(codes) + text + _PLAIN if colour else text

    def frame(text: str, line: int, column: int, mark: str) -> str:
        # Tabs stay tabs in the line below, so that the mark stands under what it means.
        below = "".join(letter if letter == "\t" else " " for letter in text[: column - 1])
        margin, empty = paint(f"{line:>6} |", _BLUE), paint("       |", _BLUE)
        return f"{margin} {text}\n{empty} {below}{paint(mark, _RED)}\n"

    head = paint(f"{remark.path}:{remark.line}:{remark.column}:", _BOLD)
    told = f"{head} {paint(remark.code, _BOLD, _RED)} {remark.message}\n"
    told += frame(remark.source, remark.line, remark.column, "^") if remark.source else ""
    for number, step in enumerate(remark.steps, 1):
        where = f"line {step.line}" if step.path == remark.path else f"{step.path}:{step.line}"
        told += f"  {number}. {step.text} ({where})\n"
        lines = _lines(step.path) if step.path != remark.path or step.line != remark.line else ()
        if 0 < step.line <= len(lines):
            told += frame(lines[step.line - 1], step.line, step.column, "-")
    return told
