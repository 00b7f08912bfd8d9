"""What a fix changes in a text, as other tools want to be told it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..options import Options
from .files import decoded

if TYPE_CHECKING:
    from ..finding import Finding


@dataclass(frozen=True, slots=True)
class Change:
    """What stands from the beginning of line ``first`` up to ``column`` of line ``last`` (all from 1) becomes ``text``.

    The column is 1, so that whole lines are meant with their ends, but where the text's last line has no end; ``bytes``
    is the same column counted in bytes of UTF-8.
    """

    first: int
    last: int
    column: int
    bytes: int
    text: str


@dataclass(frozen=True, slots=True)
class Edit:
    """One fix of one finding: what it does, and the changes that it makes together."""

    summary: str
    changes: tuple[Change, ...]


def edits(
    data: bytes, path: str, options: Options, findings: list[Finding], chosen: list[Finding]
) -> dict[Finding, Edit]:
    """For those of the chosen findings that a safe fix mends, what it changes; ``findings`` are all that the text has."""
    from ..fixes import fix_for  # with libcst behind it, which only this needs
    from ..fixes.mending import Unfixable, alone

    found = {}
    before = decoded(data, path)
    try:
        for finding, after in alone(data, path, options, findings, chosen):
            fix = fix_for(finding.code)
            assert fix is not None
            found[finding] = Edit(f"{fix.summary[0].upper()}{fix.summary[1:]}", tuple(_changes(before, decoded(after, path))))
    except Unfixable:
        return {}
    return found


def _changes(before: str, after: str) -> Iterator[Change]:
    old, new = _lines(before), _lines(after)
    for kind, first, last, begin, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        whole = last < len(old) or last == 0 or old[last - 1].endswith("\n")
        left = "" if whole else old[last - 1]
        yield Change(first + 1, last + whole, len(left) + 1, len(left.encode()) + 1, "".join(new[begin:end]))


def _lines(text: str) -> list[str]:
    """The lines with their ends; only a line feed ends one, so that form feeds and the like count none."""
    return [line + "\n" for line in text.split("\n")[:-1]] + [last for last in text.split("\n")[-1:] if last]
