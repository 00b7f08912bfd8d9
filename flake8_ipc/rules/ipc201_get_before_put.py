"""IPC201 get-before-put.

Judged from: all interleavings of the program's roles; a get counts where the scheduler can keep it waiting for good,
whatever branches and numbers of turns the data choose.
Reported at: each get that is stuck.
Missed: queues that leave the file; programs with more states than are explored.
Source: CPython documentation, multiprocessing.Queue.get: "If optional args block is True (the default) and timeout is
None (the default), block if necessary until an item is available."
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.explore.verdict import blocked, told
from ..analysis.study import Study
from ..analysis.surroundings import in_open_loop
from ..finding import Finding
from ..model import Verb
from .rule import Rule
from .waiting import others_waiting, was_put, where_put
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Gets that wait for good, loops of consumers left to IPC207."""
    for stuck, role, event in blocked((*study.stuck.waits, *study.stuck.full), Verb.GET):
        puts = where_put(study.program, event, Verb.PUT)
        if was_put(stuck, event) and in_open_loop(role, event):
            continue
        why = f"the put at {at(puts[0], event.place)} comes after it or waits for it" if puts else "nobody puts"
        yield Finding(
            "IPC201",
            event.place,
            f"{event.name}() can never return: {why}{others_waiting(stuck, event)}; put first or pass a timeout",
            story=told(stuck, event),
            about=(event.target,),
        )


BAD = '''\
from multiprocessing import Process, Queue


def greet(names):
    name = names.get()  # want: IPC201
    names.put("hello " + name)


if __name__ == "__main__":
    names = Queue()
    greeter = Process(target=greet, args=(names,))
    greeter.start()
    print(names.get())  # want: IPC201
    greeter.join()
'''

GOOD = '''\
from multiprocessing import Process, Queue


def greet(names, greetings):
    name = names.get()
    greetings.put("hello " + name)


if __name__ == "__main__":
    names, greetings = Queue(), Queue()
    greeter = Process(target=greet, args=(names, greetings))
    greeter.start()
    names.put("bob")
    print(greetings.get())
    greeter.join()
'''

RULE = Rule(
    code="IPC201",
    name="get-before-put",
    summary="A blocking get() that no process can ever satisfy: nobody puts, or every put comes after it.",
    why="get() waits until an item is there. Where every put comes after this get, or waits for it, the program hangs.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "Another process can put first.",
        "A timeout or block=False.",
        "The queue is given to code that cannot be seen.",
    ),
    yields_to=("IPC112", "IPC203", "IPC206", "IPC204", "IPC606", "IPC116", "IPC210"),
)
