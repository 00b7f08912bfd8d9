"""Listeners and clients of multiprocessing.connection: what they make, and whom they let in."""

from __future__ import annotations

import libcst as cst

from ..model import Endpoint, Kind, Listener, PipeEnd, Shared
from .joining import spread
from .made import create
from .run import Run, calls
from .values import PLAIN, UNKNOWN, Arguments, Const, Items, Ref, Value

_FAMILIES = {"AF_INET": True, "AF_INET6": True, "AF_UNIX": False, "AF_PIPE": False}


@calls("multiprocessing.connection.Listener")
def _listener(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    place, endpoint = run.place(node), _endpoint(args, key_at=3, default=False)
    listener: Listener = create(
        run, node, "Listener", lambda: Listener(Kind.LISTENER, place, "listener", endpoint=endpoint)
    )
    return Ref(listener)


@calls("multiprocessing.connection.Client")
def _client(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    place, endpoint = run.place(node), _endpoint(args, key_at=2, default=None)
    end: PipeEnd = create(
        run, node, "Client", lambda: PipeEnd(Kind.PIPE_END, place, "connection", endpoint=endpoint)
    )
    return Ref(end)


def accept(run: Run, ref: Ref, node: cst.CSTNode) -> Value:
    """``listener.accept()``: a connection to whoever came."""
    place = run.place(node)
    end: PipeEnd = create(run, node, "accept", lambda: PipeEnd(Kind.PIPE_END, place, "connection"))
    return Ref(end)


def address_of(listener: Shared) -> Value:
    """``listener.address``: of one on the network a host with a port."""
    network = isinstance(listener, Listener) and listener.endpoint.network
    return Items((UNKNOWN, PLAIN)) if network else UNKNOWN


def _endpoint(args: Arguments, *, key_at: int, default: bool | None) -> Endpoint:
    """What the arguments tell; ``default`` is what neither an address nor a family means."""
    if args.open:
        return Endpoint()
    return Endpoint(_on_network(args.get(0, "address"), args.get(1, "family"), default), _keyed(args.get(key_at, "authkey")))


def _on_network(address: Value | None, family: Value | None, default: bool | None) -> bool | None:
    """Where the other side can come from (CPython Lib/multiprocessing/connection.py, Listener and address_type)."""
    if family is not None and not _is_none(family):
        return _FAMILIES.get(str(family.value)) if isinstance(family, Const) else None
    if address is None or _is_none(address):
        return default
    found = {_address_type(option) for option in spread(address)}
    return found.pop() if len(found) == 1 else None


def _address_type(address: Value) -> bool | None:
    if isinstance(address, Items):
        return True
    return False if isinstance(address, Const) and isinstance(address.value, str) else None


def _keyed(key: Value | None) -> bool | None:
    if key is None:
        return False
    empty = {not option.value if isinstance(option, Const) else None for option in spread(key)}
    return False if empty == {True} else True if empty == {False} else None


def _is_none(value: Value) -> bool:
    return isinstance(value, Const) and value.value is None
