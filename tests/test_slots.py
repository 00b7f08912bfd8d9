"""The table of who waits for what, as the monitor reads it."""

from __future__ import annotations

import pathlib
import threading

from flake8_ipc.runtime.launcher import launch, session
from flake8_ipc.runtime.slots import Slots, Wait
from flake8_ipc.runtime.tables import table
from flake8_ipc.runtime.told import records

_APART = """
from multiprocessing import Lock, Process

def work(lock):
    with lock:
        pass

if __name__ == "__main__":
    lock = Lock()
    for target, args in (int, ()), (work, (lock,)), (int, ()):
        process = Process(target=target, args=args)
        process.start()
        process.join()
    with lock:
        pass
"""


def test_what_one_writes_the_other_reads(tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "slots")
    slots = Slots(path)
    slots.open()
    assert set(table(path).slots) == {threading.get_native_id()} and not table(path).owners
    ready, done = threading.Barrier(6), threading.Event()

    def wait(number: int) -> None:
        with slots.waiting(Wait.RECV, number):
            slots.words[slots.entry(1000 + number)] = slots.mine.owner
            ready.wait(20)
            done.wait(20)

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(1, 6)]
    for thread in threads:
        thread.start()
    ready.wait(20)
    found = table(path)
    assert {slot.resource for slot in found.slots.values() if slot.wait is Wait.RECV} == {1, 2, 3, 4, 5}
    by_thread = {number: slot.resource for number, slot in found.slots.items()}
    assert {number: by_thread[one] for number, (one,) in found.owners.items()} == {1000 + one: one for one in range(1, 6)}
    done.set()
    for thread in threads:
        thread.join(20)
    assert not [slot for slot in table(path).slots.values() if slot.wait is not Wait.NOTHING]


def test_who_does_nothing_shared_shows_nothing(tmp_path: pathlib.Path) -> None:
    """Such a process has a record and no more, and lacks nothing; a clock is the same though only what is new is told of it."""
    script = tmp_path / "program.py"
    script.write_text(_APART)
    with session(str(script), "fork") as mine:
        assert launch(mine, [str(script)]).wait(60) == 0
        told = list(records(mine).values())
        shown = [pathlib.Path(mine.slots(one.name)).exists() for one in told]
        answer = [pathlib.Path(mine.stacks(one.name)).exists() for one in told]
    assert shown == answer == [True, False, True, False]
    assert [one.ended for one in told] == [True] * 4 and not any(one.lost for one in told)
    main, _, working, _ = told
    # Main's last clock knows all its children; the one that told events knows main and the child joined before it.
    assert main.clocks[max(main.clocks)].keys() == {one.name for one in told}
    assert working.clocks[max(working.clocks)].keys() == {one.name for one in told[:3]}
