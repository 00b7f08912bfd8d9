"""Holds other linters against the faults that we know: ``python tests/compare.py`` prints the README's table.

The probes are the bad and good examples of some of our rules, the ones about what every tutorial does. A tool sees a fault
where it says something at a line that is at fault which it does not say anywhere in the good example; everything that it
has is switched on. The tools come from PyPI, at the versions below, into an environment of their own.
"""

from __future__ import annotations

import argparse
import functools
import json
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

PROBES = (
    "IPC101 IPC102 IPC103 IPC104 IPC105 IPC110 IPC112 IPC116 IPC117 IPC118 IPC122 IPC201 IPC202 IPC205 IPC206 IPC208 IPC301 "
    "IPC302 IPC303 IPC304 IPC401 IPC404 IPC501 IPC503 IPC601 IPC602 IPC603 IPC606 IPC607 IPC701 IPC702 IPC703 IPC801 IPC802 "
    "IPC803"
).split()
_WANT = re.compile(r"  # want: .*")

# Of each file: the lines with what is said there, by code.
Said: TypeAlias = dict[str, set[tuple[int, str]]]


class Tool(NamedTuple):
    """Another linter: what to install, and how to ask it about a folder."""

    package: str
    version: str
    ask: Callable[[pathlib.Path, pathlib.Path], Said]


def _run(*command: object, cwd: pathlib.Path) -> str:
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=900)
    return done.stdout


def _gathered(found: Sequence[tuple[str, int, str]]) -> Said:
    said: Said = {}
    for path, line, code in found:
        said.setdefault(pathlib.PurePath(path).name, set()).add((line, code))
    return said


def _pylint(bin_: pathlib.Path, folder: pathlib.Path) -> Said:
    text = _run(bin_ / "pylint", "--enable=all", "--rcfile=/dev/null", "--output-format=json", ".", cwd=folder)
    return _gathered([(one["path"], one["line"], one["message-id"]) for one in json.loads(text)])


def _ruff(bin_: pathlib.Path, folder: pathlib.Path) -> Said:
    options = ("--isolated", "--no-cache", "--preview", "--select=ALL", "--target-version=py311", "--output-format=json")
    text = _run(bin_ / "ruff", "check", *options, ".", cwd=folder)
    return _gathered([(one["filename"], one["location"]["row"], one["code"]) for one in json.loads(text)])


def _flake8(select: str, bin_: pathlib.Path, folder: pathlib.Path) -> Said:
    text = _run(bin_ / "flake8", "--isolated", f"--select={select}", f"--extend-select={select}", ".", cwd=folder)
    rows = re.findall(r"^(.*?):(\d+):\d+: (\w+) ", text, re.MULTILINE)
    return _gathered([(path, int(line), code) for path, line, code in rows])


def _bandit(bin_: pathlib.Path, folder: pathlib.Path) -> Said:
    text = _run(bin_ / "bandit", "--recursive", "--quiet", "--format=json", ".", cwd=folder)
    return _gathered([(one["filename"], one["line_number"], one["test_id"]) for one in json.loads(text)["results"]])


TOOLS = (
    Tool("pylint", "4.1.4", _pylint),
    Tool("ruff", "0.17.6", _ruff),
    Tool("flake8-bugbear", "26.10.27", functools.partial(_flake8, "B")),
    Tool("flake8-async", "26.8.1", functools.partial(_flake8, "ASYNC")),
    Tool("bandit", "1.9.4", _bandit),
)
PACKAGES = ("flake8==7.5.0", *(f"{tool.package}=={tool.version}" for tool in TOOLS))


def write_probes(folder: pathlib.Path) -> dict[str, set[int]]:
    """Writes the probes, and tells the faulty lines of each."""
    from flake8_ipc.rules import rules

    lines = {}
    for rule in rules():
        if rule.code in PROBES:
            name = f"{rule.code.lower()}_{rule.name.replace('-', '_')}"
            (folder / f"{name}_bad.py").write_text(_WANT.sub("", rule.bad), encoding="utf-8")
            (folder / f"{name}_good.py").write_text(_WANT.sub("", rule.good), encoding="utf-8")
            lines[name] = {number for number, line in enumerate(rule.bad.splitlines(), 1) if "# want: " in line}
    return lines


def seen(said: Said, name: str, lines: set[int]) -> list[str]:
    """The codes that tell a probe's fault."""
    innocent = {code for _, code in said.get(f"{name}_good.py", ())}
    return sorted({code for line, code in said.get(f"{name}_bad.py", ()) if line in lines} - innocent)


def table(bin_: pathlib.Path, tools: Sequence[Tool] = TOOLS) -> str:
    """The table, a row a tool: which faults it sees, and how much it says of the good examples."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        probes = write_probes(folder)
        told = [tool.ask(bin_, folder) for tool in tools]
    rows = [
        ["tool", f"faults that it sees, of {len(probes)}", "which, and by what", "messages on the good examples"],
        ["---"] * 4,
    ]
    for tool, said in zip(tools, told, strict=True):
        found = {probe: codes for probe, lines in probes.items() if (codes := seen(said, probe, lines))}
        which = (f"{_fault(probe)} ({', '.join(codes)})" for probe, codes in found.items())
        calm = sum(len(said.get(f"{probe}_good.py", ())) for probe in probes)
        rows.append([f"{tool.package} {tool.version}", str(len(found)), ", ".join(which) or "none", str(calm)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _fault(probe: str) -> str:
    code, _, words = probe.partition("_")
    return f"{code.upper()} {words.replace('_', '-')}"


def environment(folder: pathlib.Path) -> pathlib.Path:
    """The folder of the programs of an environment with the tools, made if it is not there."""
    if not (folder / "bin" / "pylint").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", *PACKAGES], check=True)
    return folder / "bin"


def renewed(text: str, part: str) -> str:
    """The README with this table."""
    start, end = "<!-- comparison -->\n", "<!-- end of comparison -->"
    head, _, rest = text.partition(start)
    return f"{head}{start}{part}{end}{rest.partition(end)[2]}"


def main() -> int:
    """Prints the table, or writes it into the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", type=pathlib.Path, metavar="FOLDER", help="keep the tools there for the next time")
    parser.add_argument("--write", action="store_true", help="write the table into README.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = table(environment((options.environment or pathlib.Path(name) / "tools").absolute()))
    if options.write:
        readme = ROOT / "README.md"
        readme.write_text(renewed(readme.read_text(encoding="utf-8"), found), encoding="utf-8")
    else:
        sys.stdout.write(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
