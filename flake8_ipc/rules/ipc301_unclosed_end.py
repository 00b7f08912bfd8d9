"""IPC301 unclosed-end.

Judged from: which process is given which end of a pipe, and which it uses and closes.
Reported at: the ``Process(...)`` that gives the end away, or the parameter by which the child gets an end too many.
Missed: ends that leave the file; ends whose other users cannot be seen.
Source: CPython documentation, multiprocessing.connection.Connection.recv: "Raises EOFError if there is nothing left
to receive and the other end was closed"; every copy of the other end counts (pipe(7)).
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.ends import CLOSES, USES, closed_before, descendants, events_of, given_away
from ..analysis.handings import start_methods
from ..analysis.study import Study
from ..finding import Finding
from ..model import Kind, PipeEnd, Role, Verb
from .rule import Rule


def check(study: Study) -> Iterator[Finding]:
    """Ends that stay open where nobody uses them."""
    for role, giver, end in given_away(study.program):
        assert role.process is not None
        if _kept_by_giver(study, giver, end):
            yield Finding(
                "IPC301",
                role.process.place,
                f"{end} is given to {role.name} and stays open here too: a recv on the other end never sees EOF when "
                f"{role.name} is gone; close {end} after the start",
                about=(end, *_other(end)),
            )
        elif _kept_by_child(study, role, end):
            yield Finding(
                "IPC301",
                role.given[end] or role.process.place,
                f"{role.name} is given {end} but uses only the other end: its open copy keeps a recv there from seeing "
                f"EOF; close {end} first thing in {role.name}",
                about=(end, *_other(end)),
            )
        elif _inherited_unseen(study, role, giver, end):
            yield Finding(
                "IPC301",
                role.process.place,
                f"{role.name} reads {end} to its end, but under fork it inherits an open copy of the other end and "
                f"never sees EOF; give it both ends and close the one it does not use",
                about=(end, *_other(end)),
            )


def _other(end: PipeEnd) -> tuple[PipeEnd, ...]:
    return (end.peer,) if end.peer is not None else ()


def _kept_by_giver(study: Study, giver: Role, end: PipeEnd) -> bool:
    return not events_of(study.program, giver, end, *USES, *CLOSES)


def _kept_by_child(study: Study, role: Role, end: PipeEnd) -> bool:
    peer = end.peer
    if peer is None or peer not in role.given or events_of(study.program, role, end, *CLOSES):
        return False
    below = descendants(study.program, role)
    mine = [one for one in below if any(event.target is end for event in one.events(*USES))]
    others = [one for one in below if any(event.target is peer for event in one.events(*USES))]
    return not mine and bool(others)


def _inherited_unseen(study: Study, role: Role, giver: Role, end: PipeEnd) -> bool:
    peer = end.peer
    if role.process is None or peer is None or peer in role.given:
        return False
    if "fork" not in start_methods(study.program, role.process):
        return False
    reads = [one for one in role.around.values() if one.event.verb is Verb.RECV and one.event.target is end]
    if not any(one.reads_to_eof for one in reads):
        return False
    closed = closed_before(study, giver)
    starts = [event for event in giver.events(Verb.START) if event.target is role.process]
    made_here = any(event.target is peer for event in giver.events(Verb.CREATE)) or peer in giver.given
    return made_here and bool(starts) and all(peer not in closed.get(event, ()) for event in starts)


BAD = '''\
from multiprocessing import Pipe, Process


def render(outlet):
    outlet.send("page 1")
    outlet.close()


if __name__ == "__main__":
    inlet, outlet = Pipe(duplex=False)
    renderer = Process(target=render, args=(outlet,))  # want: IPC301
    renderer.start()
    while True:
        try:
            print(inlet.recv())
        except EOFError:
            break
    renderer.join()
'''

GOOD = '''\
from multiprocessing import Pipe, Process


def render(outlet):
    outlet.send("page 1")
    outlet.close()


if __name__ == "__main__":
    inlet, outlet = Pipe(duplex=False)
    renderer = Process(target=render, args=(outlet,))
    renderer.start()
    outlet.close()
    while True:
        try:
            print(inlet.recv())
        except EOFError:
            break
    renderer.join()
'''

RULE = Rule(
    code="IPC301",
    name="unclosed-end",
    summary="A process keeps an end of a pipe open that belongs to the other side.",
    why="EOF comes only when every copy of the other end is closed. One forgotten copy, and the reader waits for good "
    "when its partner is gone.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.PIPE_END}),
    silent=(
        "Every process closes the end that it does not use, by close(), with or del.",
        "The only names of the end die when the function that started the process returns.",
        "An end that a sibling process only inherits.",
    ),
)
