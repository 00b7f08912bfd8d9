"""``--trace``: a file that Perfetto and chrome://tracing open."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
from test_runtime import METHODS, PROGRAMS, Watched

TEXT = """
    import time
    from multiprocessing import Lock, Pipe, Process, Queue

    def work(queue, end, lock):
        with lock:
            time.sleep(0.3)
        end.send(queue.get())

    if __name__ == "__main__":
        queue, lock = Queue(), Lock()
        mine, other = Pipe()
        process = Process(target=work, args=(queue, other, lock))
        process.start()
        queue.put("a word")
        print(mine.recv())
        process.join()
    """


def traced(folder: pathlib.Path, text: str, method: str = "fork") -> tuple[Watched, list[dict[str, Any]]]:
    file = folder / "trace.json"
    run = Watched(folder, text, "--trace", str(file), "--exit-zero", method=method)
    return run, json.loads(file.read_text(encoding="utf-8"))["traceEvents"]


def validate(events: list[dict[str, Any]]) -> None:
    """What the format asks for: fields by phase, spans within their row's names, and both ends of every arrow in a span."""
    spans = [one for one in events if one["ph"] == "X"]
    assert {one["ph"] for one in events} <= {"M", "X", "s", "f"}
    named = {one["pid"] for one in events if one["ph"] == "M" and one["name"] == "process_name"}
    for one in spans:
        assert one["pid"] in named and isinstance(one["tid"], int) and isinstance(one["name"], str)
        assert one["ts"] >= 0 and one["dur"] > 0
    begun = {one["id"]: one for one in events if one["ph"] == "s"}
    ended = {one["id"]: one for one in events if one["ph"] == "f"}
    assert begun.keys() == ended.keys()
    for one in [*begun.values(), *ended.values()]:
        rows = [span for span in spans if (span["pid"], span["tid"]) == (one["pid"], one["tid"])]
        assert any(span["ts"] <= one["ts"] <= span["ts"] + span["dur"] + 0.001 for span in rows)
    assert all(begun[number]["ts"] <= ended[number]["ts"] for number in begun)


@pytest.mark.parametrize("method", METHODS)
def test_lanes_spans_and_arrows(method: str, tmp_path: pathlib.Path) -> None:
    run, events = traced(tmp_path, TEXT, method)
    assert (run.out, run.status) == ("a word\n", 0), run.err
    validate(events)
    lanes = {one["args"]["name"]: one["pid"] for one in events if one["ph"] == "M" and one["name"] == "process_name"}
    assert list(lanes) == ["main", "process"] or len(lanes) == 2
    blocked = [one for one in events if one["ph"] == "X" and "blocked" in one["cat"]]
    assert [one["name"] for one in blocked if one["name"] == "mine.recv" and one["dur"] > 200_000]
    arrows = {(one["id"], one["ph"]): one["pid"] for one in events if one["ph"] in "sf"}
    assert {(arrows[number, "s"], arrows[number, "f"]) for number, _ in arrows} == {
        (lanes["main"], *(set(lanes.values()) - {lanes["main"]})),
        (*(set(lanes.values()) - {lanes["main"]}), lanes["main"]),
    }


def test_what_is_stuck_lasts_to_the_end(tmp_path: pathlib.Path) -> None:
    run, events = traced(tmp_path, PROGRAMS["IPC201"])
    assert run.status == 70
    validate(events)
    (get,) = [one for one in events if one["ph"] == "X" and one["name"] == "queue.get"]
    assert "blocked" in get["cat"]


def test_where_it_cannot_be_written(tmp_path: pathlib.Path) -> None:
    run = Watched(tmp_path, "print('it ran')\n", "--trace", "no/such/file")
    assert (run.status, run.out) == (2, "")
    assert run.err.startswith("flake8-ipc: trace: there is no folder ")
