"""Tests of others as the judge of transparency: each class or file bare and under the watch, and what differs.

``python tests/suites.py [--python PYTHON] [--repeat N] [--limit SECONDS] [--jobs N] [--findings FILE] [NAME ...]``: names of
CPython's test modules or classes, or of packages (tests/packages.py) whose own tests are run; without names, all of
CPython's that speak of processes. The interpreter needs flake8-ipc's own dependencies, and pytest for packages. Where a
build of Python lacks a module of tests, it may lie in the folder that the environment variable SUITES names.

Prints a table and exits with 1 where a test comes out otherwise under the watch in every one of N runs. The tests count as
the user's own text: what the watch finds in them is written to FILE, to be judged by a reader.
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
import time
import uuid
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import packages

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


# A mark in the environment of all that a run starts.
_MARK = "SUITES_RUN"


@dataclass(frozen=True)
class Run:
    """One class or file, run once: how each test came out, what was printed, and what the watch found."""

    outcomes: dict[str, str]
    text: str
    status: int | None
    findings: str = ""

    @property
    def counts(self) -> str:
        """How many of each outcome."""
        counted = collections.Counter(self.outcomes.values())
        return " ".join(f"{word} {counted[word]}" for word in sorted(counted)) + (" TIME OUT" if self.status is None else "")


@dataclass(frozen=True)
class Job:
    """What is run, bare and watched: a class of CPython's, or a file of tests of a package."""

    name: str
    package: packages.Package | None = None

    def run(self, python: str, watched: bool, limit: float, suites: str) -> Run:
        """Runs it once; what comes to no end is told as hung, and what was to come after it is run without it."""
        if self.package is None:
            one = run([python, *_watch(watched), "-m", "unittest", "-v", self.name], limit, [suites])
            return Run(outcomes(one.text), one.text, one.status, one.findings)
        command, told = self.package.command(self.name, suites), os.path.join(suites, f"{uuid.uuid4().hex}.outcomes")
        found: dict[str, str] = {}
        text = findings = ""
        while True:
            paths = [*self.package.paths, suites]
            one = run([python, *_watch(watched), *command], limit, paths, self.package.root, told)
            before, found = found, packages.outcomes(told, one.status)
            text, findings = text + one.text, findings + one.findings
            if one.status in (0, 1, 5) or found == before:
                return Run(found or {self.name: "nothing run"}, text, one.status, findings)


def _watch(watched: bool) -> list[str]:
    """The options of Python that run what follows under the watch; ``{findings}`` is where it tells what it found."""
    return ["-m", "flake8_ipc.runtime", "--on-deadlock", "report", "--exit-zero", "--output", "{findings}"] if watched else []


