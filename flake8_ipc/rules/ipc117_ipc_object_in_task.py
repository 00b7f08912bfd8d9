"""IPC117 ipc-object-in-task.

Judged from: what holds a semaphore or shared memory among the arguments of a pool's or executor's task, what a partial
binds and what the object of a method holds included.
Reported at: the argument.
Missed: such an object inside a value that cannot be read.
Source: CPython Lib/multiprocessing/context.py, ``assert_spawning``: "objects should only be shared between processes
through inheritance"; documentation of multiprocessing.pool.Pool's initializer.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.handings import Way
from ..analysis.study import Study
from ..finding import Finding
from ..model import SEMAPHORE_BACKED
from .rule import Rule
from .wording import at


def check(study: Study) -> Iterator[Finding]:
    """Shared objects that a task cannot take."""
    for handing in study.handings:
        if handing.way is not Way.TASK:
            continue
        for argument in handing.luggage:
            for shared in argument.shared:
                if shared.kind in SEMAPHORE_BACKED and not shared.managed:
                    yield Finding(
                        "IPC117",
                        argument.place,
                        f"{shared} is a {shared.kind.value} (made at {at(shared.place, argument.place)}), which a task "
                        "cannot take: RuntimeError; give it to the workers by initializer and initargs, or use a "
                        "manager's",
                        about=(shared,),
                    )


BAD = '''\
from multiprocessing import Pool, Queue


def square(number, progress):
    progress.put(number)
    return number * number


if __name__ == "__main__":
    progress = Queue()
    with Pool(2) as pool:
        print(pool.apply(square, (7, progress)))  # want: IPC117
'''

GOOD = '''\
from multiprocessing import Manager, Pool


def square(number, progress):
    progress.put(number)
    return number * number


if __name__ == "__main__":
    with Manager() as manager, Pool(2) as pool:
        progress = manager.Queue()
        print(pool.apply(square, (7, progress)), progress.get())
'''

RULE = Rule(
    code="IPC117",
    name="ipc-object-in-task",
    summary="A queue, lock, event, barrier, Value or Array of multiprocessing is an argument of a pool task.",
    why="These can be given to a process only while it is started. A pool's workers run already when a task is handed "
    "in, and pickling the task raises RuntimeError, with apply_async only where somebody asks for the result.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "It reaches the workers through initializer and initargs.",
        "It is a manager's proxy, or a Connection, which a task can take.",
        "The pool is one of threads.",
    ),
)
