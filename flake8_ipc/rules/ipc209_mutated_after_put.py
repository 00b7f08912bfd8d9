"""IPC209 mutated-after-put.

Judged from: changes of objects that were put on a queue before, where the feeder thread may not have pickled them yet;
an object that a name is bound to anew is another one.
Reported at: each change; the call, where one of the object's own methods changes it.
Missed: objects in collections under keys that are not known; changes by code that cannot be seen.
Source: CPython documentation, multiprocessing, the note on Queue: "When an object is put on a queue, the object is
pickled and a background thread later flushes the pickled data"; Lib/multiprocessing/queues.py, _feed, which pickles in
that thread.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..analysis.unsent import puts
from ..finding import Finding
from ..model import QUEUES, Verb
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Changes of what may not be pickled yet."""
    for role in study.program.roles:
        changes = list(role.events(Verb.MUTATE))
        before = study.unsent.before(role) if changes else {}
        for event in changes:
            waiting = [put for put in puts(before.get(event, ())) if put.place in event.after]
            if waiting:
                put = waiting[-1]
                yield Finding(
                    "IPC209",
                    event.place,
                    f"this changes what was put at {at(put.place, event.place)}: the feeder thread of {put.target} may not "
                    f"have pickled it yet, and sends it changed; put a copy, or bind the name to a new object",
                    about=(put.target,),
                )


BAD = '''\
from multiprocessing import Process, Queue


def show(pages):
    for page in iter(pages.get, None):
        print(page)


if __name__ == "__main__":
    pages = Queue()
    reader = Process(target=show, args=(pages,))
    reader.start()
    page = []
    for line in range(100):
        page.append(line)  # want: IPC209
        if len(page) == 10:
            pages.put(page)
            page.clear()  # want: IPC209
    pages.put(None)
    reader.join()
'''

GOOD = '''\
from multiprocessing import Process, Queue


def show(pages):
    for page in iter(pages.get, None):
        print(page)


if __name__ == "__main__":
    pages = Queue()
    reader = Process(target=show, args=(pages,))
    reader.start()
    page = []
    for line in range(100):
        page.append(line)
        if len(page) == 10:
            pages.put(page)
            page = []
    pages.put(None)
    reader.join()
'''

RULE = Rule(
    code="IPC209",
    name="mutated-after-put",
    summary="An object is changed after it was put on a queue, before it is sure to be pickled.",
    why="put() only hands the object to a thread that pickles it later. Whatever is changed until then is sent changed, or "
    "half changed, and which it is differs from run to run.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=QUEUES,
    silent=(
        "The name is bound to a new object, or a copy was put.",
        "A SimpleQueue, a pipe or a manager's queue, which pickle at once.",
        "The object was taken before, as an answer, a join or join_thread() tells.",
    ),
)
