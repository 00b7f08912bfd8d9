"""Listeners and clients (CPython Lib/multiprocessing/connection.py)."""

from __future__ import annotations

import itertools
from typing import Any

from ..identity import MARK, end
from ..interruptions import hide
from ..patch import done, replace, safely
from ..places import caller
from ..record import current

_numbers = itertools.count(1)


def _endpoint(address: Any, family: Any, authkey: Any) -> dict[str, Any]:
    """Where the other side comes from, and whether it must know a key."""
    from multiprocessing import connection

    known: Any = connection
    kind = family or (known.address_type(address) if address else known.default_family)
    return {"network": kind in ("AF_INET", "AF_INET6"), "keyed": bool(authkey)}


def _listens(original: Any) -> Any:
    def __init__(
        self: Any, address: Any = None, family: Any = None, backlog: int = 1, authkey: Any = None
    ) -> None:
        safely(_tell_listener)(self, address, family, authkey)
        try:
            original(self, address, family, backlog, authkey)
        except BaseException as error:
            hide(error)
            raise

    return __init__


def _tell_listener(self: Any, address: Any, family: Any, authkey: Any) -> None:
    record, who = current(), caller(4)
    if record is not None and who is not None:
        name = f"listener:{record.name}/{next(_numbers)}"
        setattr(self, MARK, name)
        record.thing(name, "LISTENER", who, **_endpoint(address, family, authkey))


def _connects(original: Any) -> Any:
    def Client(address: Any, family: Any = None, authkey: Any = None) -> Any:
        place = safely(_tell_client)(address, family, authkey)
        try:
            made = original(address, family, authkey)
        except BaseException as error:
            hide(error)
            raise
        safely(_tell_connection)(made, place)
        return made

    return Client


def _tell_client(address: Any, family: Any, authkey: Any) -> Any:
    """Tells a client before it connects, for it may wait for good; gives its name."""
    record, who = current(), caller(4)
    if record is None or who is None:
        return None
    name = f"client:{record.name}/{next(_numbers)}"
    record.thing(name, "PIPE_END", who, peer=None, readable=True, writable=True, **_endpoint(address, family, authkey))
    return name


def _tell_connection(made: Any, name: Any) -> None:
    if name is not None:
        setattr(made, MARK, name)


def _accepted(original: Any) -> Any:
    def accept(self: Any) -> Any:
        try:
            made = original(self)
        except BaseException as error:
            hide(error)
            raise
        safely(_tell_accepted)(made)
        return made

    return accept


def _tell_accepted(made: Any) -> None:
    record, who, name = current(), caller(4), end(made)
    if record is not None and who is not None and name is not None:
        record.thing(name, "PIPE_END", who, peer=None, readable=True, writable=True)


def _mark(thing: Any) -> str | None:
    return getattr(thing, MARK, None)


def install(connection: Any) -> None:
    """Watches both sides."""
    replace(connection.Listener, "__init__", _listens)
    replace(connection.Listener, "accept", _accepted)
    done(connection.Listener, "close", "CLOSE", _mark)
    replace(connection, "Client", _connects)
