"""Children of ``subprocess`` in the account: their pipes, what lay unread in them, and who was left alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Event, Kind, Place, Program, Shared, Stream, Subprocess
from ..monitor import kernel
from ..objects import Facts, bound
from ..places import Where
from ..told import Told
from . import Line, amends, finishes, makes

if TYPE_CHECKING:
    from ..account import Account


@makes(Kind.SUBPROCESS)
def _child(account: Account, kind: Kind, place: Place, where: Where, facts: Facts) -> Shared:
    made = Subprocess(kind, place, bound(account, where), whole=facts["whole"], detached=facts.get("detached", False))
    for which in facts["pipes"]:
        stream = Stream(Kind.STREAM, place, f"{made.name}.{which}", which=which, child=made)
        made.streams[which] = stream
        account.register(f"{facts['called']}:{which}", stream, facts["at"])
    return made


@amends
def _unread(account: Account, line: Line, event: Event) -> Event | None:
    child = event.target
    if isinstance(child, Subprocess):
        found: list[str] = next((one[0] for one in line.told.more.get(("unread", line.number), ())), [])
        event.unread = tuple(child.streams[which] for which in found if which in child.streams)
    return event


@finishes
def _left(account: Account, program: Program) -> None:
    """Children that outlived the process that made them: those that have ended by now were only about to."""
    for told in account.told.values():
        alive = set(_alive(told))
        for name, _, _, facts in told.objects:
            child = account.find(name, facts["at"])
            if isinstance(child, Subprocess):
                child.left = name in alive if told.ended or not program.halts else None


def _alive(told: Told) -> list[str]:
    found = []
    for (what, name), lines in told.more.items():
        if what == "left" and kernel.began(lines[0][0]) == lines[0][1]:
            found.append(str(name))
    return found
