"""``pytest --ipc``: every test is run under the watch and judged by itself; what is found fails the test that did it.

Off, it adds an option, a setting and a marker, and imports nothing. A test is judged as soon as its own function has
returned, where no fixture of the project has anything left to do, else after its teardown. What fixtures of a wider scope
make is not part of any test.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .reporting.work import Remark
    from .runtime.embedded import Watch

_MARKER = "ipc_ok(code, ..., reason=None): findings with these codes, or beginnings of codes, are as they should be here"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option and the setting."""
    group = parser.getgroup("ipc", "inter-process communication")
    group.addoption("--ipc", action="store_true", help="watch each test's processes, and fail it where they misuse anything")
    parser.addini("ipc", "whether tests are watched as by --ipc", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Knows the marker in any case; the rest only where it is asked for."""
    config.addinivalue_line("markers", _MARKER)
    watched = config.getoption("--ipc") or config.getini("ipc")
    # The controller of pytest-xdist runs no tests.
    controls = bool(config.getoption("dist", "no") not in (None, "no")) and not hasattr(config, "workerinput")
    if watched and not controls and not config.option.collectonly:
        config.pluginmanager.register(Watcher(_threads() if hasattr(config, "workerinput") else []), "ipc-watcher")


def _threads() -> list[int]:
    """The threads that a worker of pytest-xdist has before any test runs: they only carry what is told of the tests."""
    try:
        return [int(name) for name in os.listdir("/proc/self/task") if int(name) != os.getpid()]
    except OSError:
        return []


class Watcher:
    """What watches the tests of one process, one by one."""

    def __init__(self, aside: list[int]) -> None:
        # Before tests are forked off, so that none of them has to import it again.
        from .runtime import embedded, judge

        assert judge
        self._aside = aside
        self._embedded = embedded
        self._watch: Watch | None = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Begins with the first thing that is done for a test."""
        self._watch = self._embedded.Watch(str(item.path), aside=self._aside)
        self._watch.begin()
        yield
        for mark in item.iter_markers("ipc_ok"):
            if not mark.args or not all(isinstance(code, str) for code in mark.args):
                pytest.fail("ipc_ok wants the codes that are as they should be: ipc_ok('IPC108', reason='...')", pytrace=False)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
        """What a fixture of a wider scope does is none of this test's."""
        if self._watch is None or fixturedef.scope == "function":
            return (yield)
        with self._watch.suspended():
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Judges the test once nothing of it is left to be done."""
        report = yield
        watch = self._watch
        if watch is not None and (call.when == "teardown" or watch.stuck or (call.when == "call" and _is_over(item))):
            self._watch = None
            found = [one for one in watch.end() if not _is_ok(item, one)]
            if found:
                _tell(report, found, watch.standstill)
        return report


def _is_over(item: pytest.Item) -> bool:
    """Whether nothing of the project's own follows a test's function: it has none of its own but pytest's fixtures."""
    info = getattr(item, "_fixtureinfo", None)
    fixtures = [one for many in info.name2fixturedefs.values() for one in many] if info is not None else []
    narrow = (one for one in fixtures if one.scope == "function")
    own = (one for one in narrow if not one.func.__module__.startswith("_pytest.") or one.argname.startswith("_"))
    return info is not None and next(own, None) is None


def _is_ok(item: pytest.Item, remark: Remark) -> bool:
    return any(remark.code.startswith(code) for mark in item.iter_markers("ipc_ok") for code in mark.args)


def _tell(report: pytest.TestReport, found: list[Remark], standstill: str) -> None:
    lines = [f"{one.path}:{one.line}:{one.column}: {one.code} {one.message}" for one in found]
    lines += standstill.splitlines()
    if report.failed or report.skipped:
        # It has a reason of its own already.
        report.sections.append((f"flake8-ipc {report.when}", "\n".join(lines)))
    else:
        report.outcome = "failed"
        report.longrepr = os.linesep.join(lines)
