"""IPC122 blocking-in-async.

Judged from: blocking calls of multiprocessing objects in coroutines, and in what coroutines call.
Reported at: the call.
Missed: puts that may or may not be on a bounded queue; what a coroutine hands to code that cannot be read.
Source: CPython documentation, asyncio, "Developing with asyncio: Running Blocking Code": blocking code should not be
called directly, as all concurrent tasks and IO operations are delayed meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import CELLS, LOCKS, QUEUES, Blocking, Cell, Event, Kind, Program, Queue, Result, Role, Shared, Verb
from .rule import Rule

_POOLS = frozenset({Kind.POOL, Kind.EXECUTOR})
_WAITS = {
    Verb.GET: QUEUES,
    Verb.PUT: QUEUES,
    Verb.RECV: frozenset({Kind.PIPE_END}),
    Verb.JOIN: QUEUES | {Kind.PROCESS, Kind.POOL},
    Verb.ACQUIRE: LOCKS,
    Verb.WAIT: frozenset({Kind.EVENT, Kind.CONDITION, Kind.BARRIER, Kind.RESULT}),
    Verb.RESULT: frozenset({Kind.RESULT}),
    Verb.SHUTDOWN: frozenset({Kind.EXECUTOR}),
}
# What tells that a call need not wait: it was looked first. Attributes that tell nothing are left out.
_LOOKS = frozenset({Verb.POLL, Verb.DECIDE, Verb.TERMINATE, Verb.KILL})
_ENDED = ("is_alive", "exitcode", "sentinel", "is_set", "ready", "done", "wait")
_LOOKED, _UNSEEN = "looked", "unseen"


def check(study: Study) -> Iterator[Finding]:
    """Blocking calls on the thread of an event loop."""
    own = {cell.lock for cell in study.program.objects if isinstance(cell, Cell) and cell.kind in CELLS and cell.lock}
    for role in study.program.roles:
        for event in role.events(*_WAITS):
            if not event.setting.in_async or event.blocking is not Blocking.FOREVER or not _waits(study.program, event):
                continue
            if event.target in own and event.target.kind is Kind.RLOCK or _looked(study, role, event):
                continue
            yield Finding(
                "IPC122",
                event.place,
                f"{event.name}{'' if event.name.startswith('with ') else '()'} stops the whole event loop: no other task "
                f"runs until it comes back; {_remedy(event)}",
                about=(event.target,),
            )


def _waits(program: Program, event: Event) -> bool:
    target = event.target
    if target.kind not in _WAITS[event.verb]:
        return False
    if event.verb is Verb.PUT:
        return isinstance(target, Queue) and bool(target.maxsize)
    if isinstance(target, Result):
        return target.pool is not None and target.pool.kind in _POOLS and not target.open
    if event.verb is Verb.SHUTDOWN:
        return not target.open and _unfetched(program, target)
    return True


def _unfetched(program: Program, executor: Shared) -> bool:
    """Whether an executor has tasks whose results nobody has asked for."""
    asked = {event.target for _, event in program.events(Verb.RESULT, Verb.WAIT)}
    given = (event.result for _, event in program.uses(executor, Verb.SUBMIT))
    return any(result is not None and not result.open and result not in asked for result in given)


def _looked(study: Study, role: Role, event: Event) -> bool:
    """Whether on every path somebody looked just before that there is nothing to wait for."""

    def step(state: str, one: Event) -> str:
        if one.verb in _LOOKS or (one.verb is Verb.QUERY and one.name.endswith(_ENDED)):
            return _LOOKED
        # Of several that are ready, each is taken from once.
        return _UNSEEN if one.verb is event.verb and one.exact else state

    return study.lifecycle.before(role, event.target, _UNSEEN, step).get(event) == frozenset({_LOOKED})


def _remedy(event: Event) -> str:
    if event.name.startswith("with "):
        return "let asyncio.to_thread() do what is inside"
    if event.verb in (Verb.RESULT, Verb.SHUTDOWN):
        return "await the result: asyncio.wrap_future(), or loop.run_in_executor() instead of the submit"
    return f"await asyncio.to_thread({event.name}) instead, or poll with a timeout"


BAD = '''\
import asyncio
from multiprocessing import Process, Queue


def ripen(basket):
    basket.put("pears")


async def water():
    while True:
        await asyncio.sleep(0.1)


async def harvest(basket):
    watering = asyncio.create_task(water())
    print(basket.get())  # want: IPC122
    watering.cancel()


if __name__ == "__main__":
    basket = Queue()
    tree = Process(target=ripen, args=(basket,))
    tree.start()
    asyncio.run(harvest(basket))
    tree.join()
'''

GOOD = '''\
import asyncio
from multiprocessing import Process, Queue


def ripen(basket):
    basket.put("pears")


async def water():
    while True:
        await asyncio.sleep(0.1)


async def harvest(basket):
    watering = asyncio.create_task(water())
    print(await asyncio.to_thread(basket.get))
    watering.cancel()


if __name__ == "__main__":
    basket = Queue()
    tree = Process(target=ripen, args=(basket,))
    tree.start()
    asyncio.run(harvest(basket))
    tree.join()
'''

RULE = Rule(
    code="IPC122",
    name="blocking-in-async",
    summary="A coroutine makes a blocking call of a multiprocessing object.",
    why="All tasks of an event loop share one thread. A call that waits for another process on that thread stops them "
    "all: no timer fires and no connection is served until the other process has answered.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "The call runs in a thread: asyncio.to_thread, loop.run_in_executor.",
        "block=False, a timeout, put on a queue without a bound.",
        "A look just before it: poll(), is_alive(), connection.wait(); add_reader, which calls when something is there.",
        "The end of an executor's with block once its results were awaited.",
    ),
)
