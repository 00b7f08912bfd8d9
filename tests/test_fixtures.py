"""Every fixture through a real flake8 process: as a path, and through stdin under its name."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).parent.parent
FIXTURES = sorted((ROOT / "fixtures").rglob("*.py"))
WANT = re.compile(r"#\s*want:\s*(?P<codes>[A-Z0-9| ]+?)\s*$")
FOUND = re.compile(r"^(?P<path>.*?):(?P<line>\d+):(?P<col>\d+): (?P<code>IPC\d{3}) (?P<text>.+)$")

Rows = set[tuple[int, str]]


def lint(*arguments: str, text: str | None = None) -> list[re.Match[str]]:
    command = [sys.executable, "-m", "flake8", "--isolated", "--select=IPC", "--exit-zero", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, input=text, timeout=250, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    rows = [FOUND.match(line) for line in done.stdout.splitlines()]
    assert None not in rows, done.stdout
    return [row for row in rows if row is not None]


def wanted(path: pathlib.Path) -> Rows:
    rows = set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        found = WANT.search(line)
        for code in found["codes"].split() if found else ():
            rows.add((number, code))
    return rows


def test_as_paths() -> None:
    seen: dict[str, Rows] = {}
    for row in lint(*map(str, FIXTURES)):
        seen.setdefault(row["path"], set()).add((int(row["line"]), row["code"]))
    wrong = {
        path.name: (sorted(wanted(path) - seen.get(str(path), set())), sorted(seen.get(str(path), set()) - wanted(path)))
        for path in FIXTURES
        if wanted(path) != seen.get(str(path), set())
    }
    assert not wrong, f"(missed, extra): {wrong}"


def test_through_standard_input() -> None:
    def one(path: pathlib.Path) -> tuple[pathlib.Path, Rows]:
        rows = lint(f"--stdin-display-name={path}", "-", text=path.read_text(encoding="utf-8"))
        return path, {(int(row["line"]), row["code"]) for row in rows}

    with ThreadPoolExecutor(2) as pool:
        for path, rows in pool.map(one, FIXTURES):
            assert rows == wanted(path), path.name


def test_noqa_silences() -> None:
    bad = [path for path in FIXTURES if wanted(path)]
    assert bad
    for path in bad[:5]:
        text = WANT.sub(lambda found: "# noqa: " + ",".join(found["codes"].split()), "")
        lines = []
        for line in path.read_text(encoding="utf-8").splitlines():
            found = WANT.search(line)
            lines.append(WANT.sub("# noqa: " + ", ".join(found["codes"].split()), line) if found else line)
        text = "\n".join(lines) + "\n"
        assert not lint(f"--stdin-display-name={path}", "-", text=text), path.name
