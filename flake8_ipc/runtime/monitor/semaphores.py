"""Which semaphore of the kernel stands behind a number that the program's processes know it by."""

from __future__ import annotations

from collections.abc import Iterable

from . import kernel


class Semaphores:
    """What the records tell of where semaphores lie in their processes; ``inodes`` by number, as far as they are known."""

    def __init__(self) -> None:
        self.inodes: dict[int, int] = {}
        self._addresses: dict[str, dict[int, set[int]]] = {}

    def note(self, record: str, number: int, address: int) -> None:
        """A semaphore was made or opened; what lay at its address before is gone."""
        here = self._addresses.setdefault(record, {})
        for addresses in here.values():
            addresses.discard(address)
        here.setdefault(number, set()).add(address)

    def find(self, pid: int, number: int, line: Iterable[str]) -> None:
        """Finds the inode of one that a process waits for, so that it lies there now; ``line`` are its record and those above.

        A forked process has it where the one had it that made it; a spawned one has opened it anew.
        """
        if number in self.inodes:
            return
        known = (self._addresses.get(record, {}).get(number) for record in line)
        addresses = next((one for one in known if one is not None), set())
        mapped = kernel.semaphores(pid) or ()
        found = {inode for begin, end, inode in mapped if any(begin <= one < end for one in addresses)}
        if len(found) == 1:
            self.inodes[number] = found.pop()
