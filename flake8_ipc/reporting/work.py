"""The work on one file: its findings as plain values that can travel between processes."""

from __future__ import annotations

import ast
import hashlib
import os
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..lint import lint
from .configuration import Configuration
from .edits import Edit, edits
from .files import data_of, decoded
from .noqa import Noqa
from .unusable import Unusable

if TYPE_CHECKING:
    from ..finding import Finding


@dataclass(frozen=True, slots=True)
class Spot:
    """A step of a story, or where one stands: lines and columns count from 1, columns in characters."""

    text: str
    path: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding as it is told: ``source`` is the text of its line, ``steps`` its story, ``edit`` mends it."""

    code: str
    message: str
    path: str
    line: int
    column: int
    source: str = ""
    steps: tuple[Spot, ...] = ()
    edit: Edit | None = None

    @property
    def fingerprint(self) -> str:
        """The same for the same fault, however far its line moves: code, file, message without line numbers, line's text."""
        return self.fingerprint_as(self.path)

    def fingerprint_as(self, path: str) -> str:
        """The fingerprint that it has where its file is called ``path``."""
        words = " ".join("line" if word.strip(",;:()").isdigit() else word for word in self.message.split())
        file = os.path.normpath(path).replace("\\", "/")
        whole = "\0".join((self.code, file, words, " ".join(self.source.split())))
        return hashlib.sha256(whole.encode()).hexdigest()[:32]


def remarks(path: str, shown: str, configuration: Configuration, *, mending: bool = False) -> list[Remark]:
    """What is to be told of one file (``-``: standard input), which messages call ``shown``.

    ``mending``: with the edits of safe fixes, each of which costs another look at the file.
    A text that is not Python is told as flake8 tells it, by E999; one that cannot be read, by E902.
    """
    try:
        data = data_of(path)
        text = decoded(data, path)
    except (OSError, Unusable) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error).removeprefix(f"{path}: ")
        return [Remark("E902", reason, shown, 1, 1)]
    fault = not_python(text)
    if fault is not None:
        return [Remark("E999", f"SyntaxError: {fault.msg}", shown, fault.lineno or 1, fault.offset or 1)]
    lines = text.splitlines()
    found = lint(text, shown, configuration.options)
    chosen = list(wanted(found, text, shown, configuration))
    mends = edits(data, shown, configuration.options, found, chosen) if mending and chosen else {}
    return [replace(told(finding, lines), edit=mends.get(finding)) for finding in chosen]


def not_python(text: str) -> SyntaxError | None:
    """Why Python refuses a text; asked before libcst is, which some texts that Python refuses take down."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:
        return SyntaxError(str(error) or type(error).__name__)
    return None


def told(finding: Finding, lines: list[str]) -> Remark:
    """A finding as it is told; ``lines`` are those of its file."""
    place = finding.place
    source = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
    steps = tuple(
        Spot(step.text, place_.path, place_.line, place_.column + 1)
        for step in finding.story
        for place_ in [step.place.origin or step.place]
    )
    return Remark(finding.code, finding.message, place.path, place.line, place.column + 1, source, steps)


def wanted(found: Iterable[Finding], text: str, shown: str, configuration: Configuration) -> Iterator[Finding]:
    """Those of a file's findings that neither the configuration nor a comment silences."""
    noqa = Noqa(text)
    for finding in found:
        silenced = configuration.noqa and noqa.silences(finding.code, finding.place.line)
        if configuration.wants(finding.code, shown) and not silenced:
            yield finding
