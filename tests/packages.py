"""Packages whose own tests judge the transparency of the watch: fetched from the registry as source, for tests/suites.py."""

from __future__ import annotations

import json
import pathlib
import subprocess
import tarfile
from dataclasses import dataclass

# Written beside the suites: tells how each test came out as it goes, so that a hung one is known by its name.
_TELLER = '''
import json, os

_known = set()

def pytest_collection_modifyitems(config, items):
    """What was begun in an earlier round is left out."""
    if os.path.exists(os.environ["SUITES_OUTCOMES"]):
        with open(os.environ["SUITES_OUTCOMES"], encoding="utf-8") as file:
            _known.update(json.loads(line)[0] for line in file)
    config.hook.pytest_deselected(items=[one for one in items if one.nodeid in _known])
    items[:] = [one for one in items if one.nodeid not in _known]

def _tell(*line):
    with open(os.environ["SUITES_OUTCOMES"], "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\\n")

def pytest_runtest_logstart(nodeid, location):
    _tell(nodeid, None)

def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        _tell(report.nodeid, "xfailed" if hasattr(report, "wasxfail") else report.outcome)

def pytest_collectreport(report):
    if report.failed:
        _tell(report.nodeid, "not collected")
'''


@dataclass(frozen=True)
class Package:
    """A package as it lies on the disk: its folder, what to import from, its files of tests, options of pytest."""

    root: str
    paths: tuple[str, ...]
    files: tuple[str, ...]
    options: tuple[str, ...]

    def command(self, file: str, suites: str) -> list[str]:
        """The options of Python that run one file of tests."""
        teller = pathlib.Path(suites, "suites_teller.py")
        if not teller.exists():
            teller.write_text(_TELLER, encoding="utf-8")
        return ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "suites_teller", *self.options, file]


@dataclass(frozen=True)
class _Recipe:
    """Where a source distribution has its tests and modules, and what they need beside it."""

    tests: str
    source: str = "."
    needs: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


PACKAGES = {
    # Its own limit on time is longer than ours.
    "loky": _Recipe("tests", needs=("cloudpickle", "psutil"), options=("--skip-high-memory",)),
    "pebble": _Recipe("test"),
    "mpire": _Recipe("tests", needs=("tqdm", "pygments", "multiprocess", "numpy", "rich")),
    "pytest-xdist": _Recipe("testing", "src", needs=("execnet", "filelock")),
}


def fetch(python: str, name: str, folder: str) -> Package:
    """Fetches the source of a package and what its tests need into a folder."""
    recipe, place = PACKAGES[name], pathlib.Path(folder, name)
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    _call([*pip, "download", "--no-binary", ":all:", "--no-deps", "--dest", str(place), name])
    with tarfile.open(next(place.glob("*.tar.gz"))) as archive:
        archive.extractall(place, filter="data")
    root = next(one for one in place.iterdir() if one.is_dir())
    needed = place / "needed"
    if recipe.needs:
        _call([*pip, "install", "--target", str(needed), *recipe.needs])
    files = sorted({*root.glob(f"{recipe.tests}/**/test_*.py"), *root.glob(f"{recipe.tests}/**/*_test.py")})
    if not files:
        print(f"{name}: no tests in its source distribution {root.name}", flush=True)
    paths = (str(root / recipe.source), str(needed))
    return Package(str(root), paths, tuple(str(one.relative_to(root)) for one in files), recipe.options)


def _call(command: list[str]) -> None:
    subprocess.run(command, check=True, timeout=300, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def outcomes(file: str, status: int | None) -> dict[str, str]:
    """How each test came out that was begun: ``hung`` where the limit came before its end, ``died`` where pytest did."""
    found: dict[str, str | None] = {}
    place = pathlib.Path(file)
    for line in place.read_text(encoding="utf-8").splitlines() if place.exists() else ():
        test, outcome = json.loads(line)
        if found.get(test) != "failed":
            found[test] = outcome
    without = "hung" if status is None else "died"
    with place.open("a", encoding="utf-8") as more:
        more.writelines(json.dumps([test, without]) + "\n" for test, outcome in found.items() if outcome is None)
    return {test: outcome or without for test, outcome in found.items()}
