"""What ended a process that asked for something which was not there: a lock of an object without one, a parent's global."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..model import Event, Role, Verb
from .told import Told

if TYPE_CHECKING:
    from .account import Account

_ASKED = {"get_lock": Verb.GET_LOCK, "get_obj": Verb.GET_OBJ}


def lacking(account: Account, told: Told, role: Role) -> Iterator[Event]:
    """The deeds that failed, where they are on objects of the account: the last of a process, or one of a pool's task."""
    for facts in (told.raised, *(one[0] for (what, _), all_ in told.more.items() if what == "failing" for one in all_)):
        if facts.get("place") in told.places:
            yield from _lacked(account, told, role, facts)


def _lacked(account: Account, told: Told, role: Role, facts: dict[str, Any]) -> Iterator[Event]:
    there = told.places[facts["place"]]
    place, name = account.placed(role, account.texts.place(there)), facts.get("name", "")
    verb, target = _ASKED.get(name), account.find(facts.get("object"), told.last)
    if verb is not None and target is not None:
        yield Event(verb, target, place, account.texts.call(there), failed=facts["type"])
    if facts["type"] == "NameError" and role.parent is not None:
        # A global that only its parent has bound.
        made = (account.objects[key] for key, maker in account.makers.items() if not maker.child)
        target = next((shared for shared in made if shared.name == name), None)
        if target is not None:
            yield Event(Verb.QUERY, target, place, name, inherited=True, failed="NameError")
