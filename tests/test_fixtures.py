"""Every fixture through a real flake8 process: as a path, and through stdin under its name."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).parent.parent
EVERY = sorted((ROOT / "fixtures").rglob("*.py"))
OPINIONS = [path for path in EVERY if path.name.startswith("ipc9")]
FIXTURES = [path for path in EVERY if path not in OPINIONS]
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


def by_path(found: list[re.Match[str]]) -> dict[str, Rows]:
    seen: dict[str, Rows] = {}
    for row in found:
        seen.setdefault(row["path"], set()).add((int(row["line"]), row["code"]))
    return seen


def test_as_paths() -> None:
    seen = by_path(lint(*map(str, FIXTURES)))
    wrong = {
        path.name: (sorted(wanted(path) - seen.get(str(path), set())), sorted(seen.get(str(path), set()) - wanted(path)))
        for path in FIXTURES
        if wanted(path) != seen.get(str(path), set())
    }
    assert not wrong, f"(missed, extra): {wrong}"


def test_opinions_where_they_are_asked_for() -> None:
    for code in sorted({path.name[:6].upper() for path in OPINIONS}):
        paths = [path for path in OPINIONS if path.name.startswith(code.lower())]
        seen = by_path(lint(f"--ipc-enable={code}", *map(str, paths)))
        assert {path: rows for path in paths if (rows := seen.get(str(path), set()))} == {
            path: rows for path in paths if (rows := wanted(path))
        }


def test_opinions_are_off_until_asked_for() -> None:
    assert not [row["code"] for row in lint(*map(str, OPINIONS)) if row["code"].startswith("IPC9")]
    found = {row["code"] for row in lint("--ipc-enable=IPC9", *map(str, OPINIONS))}
    assert found >= {path.name[:6].upper() for path in OPINIONS}


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
