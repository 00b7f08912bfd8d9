"""``# noqa``: which lines the user has silenced, by flake8's own rules.

Source: flake8 documentation, "Selecting and Ignoring Violations": a comment holds for the whole statement that it stands
in; one with codes silences only these; ``# flake8: noqa`` alone on a line silences the file.
"""

from __future__ import annotations

import io
import re
import tokenize

_LINE = re.compile(r"# noqa(?::\s?(?P<codes>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*))?", re.IGNORECASE)
_FILE = re.compile(r"\s*# flake8[:=]\s*noqa(?P<codes>:\s?[A-Z0-9,\s]+)?\s*$", re.IGNORECASE)


class Noqa:
    """The comments of one file; its lines are looked at only where a finding asks."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._statements: dict[int, str] | None = None
        self._file = [found["codes"] for found in map(_FILE.match, text.splitlines()) if found] if "noqa" in text else []

    def silences(self, code: str, line: int) -> bool:
        """Whether a finding of this code, reported at this line (from 1), is not wanted."""
        if "noqa" not in self._text and "NOQA" not in self._text.upper():
            return False
        if any(codes is None or _names(code, codes) for codes in self._file):
            return True
        found = _LINE.search(self._statement(line))
        return found is not None and (found["codes"] is None or _names(code, found["codes"]))

    def _statement(self, line: int) -> str:
        if self._statements is None:
            self._statements = dict(_statements(self._text))
        return self._statements.get(line, "")


def _names(code: str, codes: str) -> bool:
    return code.startswith(tuple(word.upper() for word in re.split(r"[,:\s]+", codes) if word))


def _statements(text: str) -> list[tuple[int, str]]:
    """Each line with the text of all the lines of its statement."""
    lines = text.splitlines(keepends=True)
    found: list[tuple[int, str]] = []
    first = last = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in (tokenize.ENDMARKER, tokenize.DEDENT):
                continue
            first, last = first or token.start[0], max(last, token.end[0])
            if token.type in (tokenize.NL, tokenize.NEWLINE):
                whole = "".join(lines[first - 1 : last])
                found += [(number, whole) for number in range(first, last + 1)]
                first = last = 0
    except (tokenize.TokenError, SyntaxError):
        return list(enumerate(lines, 1))
    return found
