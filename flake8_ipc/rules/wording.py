"""How messages name places, start methods and pieces of the text."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from ..model import Place


def at(place: Place, seen_from: Place) -> str:
    """Where a place stands, told to someone who looks at another one.

    >>> at(Place("a.py", 20), Place("a.py", 3))
    'line 20'
    >>> at(Place("pkg/b.py", 7), Place("a.py", 3))
    'line 7 of b.py'
    """
    there = place.origin or place
    return f"line {there.line}" if there.path == seen_from.path else f"line {there.line} of {PurePath(there.path).name}"


def under(methods: Iterable[str]) -> str:
    """The start methods that make a fault show, plain fork left out.

    >>> under({"fork", "spawn", "forkserver"})
    'under spawn or forkserver'
    """
    return f"under {' or '.join(method for method in ('spawn', 'forkserver') if method in set(methods))}"


def short(text: str, longest: int = 40) -> str:
    """A piece of the text in one line, cut where it is long.

    >>> short("f(1,\\n  2)")
    'f(1, 2)'
    """
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 3]}..."
