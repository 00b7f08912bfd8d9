"""IPC207 endless-consumer.

Judged from: all interleavings; a consumer's loop counts where it can be kept waiting for good in a process that
somebody waits for. Besides, the sentinels that are put are counted against the consumers that each end by one.
Reported at: the get.
Missed: queues that leave the file; programs with more states than are explored.
Source: CPython documentation, multiprocessing.Process.join: "the method blocks until the process whose join() method is
called terminates"; children that are no daemons are joined at exit.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.explore.verdict import blocked, told
from ..analysis.sentinels import shortages
from ..analysis.study import Study
from ..analysis.surroundings import in_open_loop
from ..finding import Finding
from ..model import QUEUES, Verb
from .rule import Rule
from .waiting import others_waiting, was_put


def check(study: Study) -> Iterator[Finding]:
    """Loops of gets that never end."""
    for stuck, role, event in blocked(study.stuck.waits, Verb.GET):
        if not was_put(stuck, event) or not in_open_loop(role, event):
            continue
        yield Finding(
            "IPC207",
            event.place,
            f"{event.name}() waits for good when all messages are taken{others_waiting(stuck, event)}; send one "
            f"sentinel for each consumer, and end the loop by it",
            story=told(stuck, event),
            about=(event.target,),
        )
    for short in shortages(study.program):
        get, sentinel = short.get, short.sentinel.value
        yield Finding(
            "IPC207",
            get.place,
            f"{get.name}() waits for good in some of the {short.consumers} consumers: each of them takes one {sentinel!r} to "
            f"end, and no more than {short.sent} are put; send one for each consumer",
            about=(get.target,),
        )


BAD = '''\
from multiprocessing import Process, Queue


def show(messages):
    while True:
        print(messages.get())  # want: IPC207


if __name__ == "__main__":
    messages = Queue()
    printer = Process(target=show, args=(messages,))
    printer.start()
    messages.put("one")
    messages.put("two")
    printer.join()
'''

GOOD = '''\
from multiprocessing import Process, Queue


def show(messages):
    while True:
        message = messages.get()
        if message is None:
            break
        print(message)


if __name__ == "__main__":
    messages = Queue()
    printer = Process(target=show, args=(messages,))
    printer.start()
    messages.put("one")
    messages.put("two")
    messages.put(None)
    printer.join()
'''

RULE = Rule(
    code="IPC207",
    name="endless-consumer",
    summary="A consumer's loop of gets can never end in a process that is waited for.",
    why="When the last message is taken the loop waits for the next one, for good, and whoever joins the process waits "
    "with it.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=QUEUES,
    silent=(
        "A daemon that nobody joins.",
        "A sentinel for each consumer, a timeout, or a terminate().",
    ),
    yields_to=("IPC203", "IPC204", "IPC206", "IPC606"),
)
