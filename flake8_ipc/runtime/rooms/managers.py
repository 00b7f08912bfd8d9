"""Managers and their proxies in the account: what is put into them, how a manager comes to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Constant, Event, Holding, Key, Kind, Verb
from . import Line, amends, opens

if TYPE_CHECKING:
    from ..account import Account

_SUBMITS = frozenset("apply apply_async map map_async starmap starmap_async imap imap_unordered submit".split())
_STORES = frozenset({"append", "insert", "extend", "put", "put_nowait", "send", "update", "setdefault"})


@opens
def _elsewhere(account: Account) -> None:
    """What a server holds that this program only connected to is not this program's alone."""
    for told in account.told.values():
        for what, name in told.more:
            manager = account.find(str(name), told.last) if what == "foreign" else None
            if manager is not None:
                manager.open = True
                for shared in account.objects.values():
                    shared.open = shared.open or shared.manager is manager


@amends
def _sent_away(account: Account, line: Line, event: Event) -> Event | None:
    """A manager that only the arguments of a task held is gone once the pool's own thread has sent them away."""
    if event.verb is Verb.SUBMIT:
        at = line.told.last
        names = [name for one in line.facts.get("handover", {}).get("arguments", ()) for name in one["shared"]]
        held = {shared.manager for name in names if (shared := account.find(name, at)) is not None and shared.managed}
        for what, name in line.told.more:
            manager = account.find(str(name), at) if what == "let go" else None
            if manager is not None and manager in held:
                drop = Event(Verb.DROP, manager, event.place, "submit")
                drop.clock, drop.setting = event.clock, event.setting
                account.changes.setdefault(event, []).append(drop)
    return event


@amends
def _deed(account: Account, line: Line, event: Event) -> Event | None:
    if event.target.kind is Kind.MANAGER:
        return _on_manager(line, event)
    if not event.target.managed:
        return event
    if event.verb is Verb.FORGET and any(
        one[2] == "DROP" and account.find(one[3], one[6]) is event.target.manager for one in line.told.events
    ):
        # It is gone with its whole manager.
        return None
    facts = line.facts
    if "none" in facts:
        event.key = Key.NOTHING
    elif "new" in facts:
        event.key = Key.NEW
    if ("got", line.number) in line.told.more:
        event.payload = Constant(line.told.more["got", line.number][0][0][0])
    event.received = bool(facts.get("received"))
    event.holds = tuple(
        Holding(Constant(key) if key is not None else Key.ANY, account.find(name, line.told.last) if name else None)
        for key, name in facts.get("holds", ())
    )
    return event


def _on_manager(line: Line, event: Event) -> Event | None:
    if event.verb is Verb.CREATE and event.payload is None:
        # One that is started by hand starts nothing when it is made.
        return None
    if event.verb is Verb.DROP:
        called = event.name.rpartition(".")[2]
        why = "start" if called == "start" else "submit" if called in _SUBMITS else "store"
        event.name = why if called in {"start"} | _SUBMITS | _STORES or event.name.endswith("]") else "return"
    return event
