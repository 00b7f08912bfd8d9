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
from ..model import CELLS, LOCKS, QUEUES, Blocking, Cell, Event, Kind, Queue, Result, Role, Shared, Verb
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
            if not event.setting.in_async or event.blocking is not Blocking.FOREVER or not _waits(study, role, event):
                continue
            if event.target in own and event.target.kind is Kind.RLOCK or _looked(study, role, event):
                continue
            yield Finding(
                "IPC122",
                event.place,
                f"{event.name}{'' if event.name.startswith('with ') else '()'} stops the whole event loop: no other task "
                f"runs until it comes back; {_remedy(event)}",
            )


def _waits(study: Study, role: Role, event: Event) -> bool:
    target = event.target
    if target.kind not in _WAITS[event.verb]:
        return False
    if event.verb is Verb.PUT:
        return isinstance(target, Queue) and bool(target.maxsize)
    if isinstance(target, Result):
        pool = target.pool
        if pool is None or pool.kind not in _POOLS or target.open:
            return False
        return pool.kind is Kind.POOL or not _waited_before(study, role, event, pool)
    if event.verb is Verb.SHUTDOWN:
        return not target.open and _unfetched(study, role, event)
    return True


def _waited_before(study: Study, role: Role, event: Event, executor: Shared) -> bool:
    """Whether the executor has come to its end before, so that all its results are there."""
    ends = (one for one in role.events(Verb.SHUTDOWN) if one.target is executor)
    return any(event in study.graph(role).later(end, until=lambda one: _makes(one, executor)) for end in ends)


def _unfetched(study: Study, role: Role, end: Event) -> bool:
    """Whether an executor comes to its end with results that nobody has waited for before."""
    asked = {
        one.target
        for one in role.events(Verb.RESULT, Verb.WAIT)
        if end in study.graph(role).later(one, until=lambda other: _makes(other, end.target))
    }
    given = (one.result for one in role.events(Verb.SUBMIT) if one.target is end.target)
    return any(result is not None and not result.open and result not in asked for result in given)


def _makes(event: Event, shared: Shared) -> bool:
    return event.verb is Verb.CREATE and event.target is shared


def _looked(study: Study, role: Role, event: Event) -> bool:
    """Whether on every path somebody looked just before that there is nothing to wait for."""

    def step(state: str, one: Event) -> str:
        if one.verb in _LOOKS or (one.verb is Verb.QUERY and one.name.endswith(_ENDED) and one.failed is None):
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
