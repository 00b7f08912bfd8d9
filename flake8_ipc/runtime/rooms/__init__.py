"""What the account tells of the single parts of multiprocessing: one room for each, and the folder is the registry.

A room says how an object of its kinds is made of what a record tells (``makes``), what is to be added to an event on one
(``amends``), what a process is beside a child of its parent (``casts``), and what only the whole account shows
(``finishes``).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from ...model import Event, Kind, Place, Program, Role, Shared
from ..places import Where
from ..told import Told

if TYPE_CHECKING:
    from ..account import Account

Facts = dict[str, Any]


class Line(NamedTuple):
    """What a record tells of an event: the record, who did it, its number, where, and the facts told with it."""

    told: Told
    role: Role
    number: int
    where: Where
    facts: Facts


Maker = Callable[["Account", Kind, Place, Where, Facts], Shared]
Amender = Callable[["Account", Line, Event], Event | None]

makers: dict[Kind, Maker] = {}
_amenders: list[Amender] = []
_casters: list[Callable[["Account", Told, Role], None]] = []
_openers: list[Callable[["Account"], None]] = []
_finishers: list[Callable[["Account", Program], None]] = []


def makes(*kinds: Kind) -> Callable[[Maker], Maker]:
    """Registers how the objects of these kinds are made."""

    def register(maker: Maker) -> Maker:
        makers.update(dict.fromkeys(kinds, maker))
        return maker

    return register


def amends(function: Amender) -> Amender:
    """Registers what looks at every event and adds what it knows of it; None: the event is left out."""
    _amenders.append(function)
    return function


def casts(function: Callable[[Account, Told, Role], None]) -> Callable[[Account, Told, Role], None]:
    """Registers what tells which role a process has."""
    _casters.append(function)
    return function


def opens(function: Callable[[Account], None]) -> Callable[[Account], None]:
    """Registers what is to be known before the first event is told."""
    _openers.append(function)
    return function


def finishes(function: Callable[[Account, Program], None]) -> Callable[[Account, Program], None]:
    """Registers what only the whole account shows."""
    _finishers.append(function)
    return function


def amended(account: Account, line: Line, event: Event) -> Event | None:
    """The event with what every room adds."""
    found: Event | None = event
    for amend in _amenders:
        if found is not None:
            found = amend(account, line, found)
    return found


def cast(account: Account, told: Told, role: Role) -> None:
    """Has every room look at a role."""
    for one in _casters:
        one(account, told, role)


def opened(account: Account) -> None:
    """Has every room begin."""
    for one in _openers:
        one(account)


def finished(account: Account, program: Program) -> None:
    """Has every room end."""
    for one in _finishers:
        one(account, program)


def load() -> None:
    """Has every room register."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