def environment(paths: Iterable[str], more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a run: our packages and the suites can be imported."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([*paths, str(ROOT)]), **(more or {})}


def run(command: list[str], limit: float, paths: Iterable[str], cwd: str | None = None, told: str = os.devnull) -> Run:
    """Runs a command in a session of its own; what is left of it when it ends, or at the limit, is ended."""
    with tempfile.TemporaryDirectory(prefix="suites-", ignore_cleanup_errors=True) as folder:
        findings, mark = os.path.join(folder, "findings.txt"), uuid.uuid4().hex
        with open(os.path.join(folder, "output"), "w+", encoding="utf-8", errors="replace") as output:
            process = subprocess.Popen(
                [part.format(findings=findings) if part == "{findings}" else part for part in command],
                cwd=cwd or folder,
                env=environment(paths, {"TMPDIR": folder, _MARK: mark, "SUITES_OUTCOMES": told}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            try:
                status = _ended(process, limit, told)
            finally:
                _end(process, mark)
            output.seek(0)
            text = output.read()
        found = pathlib.Path(findings)
        return Run({}, text, status, found.read_text(encoding="utf-8") if found.exists() else "")


def _ended(process: subprocess.Popen[bytes], limit: float, told: str) -> int | None:
    """The status of a process that ends in time; None for one that does not, or of whose tests none comes to its end."""
    began = since = time.monotonic()
    before = -1
    while time.monotonic() < min(since + limit, began + _MOST * limit):
        with suppress(subprocess.TimeoutExpired):
            return process.wait(1)
        size = os.path.getsize(told) if os.path.isfile(told) else 0
        if size != before:
            before, since = size, time.monotonic() if told != os.devnull else since
    return None


# How many times the limit all tests of one file may take together.
_MOST = 12


def _end(process: subprocess.Popen[bytes], mark: str) -> None:
    """Ends what a run has left: its group, and those in other sessions that carry its mark."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for one in pathlib.Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if f"{_MARK}={mark}".encode() in one.read_bytes().split(b"\0"):
                os.kill(int(one.parent.name), signal.SIGKILL)


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


def link(python: str, suites: str) -> None:
    """Lays the tests of this Python where they are no part of its library, and so are the user's own text."""
    code = "import os, test; print(os.path.dirname(test.__file__))"
    library = subprocess.run([python, "-c", code], stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout.strip()
    folder = pathlib.Path(suites, "test")
    folder.mkdir()
    for place in filter(None, [library, os.environ.get("SUITES")]):
        for one in pathlib.Path(place).iterdir():
            if one.name != "__pycache__" and not (folder / one.name).exists():
                (folder / one.name).symlink_to(one)
    for method in _METHODS:
        pathlib.Path(suites, f"mp_{method}.py").write_text(_SUITE.format(method=method), encoding="utf-8")


def classes(python: str, names: list[str], suites: str) -> list[str]:
    """The test classes that these names stand for."""
    listed = subprocess.run(
        [python, "-c", _CLASSES, *names],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=suites,
        env=environment([suites]),
        timeout=120,
    )
    return [name for name in listed.stdout.split() if "_FailedTest" not in name]


def compare(python: str, job: Job, limit: float, repeat: int, suites: str) -> tuple[Run, Run, dict[str, tuple[str, str]]]:
    """Both runs of one class or file, and what differs; repeated where they do, for some tests hang on time itself."""
    differing: dict[str, tuple[str, str]] = {}
    for turn in range(repeat):
        bare, watched = job.run(python, False, limit, suites), job.run(python, True, limit, suites)
        now = {
            test: pair
            for test in {**bare.outcomes, **watched.outcomes}
            if (pair := (bare.outcomes.get(test, "absent"), watched.outcomes.get(test, "absent")))[0] != pair[1]
        }
        differing = {test: pair for test, pair in now.items() if not turn or test in differing}
        if not differing:
            break
    return bare, watched, differing


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--limit", type=float, default=300, help="seconds for a class of CPython's, or for a test of a package")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--findings", type=pathlib.Path, help="where to write what the watch found")
    parser.add_argument("--verbose", action="store_true", help="print what differing runs under the watch printed")
    parser.add_argument("names", nargs="*", default=SUITES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="suites-") as suites:
        link(options.python, suites)
        jobs = []
        for name in options.names:
            package, _, only = name.partition("/")
            if package in packages.PACKAGES:
                here = packages.fetch(options.python, package, suites)
                jobs += [Job(one, here) for one in here.files if only in one]
            else:
                jobs += [Job(one) for one in classes(options.python, [name], suites)]
        with ThreadPoolExecutor(options.jobs) as pool:
            done = pool.map(lambda job: compare(options.python, job, options.limit, options.repeat, suites), jobs)
            return table([job.name for job in jobs], done, options.verbose, options.findings)


Compared = tuple[Run, Run, dict[str, tuple[str, str]]]


def table(names: list[str], done: Iterable[Compared], verbose: bool, findings: pathlib.Path | None) -> int:
    """Prints each class or file as it is done, and the sums; 1 where any differs."""
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
        if findings is not None:
            with findings.open("a", encoding="utf-8") as file:
                file.writelines(f"{name}: {line}\n" for line in told(watched))
        worst |= bool(differing)
    print(f"bare: {dict(total[0])}\nwatched: {dict(total[1])}")
    return worst


def told(watched: Run) -> list[str]:
    """What the watch found, and who it told to be stuck for good."""
    stuck = [line for line in watched.text.splitlines() if "stuck for good" in line or "waits for good" in line]
    return sorted({*watched.findings.splitlines(), *map(str.strip, stuck)})


if __name__ == "__main__":
    sys.exit(main())
