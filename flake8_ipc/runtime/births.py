"""How processes and their objects come to be: classes that forget their base, objects that a mere import makes anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..model import Argument, Ending, Kind, Process, ProcessClass, Role, RoleKind, Shared
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

    def started(self, told: Told) -> None:
        """What the starts of a record tell: a ``run`` set by hand, what an object of a class holds, a child never heard of."""
        heard = {role.process for role in self.account.roles.values()}
        for line in told.events:
            if line[2] == "SET_DAEMON" and line[0] not in told.failed:
                self._daemon(line)
            process = self.account.objects.get(line[3]) if line[2] == "START" else None
            if not isinstance(process, Process):
                continue
            process.run_assigned = process.run_assigned or bool(line[7].get("assigned"))
            if process.subclass is not None and process.handover is not None and not process.handover.arguments:
                held = [shared for name in line[7].get("holds", ()) if (shared := self.account.find(name, line[6]))]
                held += [Shared(Kind.THREAD_ONLY, process.place, name) for name in line[7].get("thread_only", ())]
                process.handover.arguments += [Argument(process.place, shared.name, (shared,)) for shared in held]
                process.handover.complete = not held
            if process.kind is Kind.PROCESS and process not in heard and line[0] not in told.failed:
                self._unheard(told, line[3], process)

    def _daemon(self, line: list[Any]) -> None:
        process = self.account.objects.get(line[3])
        if isinstance(process, Process):
            process.daemon = bool(line[7]["payload"][0])

    def _unheard(self, told: Told, name: str, process: Process) -> None:
        """A child that was ended before it could tell anything."""
        role = Role(process.name, RoleKind.PROCESS, process.place, process=process, parent=self.account.roles[told.name])
        role.born, role.ending = False, Ending.KILLED
        for shared, where in self.account.given(name):
            role.given.setdefault(shared, where)
        self.account.roles[f"{told.name}/{name}"] = role

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
