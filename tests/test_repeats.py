"""The run: what is done often is not written down each time, and judged as if it were."""

from __future__ import annotations

import pathlib

import pytest
from test_runtime import Watched

# More often than any message is written down at one place.
STUCK = """
    from multiprocessing import Process, Queue

    def work(tasks, results):
        for number in range(300):
            results.put(tasks.get() + 1)

    if __name__ == "__main__":
        tasks, results = Queue(), Queue()
        worker = Process(target=work, args=(tasks, results))
        worker.start()
        for number in range(300):
            tasks.put(number)
        for number in range(301):
            results.get()  # want: IPC201
        worker.join()
    """
ORDERED = """
    from multiprocessing import Pipe, Process, Value

    def count(end, total):
        while end.recv():
            total.value += 1
            end.send(True)

    if __name__ == "__main__":
        total = Value("i", 0)
        here, there = Pipe()
        counter = Process(target=count, args=(there, total))
        counter.start()
        there.close()
        for number in range(300):
            total.value += 1
            here.send(True)
            here.recv()
        here.send(False)
        counter.join()
        print(total.value)
    """
# The same, but the last is counted while the other goes on.
RACING = """
    from multiprocessing import Pipe, Process, Value

    def count(end, total):
        while end.recv():
            end.send(True)
        total.value += 1  # want: IPC401

    if __name__ == "__main__":
        total = Value("i", 0)
        here, there = Pipe()
        counter = Process(target=count, args=(there, total))
        counter.start()
        there.close()
        for number in range(300):
            here.send(True)
            here.recv()
        here.send(False)
        total.value += 1  # want: IPC401
        counter.join()
    """


@pytest.mark.parametrize("text", [STUCK, ORDERED, RACING], ids=["stuck", "ordered", "racing"])
def test_what_is_done_often_is_judged_all_the_same(text: str, tmp_path: pathlib.Path) -> None:
    run = Watched(tmp_path, text)
    assert run.rows == run.wanted, run.err
    assert text is not ORDERED or run.out == "600\n"
