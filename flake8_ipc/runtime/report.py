"""Where the findings of a run go: to a file or to standard error; standard output is the program's own."""

from __future__ import annotations

import sys

from ..reporting import formats
from ..reporting.work import Remark


class Report:
    """One report, which may be written more than once: to a file anew, to standard error what is new."""

    def __init__(self, output: str, form: str) -> None:
        self._output = output
        self._render = formats.named(form)
        self._told: list[Remark] | None = None

    def write(self, found: list[Remark]) -> None:
        """Writes the findings, as far as they are known by now."""
        if self._output != "-":
            with open(self._output, "w", encoding="utf-8") as file:
                file.write(self._render(found))
            return
        news = [one for one in found if one not in self._told] if self._told is not None else found
        if news or self._told is None:
            sys.stderr.write(self._render(news))
            sys.stderr.flush()
        self._told = found
