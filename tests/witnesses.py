"""What the source and the run tell of each fixture, side by side: the table ``tests/data/witnesses.md``.

``python tests/witnesses.py [FIXTURE ...]`` prints the rows of these fixtures; ``--write`` writes the table of all anew.
Every fixture is run under the watch as its head asks (``# start:``; fork where any will do), and the lines that any of its
processes executed are noted, so that what the run does not tell is explained by what it did not come to.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from flake8_ipc.runtime.judge import SOURCE_ONLY
from test_fixtures import FIXTURES, ROOT, by_path, lint

TABLE = ROOT / "tests" / "data" / "witnesses.md"
NOTING = pathlib.Path(__file__).with_name("reached")
START = re.compile(r"^# start: (fork|spawn|forkserver)\b", re.MULTILINE)
TOLD = re.compile(r"^(?P<path>.*?):(?P<line>\d+):(?P<col>\d+): (?P<code>IPC\d{3}) .*\[(?P<how>proven|predicted)\]$")
# Seconds after which a program is ended, and how many are run at once.
LIMIT, AT_ONCE = 30.0, 2


@dataclass(frozen=True)
class Ran:
    """One fixture under the watch: what was told (line and code -> how sure), and the lines that were executed."""

    told: dict[tuple[int, str], str]
    reached: frozenset[int]
    late: bool = False


def run(path: pathlib.Path) -> Ran:
    """Runs a fixture under the watch; nothing of it is left behind."""
    start = START.search(path.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="witnesses-") as folder:
        report, notes = pathlib.Path(folder, "report.txt"), pathlib.Path(folder, "lines.txt")
        process = subprocess.Popen(
            [sys.executable, "-m", "flake8_ipc.runtime", "--output", str(report)]
            + ["--start-method", start[1] if start else "fork", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join((str(NOTING), str(ROOT))),
                "REACHED": f"{path}{os.pathsep}{notes}",
            },
        )
        late = False
        try:
            process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            # One that serves for good is told to end, and what it did until then is judged.
            late = True
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(LIMIT / 4)
        finally:
            _end(process)
        text = report.read_text(encoding="utf-8") if report.exists() else ""
        rows = [row for line in text.splitlines() if (row := TOLD.match(line))]
        assert len(rows) == len(text.splitlines()), text
        lines = notes.read_text().split() if notes.exists() else []
        return Ran({(int(row["line"]), row["code"]): row["how"] for row in rows}, frozenset(map(int, lines)), late)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


class Text:
    """The text of a fixture: what a line belongs to."""

    def __init__(self, path: pathlib.Path) -> None:
        self.tree = ast.parse(path.read_text(encoding="utf-8"))

    @property
    def lacking(self) -> list[str]:
        """The packages that it imports and this Python does not have."""
        names = [
            name
            for node in ast.walk(self.tree)
            for name in (
                [one.name for one in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            )
        ]
        tops = dict.fromkeys(name.partition(".")[0] for name in names)
        return [top for top in tops if top and importlib.util.find_spec(top) is None]

    def why_not(self, line: int, reached: frozenset[int]) -> str:
        """Why no process came to a line; empty where one did. The head of a function is reached when its body is."""
        functions = [one for one in ast.walk(self.tree) if isinstance(one, _FUNCTIONS) and _within(one, line)]
        for function in functions:
            if not reached & set(range(function.body[0].lineno, (function.end_lineno or 0) + 1)):
                return f"{function.name}() is not called"
        if functions and line < functions[-1].body[0].lineno:
            return ""
        statements = [one for one in ast.walk(self.tree) if isinstance(one, ast.stmt) and _within(one, line)]
        first = statements[-1].lineno if statements else line
        # What a line of its own in a longer statement holds may have no code there.
        return "" if reached & set(range(first, line + 1)) else "not reached"


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _within(node: ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


@dataclass(frozen=True)
class Row:
    """One line of the table; ``fault`` where the witnesses differ and nothing explains it."""

    fixture: str
    code: str = "-"
    line: str = "-"
    source: str = "-"
    run: str = "-"
    same: str = "yes"

    def __str__(self) -> str:
        return f"| {self.fixture} | {self.code} | {self.line} | {self.source} | {self.run} | {self.same} |"

    @property
    def fault(self) -> bool:
        return self.same == "differs"


def rows(path: pathlib.Path, lint: Iterable[tuple[int, str]], ran: Ran) -> Iterator[Row]:
    """The rows of one fixture: one for each finding of either witness, one for a fixture without any."""
    text = Text(path)
    found = {(line, code) for line, code in lint if code not in SOURCE_ONLY}
    for line, code in sorted(found | ran.told.keys()):
        said = "found" if (line, code) in found else "-"
        seen = ran.told.get((line, code), "-")
        same = "yes" if said != "-" and seen != "-" else "differs"
        if seen == "-":
            lacking = text.lacking
            same = text.why_not(line, ran.reached) or same
            same = f"needs {', '.join(lacking)}" if lacking and same != "differs" else same
        yield Row(path.stem, code, str(line), said, seen, same)
    if not found and not ran.told:
        yield Row(path.stem)


def linted(paths: Sequence[pathlib.Path]) -> dict[pathlib.Path, set[tuple[int, str]]]:
    """What flake8 tells of these files."""
    seen = by_path(lint(*map(str, paths)))
    return {path: seen.get(str(path), set()) for path in paths}


def compared(paths: Sequence[pathlib.Path]) -> Iterator[list[Row]]:
    """The rows of each fixture, in order."""
    source = linted(paths)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for path, ran in zip(paths, pool.map(run, paths)):
            if ran.late:
                print(f"{path.name}: ended after {LIMIT:.0f} s", file=sys.stderr)
            yield list(rows(path, source[path], ran))


HEAD = """\
# What the two witnesses tell of each fixture

