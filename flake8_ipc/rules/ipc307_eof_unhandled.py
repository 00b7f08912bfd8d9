"""IPC307 eof-unhandled.

Judged from: receives in loops that nothing leaves, with no handler around them that takes EOFError.
Reported at: the recv.
Missed: functions whose callers cannot be seen, and may catch it.
Source: CPython documentation, multiprocessing.connection.Connection.recv: "Raises EOFError if there is nothing left to
receive and the other end was closed."
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.ends import CLOSES, events_of
from ..analysis.study import Study
from ..finding import Finding
from ..model import Event, Kind, PipeEnd, Program, Role, RoleKind, Verb
from .rule import Rule


def check(study: Study) -> Iterator[Finding]:
    """Endless loops of receives that the end of the pipe breaks by an exception."""
    if not study.program.whole:
        return
    for role in study.program.roles:
        if role.kind is RoleKind.ENTRY or not any(role.events(Verb.RECV)):
            continue
        for one in role.around.values():
            event = one.event
            if event.verb is not Verb.RECV or event.target.kind is not Kind.PIPE_END or one.catches_eof or not one.endless:
                continue
            if _never_ends(study.program, role, event) or _holds_both(study.program, role, event):
                continue
            yield Finding(
                "IPC307",
                event.place,
                f"{event.name}() raises EOFError when the other side is gone, which nothing here catches, and this loop "
                f"has no other end; catch EOFError around it or send a message that ends the loop",
                about=(event.target,),
            )


def _never_ends(program: Program, role: Role, event: Event) -> bool:
    """Whether the process is ended from outside, before the other end can be closed: a daemon, or one terminated."""
    home, end = role.home, event.target
    ended = {target for _, target in _ends(program)}
    if home.process is None or (home.daemon is not True and home.process not in ended):
        return False
    peer = end.peer if isinstance(end, PipeEnd) else None
    if peer is None:
        return False
    elsewhere = [other for other in program.roles if other.home is not home]
    closed = any(other.target is peer for role in elsewhere for other in role.events(*CLOSES))
    return not closed and not any(peer in other.given for other in elsewhere)


def _holds_both(program: Program, role: Role, event: Event) -> bool:
    """Whether the reader itself keeps the other end open: there is no EOFError then as long as it reads."""
    peer = event.target.peer if isinstance(event.target, PipeEnd) else None
    if peer is None or events_of(program, role, peer, *CLOSES):
        return False
    return peer in role.home.given or bool(events_of(program, role, peer, Verb.CREATE))


def _ends(program: Program) -> Iterator[tuple[Role, object]]:
    return ((role, event.target) for role, event in program.events(Verb.TERMINATE, Verb.KILL))


BAD = '''\
from multiprocessing import Pipe, Process


def translate(words, notes):
    notes.close()
    while True:
        print(words.recv().upper())  # want: IPC307


if __name__ == "__main__":
    words, notes = Pipe(duplex=False)
    translator = Process(target=translate, args=(words, notes))
    translator.start()
    words.close()
    notes.send("bread")
    notes.close()
    translator.join()
'''

GOOD = '''\
from multiprocessing import Pipe, Process


def translate(words, notes):
    notes.close()
    try:
        while True:
            print(words.recv().upper())
    except EOFError:
        print("done")


if __name__ == "__main__":
    words, notes = Pipe(duplex=False)
    translator = Process(target=translate, args=(words, notes))
    translator.start()
    words.close()
    notes.send("bread")
    notes.close()
    translator.join()
'''

RULE = Rule(
    code="IPC307",
    name="eof-unhandled",
    summary="An endless loop of recv() that nothing but EOFError can end, and nobody catches it.",
    why="When the last copy of the other end is closed, recv() raises EOFError. Uncaught it ends the process with a "
    "traceback, and whatever should have followed the loop never happens.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.PIPE_END}),
    silent=(
        "EOFError, OSError or Exception is caught around it.",
        "A message ends the loop.",
        "A daemon, or a process that is terminated, whose other end nobody closes before.",
        "The reader keeps the other end open itself, so that no EOFError comes (IPC301).",
    ),
    yields_to=("IPC303", "IPC305"),
)
