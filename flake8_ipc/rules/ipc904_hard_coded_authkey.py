"""IPC904 hard-coded-authkey (an opinion, off by default).

Judged from: constants of the text given as ``authkey`` to managers, listeners and clients, or assigned to a process.
Reported at: the key.
Missed: a key that is put together from pieces of the text at run time.
Source: CPython documentation, multiprocessing, "Authentication keys"; CWE-798 (use of hard-coded credentials).
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import Verb
from .rule import Rule


def check(study: Study) -> Iterator[Finding]:
    """Keys that everybody who reads the program knows."""
    for _, event in study.program.events(Verb.SHOW):
        yield Finding(
            "IPC904",
            event.place,
            "the authkey stands in the text: whoever knows it can connect and run code by a pickle; read it from the "
            "environment or a file, or keep the random one of current_process().authkey",
            about=(event.target,),
        )


BAD = '''\
from multiprocessing.connection import Client

with Client(("localhost", 6000), authkey=b"open sesame") as client:  # want: IPC904
    client.send("hello")
'''

GOOD = '''\
import os
from multiprocessing.connection import Client

with Client(("localhost", 6000), authkey=os.environb[b"CAVE_KEY"]) as client:
    client.send("hello")
'''

RULE = Rule(
    code="IPC904",
    name="hard-coded-authkey",
    summary="A manager, listener or client gets an authkey that stands in the text.",
    why="The key is all that keeps strangers out, and what comes through a connection is unpickled, which may run any "
    "code. A key in the source is known to everybody who has the source.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "A key that is computed, read from somewhere, or left to the library.",
    ),
    default=False,
)
