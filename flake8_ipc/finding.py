"""A finding: what a rule says of a program, with the steps that lead to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from .model.events import Event
from .model.objects import Shared
from .model.place import Place
from .model.program import Role


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a finding's story: who does what, and where; ``role`` and ``event`` tell the same to a drawing."""

    text: str
    place: Place
    role: Role | None = field(default=None, compare=False)
    event: Event | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault at one place.

    ``message`` is one line: what goes wrong, why, and how to mend it. ``about`` are the objects that the fault is of:
    where two rules see one cause, the one that names it best is kept (see ``Rule.yields_to``). ``foretold``: of a run, that
    it was not seen itself, but nothing that was seen keeps it from happening.
    """

    code: str
    place: Place
    message: str
    story: tuple[Step, ...] = ()
    about: tuple[Shared, ...] = field(default=(), compare=False)
    foretold: bool = field(default=False, compare=False)
