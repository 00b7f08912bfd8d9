"""IPC304 recv-before-send.

Judged from: all interleavings; a receive counts where the scheduler can keep it waiting for good, whatever the data do.
Besides, one to which nobody sends, though the other side may end.
Reported at: each recv that is stuck.
Missed: ends that leave the file; programs with more states than are explored.
Source: CPython documentation, multiprocessing.connection.Connection.recv: "Blocks until there is something to receive."
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.explore.verdict import blocked, told
from ..analysis.study import Study
from ..analysis.surroundings import waits_for_eof
from ..finding import Finding
from ..model import Kind, PipeEnd, Program, Verb
from .rule import Rule
from .waiting import others_waiting, where_put
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Receives that wait for good; those that wait for the end of the pipe are left to IPC301."""
    for stuck, role, event in blocked(study.stuck.waits, Verb.RECV):
        end = event.target
        if waits_for_eof(role, event) or not isinstance(end, PipeEnd):
            continue
        peer = (end.peer,) if end.peer is not None else ()
        sends = [place for place in where_put(study.program, event, Verb.SEND)]
        why = f"the send at {at(sends[0], event.place)} comes after it or waits for it" if sends else "nobody sends"
        yield Finding(
            "IPC304",
            event.place,
            f"{event.name}() can never return: {why}{others_waiting(stuck, event)}; let one side send first, or poll "
            f"with a timeout",
            story=told(stuck, event),
            about=(end, *peer),
        )
    yield from _never_sent(study.program)


def _never_sent(program: Program) -> Iterator[Finding]:
    """Receives at ends to which nobody sends anything: the other side may end, but that is no message."""
    if not program.complete:
        return
    sent = {event.target for _, event in program.events(Verb.SEND)}
    polled = {event.target for _, event in program.events(Verb.POLL)}
    for role, event in program.events(Verb.RECV):
        end = event.target
        if not isinstance(end, PipeEnd) or end.peer is None or end in polled:
            continue
        if program.may_be_used_elsewhere(end) or program.may_be_used_elsewhere(end.peer):
            continue
        if end.peer not in sent and event.exact and end.readable and not waits_for_eof(role, event):
            yield Finding(
                "IPC304",
                event.place,
                f"{event.name}() can never return: nobody sends on {end.peer}; it waits until the other side is gone, and "
                f"raises EOFError then",
                about=(end, end.peer),
            )


BAD = '''\
from multiprocessing import Pipe, Process


def translate(line):
    word = line.recv()  # want: IPC304
    line.send(word.upper())
    line.close()


if __name__ == "__main__":
    desk, booth = Pipe()
    translator = Process(target=translate, args=(booth,))
    translator.start()
    booth.close()
    answer = desk.recv()  # want: IPC304
    desk.send("bread")
    print(answer)
    translator.join()
'''

GOOD = '''\
from multiprocessing import Pipe, Process


def translate(line):
    word = line.recv()
    line.send(word.upper())
    line.close()


if __name__ == "__main__":
    desk, booth = Pipe()
    translator = Process(target=translate, args=(booth,))
    translator.start()
    booth.close()
    desk.send("bread")
    print(desk.recv())
    translator.join()
'''

RULE = Rule(
    code="IPC304",
    name="recv-before-send",
    summary="A blocking recv() that no process can ever satisfy: both sides wait, or nobody sends.",
    why="recv() waits until a message is there or every copy of the other end is closed. Where neither can happen, the "
    "program hangs.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.PIPE_END}),
    silent=(
        "The other side can send first.",
        "poll() with a timeout guards it.",
        "EOFError is caught around it: then an end that stays open is the fault (IPC301).",
    ),
    yields_to=("IPC303", "IPC305", "IPC606"),
)
