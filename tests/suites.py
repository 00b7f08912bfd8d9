"""CPython's own tests as the judge of transparency: each class bare and under the watch, and what differs.

``python tests/suites.py [--python PYTHON] [--repeat N] [--limit SECONDS] [--jobs N] [NAME ...]``: names of test modules
or classes; without names, all that speak of processes. The interpreter needs flake8-ipc's own dependencies. Prints a table
and exits with 1 where a test comes out otherwise under the watch in every one of N runs.
"""

from __future__ import annotations

import argparse
import collections
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent
_METHODS = ("fork", "spawn", "forkserver")
SUITES = (*(f"mp_{method}" for method in _METHODS), "test.test_concurrent_futures", "test.test_subprocess")
# Lib/test/test_multiprocessing_fork.py and its kin, which some builds of Python leave out.
_SUITE = """import unittest
import test._test_multiprocessing
test._test_multiprocessing.install_tests_in_module_dict(globals(), {method!r})
if __name__ == "__main__":
    unittest.main()
"""

# Loads suites in the interpreter under test: one line for each class that has tests.
_CLASSES = """
import sys, unittest
def walk(suite):
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from walk(one)
        else:
            yield one
loader = unittest.TestLoader()
found = {}
for name in sys.argv[1:]:
    try:
        module = __import__(name, fromlist=["_"])
    except ImportError:
        module = None
    if module is not None and hasattr(module, "__path__"):
        import pkgutil
        names = [f"{name}.{one.name}" for one in pkgutil.iter_modules(module.__path__) if one.name.startswith("test_")]
    else:
        names = [name]
    for one in walk(loader.loadTestsFromNames(names)):
        found[f"{type(one).__module__}.{type(one).__qualname__}"] = None
print(*found, sep="\\n")
"""
# ``test_one (test.module.Class.test_one)`` up to its outcome; what the test itself prints may stand between the two.
_BEGUN = re.compile(r"^(\w+) \(([\w.]+)\)", re.MULTILINE)
_OUTCOME = re.compile(r"\.\.\. (?:.*?)(ok|FAIL|ERROR|skipped|expected failure|unexpected success)\b", re.DOTALL)


@dataclass(frozen=True)
class Run:
    """One class, run once: how each test came out, and what was printed."""

    outcomes: dict[str, str]
    text: str
    status: int | None

    @property
    def counts(self) -> str:
        """How many of each outcome."""
        counted = collections.Counter(self.outcomes.values())
        return " ".join(f"{word} {counted[word]}" for word in sorted(counted)) + (" TIME OUT" if self.status is None else "")


def command(python: str, name: str, watched: bool) -> list[str]:
    """The command line that runs one class."""
    watch = ["-m", "flake8_ipc.runtime", "--on-deadlock", "report", "--exit-zero", "--output", os.devnull] if watched else []
    return [python, *watch, "-m", "unittest", "-v", name]


def environment(suites: str) -> dict[str, str]:
    """The environment of a run: our packages and the suites can be imported."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), suites, *filter(None, [os.environ.get("SUITES")])])}


def run(python: str, name: str, watched: bool, limit: float, suites: str) -> Run:
    """Runs one class in a folder and a session of its own; what is left of it after the limit is ended."""
    with tempfile.TemporaryDirectory(prefix="suites-") as folder:
        with open(os.path.join(folder, "output"), "w+", encoding="utf-8", errors="replace") as output:
            process = subprocess.Popen(
                command(python, name, watched),
                cwd=folder,
                env=environment(suites),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            try:
                status: int | None = process.wait(limit)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                process.wait()
            output.seek(0)
            text = output.read()
    return Run(outcomes(text), text, status)


def outcomes(text: str) -> dict[str, str]:
    """How each test of a verbose run came out; one that came to no end is ``hung``."""
    body = text.partition("\n======")[0].partition("\n------")[0]
    begun = list(_BEGUN.finditer(body))
    found = {}
    for one, following in zip(begun, [*begun[1:], None]):
        rest = body[one.end() : following.start() if following is not None else len(body)]
        outcome = _OUTCOME.search(rest)
        name = one[2] if one[2].endswith(f".{one[1]}") else f"{one[2]}.{one[1]}"
        found[name] = outcome[1] if outcome is not None else "hung"
    return found


def classes(python: str, names: list[str], suites: str) -> list[str]:
    """The test classes that these names stand for."""
    listed = subprocess.run(
        [python, "-c", _CLASSES, *names],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=suites,
        env=environment(suites),
        timeout=120,
    )
    return [name for name in listed.stdout.split() if "_FailedTest" not in name]


def compare(python: str, name: str, limit: float, repeat: int, suites: str) -> tuple[Run, Run, dict[str, tuple[str, str]]]:
    """Both runs of one class, and what differs; repeated where they do, for some tests hang on time itself."""
    for _ in range(repeat):
        bare, watched = run(python, name, False, limit, suites), run(python, name, True, limit, suites)
        differing = {
            test: pair
            for test in {**bare.outcomes, **watched.outcomes}
            if (pair := (bare.outcomes.get(test, "absent"), watched.outcomes.get(test, "absent")))[0] != pair[1]
        }
        if not differing:
            break
    return bare, watched, differing


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--limit", type=float, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--verbose", action="store_true", help="print what differing runs under the watch printed")
    parser.add_argument("names", nargs="*", default=SUITES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="suites-") as suites:
        for method in _METHODS:
            pathlib.Path(suites, f"mp_{method}.py").write_text(_SUITE.format(method=method), encoding="utf-8")
        names = classes(options.python, list(options.names), suites)
        with ThreadPoolExecutor(options.jobs) as pool:
            done = pool.map(lambda name: compare(options.python, name, options.limit, options.repeat, suites), names)
            return table(names, done, options.verbose)


def table(names: list[str], done: Iterable[tuple[Run, Run, dict[str, tuple[str, str]]]], verbose: bool) -> int:
    """Prints each class as it is done, and the sums; 1 where any differs."""
    worst = 0
    total = [collections.Counter[str](), collections.Counter[str]()]
    for name, (bare, watched, differing) in zip(names, done):
        total[0].update(bare.outcomes.values())
        total[1].update(watched.outcomes.values())
        print(f"{'DIFFERS' if differing else 'same':8}{name:60}{bare.counts:40}{watched.counts}", flush=True)
        for test, (before, after) in differing.items():
            print(f"        {test}: {before} -> {after}", flush=True)
        if differing and verbose:
            print(watched.text, flush=True)
        worst |= bool(differing)
    print(f"bare: {dict(total[0])}\nwatched: {dict(total[1])}")
    return worst


if __name__ == "__main__":
    sys.exit(main())
