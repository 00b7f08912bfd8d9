"""How processes and their objects come to be: classes that forget their base, objects that a mere import makes anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..model import ProcessClass
from .told import Told

if TYPE_CHECKING:
    from .account import Account


class Births:
    """What one account tells of them."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def classes(self, told: Told) -> Iterator[ProcessClass]:
        """The classes whose ``__init__`` never came to that of Process."""
        for name, code in told.uncalled:
            if code is None:
                continue
            source = self.account.source(code[0])
            node = source.function(code[1])
            if node is not None:
                place = source.place(node)
                yield ProcessClass(name, place, runs=True, init=place, calls_super=False)

    def imported(self, told: Told, name: str) -> bool:
        """Whether a child made an object by importing the program anew, where its parent has made another one."""
        mine = next((one for one in told.events if one[2] == "CREATE" and one[3] == name), None)
        if mine is None or told.role is None or mine[-1] > told.role:
            return False
        there = told.places[mine[4]]
        return any(
            other.places[where] == there
            for other in self.account.told.values()
            if other is not told and not other.child
            for _, _, where, _ in other.objects
        )