Written by `python tests/witnesses.py --write`; `tests/test_witnesses.py` holds it to what the linter and the run tell.

Each line is one finding of either witness, or a fixture of which neither tells anything. Findings that only the text can
show ({only}) and opinions (IPC9xx) have no line. The run is that of `# start:` in the fixture's head, under fork where that
allows any. In the last column,
- **yes**: both tell it, at the same line; or neither tells anything;
- **f() is not called**: no process of the run executed any line of that function;
- **not reached**: no process of the run executed the line: the program was stuck or ended before, or took another way;
- **needs ...**: the fixture imports a package that was not there, and nothing was reached;
- **differs**: none of these.

| fixture | code | line | source | run | same |
|---|---|---|---|---|---|
"""


def written() -> list[Row]:
    """The rows of the table as it lies there."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith(("| ipc", "| tut")))
    return [Row(*one) for one in cells]


def _write(told: list[Row]) -> None:
    """Puts rows in the place of those of the same fixtures."""
    anew = {row.fixture for row in told}
    there = {path.stem for path in FIXTURES} - anew
    kept = [row for row in written() if row.fixture in there] if TABLE.exists() and there else []
    whole = sorted(kept + told, key=lambda row: row.fixture)
    TABLE.write_text(HEAD.format(only=", ".join(sorted(SOURCE_ONLY))) + "".join(f"{row}\n" for row in whole), encoding="utf-8")


def main() -> int:
    """Prints the rows, and how many are the same; 1 where any differ unexplained."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--faults", action="store_true", help="print only what differs")
    parser.add_argument("fixtures", nargs="*", type=lambda name: pathlib.Path(name).resolve())
    options = parser.parse_args()
    told = []
    for found in compared(options.fixtures or FIXTURES):
        told += found
        for row in found:
            if row.fault or not options.faults:
                print(row, flush=True)
    if options.write:
        _write(told)
    same = sum(row.same == "yes" for row in told)
    faults = sum(row.fault for row in told)
    print(f"{len(told)} rows, {same} the same, {len(told) - same - faults} explained, {faults} different")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
