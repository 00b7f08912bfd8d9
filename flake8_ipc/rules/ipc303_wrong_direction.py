"""IPC303 wrong-direction.

Judged from: sends on an end that only receives, receives and polls on one that only sends.
Reported at: the call.
Missed: a pipe whose ``duplex`` argument is not known; an end that is one of several.
Source: CPython documentation, multiprocessing.Pipe: "If duplex is False then the pipe is unidirectional: conn1 can
only be used for receiving messages and conn2 can only be used for sending messages."
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import Kind, PipeEnd, Verb
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Uses of one-way ends against their direction."""
    for _, event in study.program.events(Verb.SEND, Verb.RECV, Verb.POLL):
        end = event.target
        if not isinstance(end, PipeEnd) or not event.exact:
            continue
        if end.writable if event.verb is Verb.SEND else end.readable:
            continue
        ability = "second end, which only sends" if end.writable else "first end, which only receives"
        yield Finding(
            "IPC303",
            event.place,
            f"{event.name}() raises OSError: {end} is the {ability}, of Pipe(duplex=False) at "
            f"{at(end.place, event.place)}; swap the ends or make the pipe duplex",
            about=(end,),
        )


BAD = '''\
from multiprocessing import Pipe, Process


def thermometer(line):
    line.send(19.5)  # want: IPC303
    line.close()


if __name__ == "__main__":
    first, second = Pipe(duplex=False)
    sensor = Process(target=thermometer, args=(first,))
    sensor.start()
    first.close()
    print(second.recv())  # want: IPC303
    sensor.join()
'''

GOOD = '''\
from multiprocessing import Pipe, Process


def thermometer(line):
    line.send(19.5)
    line.close()


if __name__ == "__main__":
    receiver, sender = Pipe(duplex=False)
    sensor = Process(target=thermometer, args=(sender,))
    sensor.start()
    sender.close()
    print(receiver.recv())
    sensor.join()
'''

RULE = Rule(
    code="IPC303",
    name="wrong-direction",
    summary="An end of a one-way pipe is used against its direction.",
    why="Pipe(duplex=False) gives the receiving end first and the sending end second. The other way round the call "
    "raises OSError, and the other process waits for a message that never comes.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.PIPE_END}),
    silent=(
        "The pipe is duplex, or it is not known whether it is.",
        "close() and fileno() of either end.",
    ),
)
