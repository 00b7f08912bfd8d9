"""What is handed to whom: the targets and arguments of processes, tasks and initializers."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from ..model import UNTOLD, Argument, Callee, Handover, Kind, Place, Pool, Process, Program, Shared, Verb

_POOLS = frozenset({Kind.POOL, Kind.EXECUTOR})
FORK = frozenset({"fork"})


class Way(enum.Enum):
    """How something gets into another process."""

    PROCESS = "process"
    TASK = "task"
    INITIALIZER = "initializer"


@dataclass(frozen=True, slots=True)
class Handing:
    """One handing over: to ``owner``, a process or pool, at ``place`` (its creation, or the call that submits)."""

    way: Way
    owner: Shared
    handover: Handover
    place: Place

    @property
    def callee(self) -> Callee | None:
        """What is to be run, if anything is given."""
        return self.handover.callee

    @property
    def arguments(self) -> list[Argument]:
        """What it is given."""
        return self.handover.arguments

    @property
    def luggage(self) -> list[Argument]:
        """The same, and what goes along with what is to be run."""
        callee = self.callee
        if callee is None or not callee.shared:
            return self.arguments
        return [Argument(callee.place, callee.name, callee.shared), *self.arguments]


def handings(program: Program) -> Iterator[Handing]:
    """Everything that is handed to another process; threads share their process and are left out."""
    for _, event in program.events(Verb.CREATE, Verb.SUBMIT):
        owner = event.target
        if event.verb is Verb.SUBMIT:
            if owner.kind in _POOLS and event.handover is not None:
                yield Handing(Way.TASK, owner, event.handover, event.place)
        elif isinstance(owner, Process):
            if owner.kind is Kind.PROCESS and owner.handover is not None:
                yield Handing(Way.PROCESS, owner, owner.handover, event.place)
        elif isinstance(owner, Pool) and owner.kind in _POOLS and owner.initializer is not None:
            yield Handing(Way.INITIALIZER, owner, owner.initializer, event.place)


def start_methods(program: Program, owner: Shared) -> frozenset[str]:
    """The start methods by which this process, or this pool's workers, may be started.

    A context of its own decides alone; the default context stands for all that the program must work under.
    """
    return frozenset({owner.context}) if owner.context not in (None, UNTOLD) else program.methods


def only_forked(program: Program, owner: Shared) -> bool:
    """Whether it is always forked, so that it has all that its parent has and nothing is pickled or imported anew."""
    return start_methods(program, owner) == FORK
