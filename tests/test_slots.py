"""The table of who waits for what, as the monitor reads it."""

from __future__ import annotations

import pathlib
import threading

from flake8_ipc.runtime.slots import Slots, Wait, table


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
