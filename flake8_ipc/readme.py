"""The README's table of rules, generated from the rule files: ``python -m flake8_ipc.readme`` writes it."""

from __future__ import annotations

import pathlib
import sys

from .lint import NOT_ANALYSED
from .rules import rules

START, END = "<!-- rules -->\n", "<!-- end of rules -->"


def table() -> str:
    """The table, a row a rule."""
    rows = ["| code | name | what it finds |", "|---|---|---|"]
    rows.append(f"| {' | '.join(NOT_ANALYSED)} |")
    rows += [f"| {rule.code} | {rule.name} | {rule.summary} |" for rule in rules()]
    return "\n".join(rows) + "\n"


def renewed(text: str) -> str:
    """The README's text with the table as the rule files have it now."""
    head, _, rest = text.partition(START)
    _, _, tail = rest.partition(END)
    return f"{head}{START}{table()}{END}{tail}"


def main(path: str = "README.md") -> int:
    """Writes the table into a README."""
    file = pathlib.Path(path)
    file.write_text(renewed(file.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
