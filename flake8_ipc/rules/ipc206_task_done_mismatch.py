"""IPC206 task-done-mismatch.

Judged from: every path of a role, for each queue that somebody joins: what it takes and what it acknowledges; items that
are only put after the last join (a stop sign) need not be acknowledged; and from all interleavings, whether anything is
left to acknowledge.
Reported at: the get that some path never acknowledges, or the ``task_done()`` that comes once too often.
Missed: items that are taken and acknowledged in batches, or acknowledged by another process than the one that took them.
Source: CPython documentation, multiprocessing.JoinableQueue: "If a join() is currently blocking, it will resume when all
items have been processed"; "Raises a ValueError if called more times than there were items placed in the queue."
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.acknowledged import Taken, account
from ..analysis.study import Study
from ..finding import Finding
from ..model import Event, Kind, Role, Shared, Verb
from .rule import Rule
from .wording import at

_TOUCHES = (Verb.GET, Verb.TASK_DONE, Verb.JOIN, Verb.PUT)


def check(study: Study) -> Iterator[Finding]:
    """Gets without their acknowledgement, and acknowledgements without their get."""
    queues = dict.fromkeys(event.target for _, event in study.program.events(Verb.TASK_DONE, Verb.JOIN))
    for queue in queues:
        if queue.kind is not Kind.JOINABLE_QUEUE or queue.open or not _all_known(study, queue):
            continue
        awaited = _awaited(study, queue)
        refused = _refused(study, queue)
        yield from refused
        for role in study.program.roles:
            if not any(event.target is queue for event in role.events(Verb.GET)):
                continue
            found = account(role, queue)
            for event, first in found.surplus.items():
                if any(one.place == event.place for one in refused):
                    continue
                yield Finding(
                    "IPC206",
                    event.place,
                    f"{event.name}() acknowledges once more what {at(first.place, event.place)} has: join() returns too "
                    f"early, or this raises ValueError; call it once for each get",
                    about=(queue,),
                )
            if not _acknowledged_for_others(study, queue):
                yield from _unanswered(study, queue, role, list(found.missing), awaited)


def _refused(study: Study, queue: Shared) -> list[Finding]:
    """Acknowledgements that a run saw refused, or that always are: there was nothing left to acknowledge."""
    refused = study.stuck.refused()
    return [
        Finding(
            "IPC206",
            event.place,
            f"{event.name}() {'raised' if event.failed is not None else 'raises'} ValueError: all that was put is acknowledged "
            f"already; call it once for each get",
            about=(queue,),
        )
        for _, event in study.program.uses(queue, Verb.TASK_DONE)
        if event.failed == "ValueError" or event in refused
    ]


def _all_known(study: Study, queue: Shared) -> bool:
    if not study.program.whole or any(queue in role.given and not role.known for role in study.program.roles):
        return False
    return all(event.exact for _, event in study.program.uses(queue, *_TOUCHES))


def _acknowledged_for_others(study: Study, queue: Shared) -> bool:
    """Whether some process acknowledges what it has not taken itself."""
    takers = {role for role, _ in study.program.uses(queue, Verb.GET)}
    return any(role not in takers for role, _ in study.program.uses(queue, Verb.TASK_DONE))


def _awaited(study: Study, queue: Shared) -> dict[Event, Event]:
    """The puts that a join may wait for, each with that join."""
    # One that was seen to return has found everything acknowledged.
    joins = [(role, join) for role, join in study.program.uses(queue, Verb.JOIN) if join.took is not True]
    puts = list(study.program.uses(queue, Verb.PUT))
    # An item that nobody knows is told as None too, which it may be; that is no reason to take it for the stop sign.
    unknown = {put.place.key for _, put in puts if put.payload is None}
    found: dict[Event, Event] = {}
    for joiner, join in joins:
        earlier = _before(study, joiner, join, Verb.PUT)
        for role, put in puts:
            guess = put.payload is not None and put.place.key in unknown
            if not guess and (role is not joiner or put in earlier):
                found.setdefault(put, join)
    return found


def _before(study: Study, role: Role, event: Event, verb: Verb) -> set[Event]:
    """What a role may have done to an event's object before it."""
    return {one for one in study.graph(role).earlier(event) if one.verb is verb and one.target is event.target}


def _unanswered(
    study: Study, queue: Shared, role: Role, missing: list[Taken], awaited: dict[Event, Event]
) -> Iterator[Finding]:
    joins = list(study.program.uses(queue, Verb.JOIN))
    for item in missing:
        join = next((join for put, join in awaited.items() if _may_be(item, put)), None)
        if join is None:
            continue
        # Who joined before takes what nobody waits for any more.
        if all(joiner is role and item.get not in _before(study, role, one, Verb.GET) for joiner, one in joins):
            continue
        which = f" where it takes {item.known.value!r}" if item.known is not None else ""
        done = any(role.events(Verb.TASK_DONE))
        path = f"no task_done() follows on some path{which}" if done else "no task_done() follows"
        yield Finding(
            "IPC206",
            item.get.place,
            f"{path}, so that {join.name}() at {at(join.place, item.get.place)} waits for good; call task_done() for each "
            f"get, in a finally",
            about=(queue,),
        )


def _may_be(item: Taken, put: Event) -> bool:
    if item.get.clock is not None:
        # Seen: where it came from, as far as that was told.
        return item.get.taken is not None and put.again(item.get.taken)
    if item.known is not None:
        return put.payload == item.known
    return put.payload is None or put.payload not in item.others


BAD = '''\
from multiprocessing import JoinableQueue, Process


def greet(names):
    while True:
        name = names.get()  # want: IPC206
        if name.startswith("_"):
            continue
        print("hello", name)
        names.task_done()


if __name__ == "__main__":
    names = JoinableQueue()
    greeter = Process(target=greet, args=(names,), daemon=True)
    greeter.start()
    for name in ("ann", "_bob", "cy"):
        names.put(name)
    names.join()
'''

GOOD = '''\
from multiprocessing import JoinableQueue, Process


def greet(names):
    while True:
        name = names.get()
        try:
            if name.startswith("_"):
                continue
            print("hello", name)
        finally:
            names.task_done()


if __name__ == "__main__":
    names = JoinableQueue()
    greeter = Process(target=greet, args=(names,), daemon=True)
    greeter.start()
    for name in ("ann", "_bob", "cy"):
        names.put(name)
    names.join()
'''

RULE = Rule(
    code="IPC206",
    name="task-done-mismatch",
    summary="On a queue that is joined, a get that some path never acknowledges, or one task_done() too many.",
    why="join() waits until task_done() was called once for each item that was put. One call too few and it waits for "
    "good, one too many and it returns too early, or task_done() raises ValueError.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.JOINABLE_QUEUE}),
    silent=(
        "task_done() in a finally, or on every path.",
        "Items that are only put after the last join(), such as a stop sign.",
        "Items that are acknowledged in batches, or by another process than took them.",
        "Paths that end by an exception.",
    ),
)
