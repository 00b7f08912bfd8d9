"""What is generated in the README, its tables and the tutorials' bugs: ``python -m flake8_ipc.readme`` writes it."""

from __future__ import annotations

import pathlib
import re
import sys

from .fixes import fixes
from .lint import NOT_ANALYSED, lint
from .options import Options
from .rules import rules

_MARK = re.compile(r"  # (want|missed):.*")


def table() -> str:
    """The table, a row a rule."""
    rows = ["| code | name | what it finds |", "|---|---|---|"]
    rows.append(f"| {' | '.join(NOT_ANALYSED)} |")
    rows += [f"| {rule.code} | {rule.name} | {rule.summary} |" for rule in rules()]
    return "\n".join(rows) + "\n"


def mends() -> str:
    """What `fix` does, a row a fix."""
    rows = ["| code | | what `flake8-ipc fix` does |", "|---|---|---|"]
    rows += [f"| {', '.join(fix.codes)} | {'' if fix.safe else '`--unsafe`'} | {fix.summary} |" for fix in fixes()]
    return "\n".join(rows) + "\n"


def tutorial(fixtures: pathlib.Path) -> str:
    """The bugs of the tutorials: each program, and what is printed for it."""
    return "\n".join(_shown(file) for file in sorted(fixtures.glob("tutorial_*_bad.py")))


def _shown(file: pathlib.Path) -> str:
    name = file.name.removeprefix("tutorial_").replace("_bad.py", ".py")
    lines = [_MARK.sub("", line) for line in file.read_text(encoding="utf-8").splitlines()]
    title = lines[0].removeprefix("# ")
    code = "\n".join(line for line in lines[1:] if not line.startswith(("# run:", "# start:"))) + "\n"
    said = "".join(
        f"{name}:{one.place.line}:{one.place.column + 1}: {one.code} {one.message}\n" for one in lint(code, name, Options())
    )
    return f"{title}\n\n```python\n{code}```\n\n```text\n{said}```\n"


def renewed(text: str, fixtures: pathlib.Path) -> str:
    """The README's text with the rules as their files have them now, and what is said of the tutorials' bugs."""
    text = _between(text, "rules", table())
    text = _between(text, "fixes", mends())
    return _between(text, "tutorial", tutorial(fixtures))


def _between(text: str, name: str, part: str) -> str:
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    head, _, rest = text.partition(start)
    _, _, tail = rest.partition(end)
    return f"{head}{start}{part}{end}{tail}"


def main(path: str = "README.md") -> int:
    """Writes what is generated into the README of a checkout."""
    file = pathlib.Path(path)
    text = renewed(file.read_text(encoding="utf-8"), file.parent / "fixtures")
    file.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
