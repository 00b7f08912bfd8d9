"""How the processes of a run came to their ends, and who was proved to wait for good."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..model import UNFINISHED, Ending, Event, Halt, Role, Verb
from .monitor.watchman import Blocked
from .remainder import gives_nothing
from .session import Session
from .slots import Wait
from .tables import Shown, read
from .told import Told

if TYPE_CHECKING:
    from .account import Account

# What a thread may be doing where it waits in this way.
_RECEIVING = frozenset({"GET", "RECV", "POLL", "CALL", "CREATE", "RESULT", "SUBMIT"})
_LOCKING = frozenset({"ACQUIRE", "WAIT", "PUT", "GET", "JOIN", "SET", "NOTIFY", "READ", "WRITE", "SEND", "RECV"})
_DOING = {
    Wait.RECV: _RECEIVING,
    Wait.REPLY: _RECEIVING | _LOCKING,
    Wait.ANY: frozenset({"POLL", "JOIN"}),
    Wait.SEND: frozenset({"PUT", "SEND"}),
    Wait.EXIT: frozenset({"JOIN", "WAIT"}),
    Wait.LOCK: _LOCKING,
    Wait.OWNED: _LOCKING,
    Wait.THREAD: frozenset({"JOIN_THREAD"}),
    Wait.WORK: frozenset({"RESULT"}),
}


def fits(wait: Wait, verb: str) -> bool:
    """Whether what a thread did last is what it waits in."""
    return verb in _DOING.get(wait, ())


def endings(account: Account) -> None:
    """Tells every role how it came to its end."""
    ended = {event.target for role in account.roles.values() for event in role.events(Verb.TERMINATE, Verb.KILL)}
    for told in account.told.values():
        role = account.roles[told.name]
        role.ending = _ending(account, told, role.process in ended)
    for (name, _), thread in account.threads.items():
        thread.ending = account.roles[name].ending


def _ending(account: Account, told: Told, by_others: bool) -> Ending:
    if told.ended:
        return Ending.ITSELF
    if account.stuck and not by_others:
        return Ending.CUT
    return Ending.IDLE if not by_others and _idle(account, told) else Ending.KILLED


def left(session: Session, told: Told) -> dict[int, Shown]:
    """The table of waits that a process has left."""
    try:
        return read(session.slots(told.name))
    except OSError:
        return {}


def _idle(account: Account, told: Told) -> bool:
    """Whether its first thread waited when it was ended: its table of waits outlives it."""
    mine = left(account.session, told).get(told.pid)
    return mine is not None and mine.wait is not Wait.NOTHING


def halts(account: Account) -> Iterator[Halt]:
    """Those that were proved to wait for good; threads of multiprocessing's own are told with what waits for them."""
    by_pid = {told.pid: account.roles[told.name] for told in account.told.values() if not told.ended}
    for one in account.stuck:
        told = account.told.get(one.record)
        if told is None:
            continue
        role = account.roles[one.record] if one.thread == told.pid else account.threads.get((one.record, one.thread))
        # What waits for a result waits for other threads of its process, which a pool has.
        if role is not None and (one.wait is not Wait.WORK or _event(account, role, one) is not None):
            awaits = by_pid.get(one.resource) if one.wait is Wait.EXIT else None
            event = _event(account, role, one)
            if event is not None:
                event.failed = UNFINISHED
            yield Halt(role, event, one.wait in (Wait.THREAD, Wait.SEND), awaits, gives_nothing(account.texts, one.stack))


def _event(account: Account, role: Role, one: Blocked) -> Event | None:
    last = account.last.get(role)
    if last is None or last[1] != one.place or not fits(one.wait, last[0].verb.name):
        return None
    return last[0]
