"""The monitor: what is stuck for good is told within seconds, and what is only slow comes to its own end."""

from __future__ import annotations

import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

from hanging import METHODS, SOON, end, run, run_all
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


def test_what_a_handler_gives_may_be_waited_for(tmp_path: pathlib.Path) -> None:
    """Nobody of the run gives the semaphore back, but whoever ends a service sends it SIGTERM."""
    script = tmp_path / "service.py"
    script.write_text(SERVICE, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-m", "flake8_ipc.runtime", "--exit-zero", str(script)],
        env={**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parent.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as service:
        try:
            assert service.stdout is not None
            number = int(service.stdout.readline())
            with pytest.raises(subprocess.TimeoutExpired):
                service.wait(timeout=SOON)
            os.kill(number, signal.SIGTERM)
            output, errors = service.communicate(timeout=30)
        finally:
            end(service)
    assert (service.returncode, output, errors) == (0, "bye\n", "")


# Not an event: set() waits until all who wait have woken, the very thread that its handler interrupts included
# (CPython Lib/multiprocessing/synchronize.py, Condition.notify).
SERVICE = """\
import os
import signal
from multiprocessing import Process, Semaphore


def work(stop):
    stop.acquire()


def on_signal(*_):
    stop.release()
    stop.release()


if __name__ == "__main__":
    stop = Semaphore(0)
    worker = Process(target=work, args=(stop,))
    worker.start()
    signal.signal(signal.SIGTERM, on_signal)
    print(os.getpid(), flush=True)
    stop.acquire()
    worker.join()
    print("bye")
"""
