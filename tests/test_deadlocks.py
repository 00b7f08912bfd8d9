"""The monitor: what is stuck for good is told within seconds, and what is only slow comes to its own end."""

from __future__ import annotations

import os
import pathlib
import re

import pytest

from hanging import METHODS, run, run_all
from hangs import SLOW, STUCK

AT_ONCE = int(os.environ.get("HANGS_AT_ONCE", "4"))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("method", METHODS)
def test_what_is_stuck_is_told(tmp_path: pathlib.Path, method: str) -> None:
    faults = [str(done) for done in run_all(tmp_path, list(STUCK), [method], AT_ONCE) if done.fault]
    assert not faults, "\n".join(faults)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("method", METHODS)
def test_what_is_slow_is_left_in_peace(tmp_path: pathlib.Path, method: str) -> None:
    faults = [str(done) for done in run_all(tmp_path, list(SLOW), [method], AT_ONCE) if done.fault]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("method", METHODS)
def test_each_stands_somewhere_and_is_held_by_somebody(tmp_path: pathlib.Path, method: str) -> None:
    done = run(tmp_path, "opposite_orders", method)
    told = "".join(done.errors)
    for lock in ("a", "b"):
        assert re.search(rf"work.* waits for good for {lock} \(line \d+\), which could be released or set", told), told
    assert told.count(" in work\n      with second:\n") == 2, told
    assert re.search(r"main \(process \d+\) waits for good for the end of work", told), told
