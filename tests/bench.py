"""What the linter costs, as ratios within one run: ``python tests/bench.py [FOLDER...]``.

Each figure is the median of interleaved runs on this machine, in processor time, so that others who use it count for
little; only the ratios mean anything elsewhere. Folders given are measured as a set of their own, beside the fixtures and
the standard library. What files import of their own project is read once for a set, as one flake8 process does it; for
the figures of single files it is read anew for each.
"""

from __future__ import annotations

import os
import pathlib
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable

import libcst

from flake8_ipc.lint import lint
from flake8_ipc.options import Options
from flake8_ipc.source import project
from flake8_ipc.source.scan import speaks_of_processes

STDLIB = pathlib.Path(sysconfig.get_paths()["stdlib"])
FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
ROUNDS = 5


def processor() -> float:
    """The processor time of this process and of its children that have ended, in seconds."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def seconds(work: Callable[[], object]) -> float:
    begin = processor()
    work()
    return processor() - begin


def paired(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    rows = [(seconds(one), seconds(other)) for _ in range(ROUNDS)]
    return statistics.median(row[0] for row in rows), statistics.median(row[1] for row in rows)


def flake8(files: list[pathlib.Path], *options: str) -> Callable[[], object]:
    command = [sys.executable, "-m", "flake8", "--isolated", "--exit-zero", "-j1", *options, *map(str, files)]
    return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def without_processes() -> None:
    folders = ("json", "email", "html", "xml", "unittest", "importlib")
    files = [path for folder in folders for path in sorted((STDLIB / folder).rglob("*.py"))]
    quiet = [path for path in files if not speaks_of_processes(path.read_text(encoding="utf-8", errors="replace"))]
    without = [sys.executable, "-c", BARE, *map(str, quiet)]
    bare, full = paired(lambda: subprocess.run(without, check=True, stdout=subprocess.DEVNULL), flake8(quiet))
    print(f"{len(quiet)} files without processes: flake8 with the plugin / bare flake8 = {full / bare:.3f}")


# flake8 as it is where the plugin is not installed.
BARE = """
import importlib.metadata as metadata, sys
found = metadata.distributions
metadata.distributions = lambda **kw: (one for one in found(**kw) if (one.metadata["Name"] or "") != "flake8-ipc")
from flake8.main.cli import main
sys.exit(main(["--isolated", "--exit-zero", "-j1", *sys.argv[1:]]))
"""


def linted(texts: list[tuple[pathlib.Path, str]]) -> object:
    project._READ.clear()
    return [lint(text, str(path), Options()) for path, text in texts]


def with_processes(name: str, files: list[pathlib.Path]) -> None:
    texts = [(path, path.read_text(encoding="utf-8")) for path in files]
    texts = [(path, text) for path, text in texts if speaks_of_processes(text)]
    parse, work = paired(
        lambda: [libcst.parse_module(text) for _, text in texts],
        lambda: linted(texts),
    )
    print(f"{name}: {len(texts)} files with processes: the whole work / libcst.parse_module = {work / parse:.2f}")
    beyond, a_thousand = [], []
    for path, text in texts:
        parse, work = paired(lambda: libcst.parse_module(text), lambda: linted([(path, text)]))
        beyond.append((work - parse, path.name))
        a_thousand.append((work * 1000 / max(1000, text.count("\n")), path.name))
    print(f"  at most {max(beyond)[0] * 1000:.0f} ms beyond its parse ({max(beyond)[1]})")
    print(f"  at most {max(a_thousand)[0]:.2f} s for 1,000 lines ({max(a_thousand)[1]})")


def growth() -> None:
    text = (FIXTURES / "ipc201_kitchen_good.py").read_text(encoding="utf-8")
    body = text.partition("if __name__")[0]
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder, "grown.py"))
        small = body
        large = "\n".join(
            body.replace("def main", f"def main{n}").replace("def cook", f"def cook{n}").replace("=cook", f"=cook{n}")
            for n in range(16)
        )
        one, sixteen = paired(lambda: lint(small, path, Options()), lambda: lint(large, path, Options()))
    print(f"growth from 1x to 16x of one file: {sixteen / one:.1f}x the time")


if __name__ == "__main__":
    without_processes()
    with_processes("fixtures", sorted(FIXTURES.glob("*.py")))
    library = [*(STDLIB / "multiprocessing").glob("*.py"), *(STDLIB / "concurrent").rglob("*.py")]
    with_processes("standard library", sorted(library))
    for folder in map(pathlib.Path, sys.argv[1:]):
        with_processes(folder.name, sorted(folder.rglob("*.py")))
    growth()
