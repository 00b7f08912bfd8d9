"""IPC311 unauthenticated-listener.

Judged from: where a listener listens or a client connects to, and whether it is given a key.
Reported at: the call of ``Listener`` or ``Client``.
Missed: addresses and keys of which nothing is known in the file.
Source: CPython documentation, multiprocessing.connection: "Connection.recv() automatically unpickles the data it
receives, which can be a security risk unless you can trust the process which sent the message"; Listener and
address_type in Lib/multiprocessing/connection.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import Kind, Listener, PipeEnd, Verb
from .rule import Rule


def check(study: Study) -> Iterator[Finding]:
    """Listeners and clients on the network without a key."""
    for _, event in study.program.events(Verb.CREATE):
        target = event.target
        if not isinstance(target, (Listener, PipeEnd)) or target.endpoint is None:
            continue
        if target.endpoint.network is not True or target.endpoint.keyed is not False:
            continue
        if isinstance(target, Listener):
            what = "Listener(...) lets in whoever connects, and what they send is unpickled, which can run any code"
        else:
            what = "Client(...) trusts whoever answers, and what they send is unpickled, which can run any code"
        yield Finding("IPC311", event.place, f"{what}; give both sides the same authkey", about=(target,))


BAD = '''\
from multiprocessing.connection import Listener


def serve_one():
    with Listener(("", 6000)) as desk:  # want: IPC311
        with desk.accept() as visitor:
            print(visitor.recv())


if __name__ == "__main__":
    serve_one()
'''

GOOD = '''\
import os
from multiprocessing.connection import Listener


def serve_one(key):
    with Listener(("", 6000), authkey=key) as desk:
        with desk.accept() as visitor:
            print(visitor.recv())


if __name__ == "__main__":
    serve_one(os.environ["DESK_KEY"].encode())
'''

RULE = Rule(
    code="IPC311",
    name="unauthenticated-listener",
    summary="A Listener or Client on a network address has no authkey.",
    why="recv() unpickles what arrives, and unpickling can run any code. Without a key anybody who reaches the port can "
    "send it.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.LISTENER, Kind.PIPE_END}),
    silent=(
        "A key is given, by name or by position.",
        "A Unix socket, a named pipe, or neither an address nor a family.",
        "Nothing is known of the address or the key.",
    ),
)
