"""Whether a wait for a condition stands in a loop that looks at what it waits for.

A notified process may find that another one was faster, or be woken for no reason at all: after each wait the
predicate is looked at again, under the lock (Hoare's rule does not hold, Mesa's does: Lampson and Redell, "Experience
with Processes and Monitors in Mesa", 1980).
"""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Blocking, Event, Key, Kind, Loop, Role, Surroundings, Verb, events, leaves
from .graph import Graph
from .locks import root

# What may happen between a wait and the next look at the predicate without relying on it.
_LOOKING = frozenset({Verb.READ, Verb.SIZE, Verb.QUERY, Verb.POLL, Verb.ACQUIRE, Verb.RELEASE, Verb.WAIT})


def bare_waits(role: Role, graph: Graph) -> Iterator[Event]:
    """The waits for conditions that no loop makes look again; ``wait_for`` left out.

    One with a timeout may be a mere pause: it counts where it hangs on what is changed next, and nobody asks or looks.
    """
    if not any(event.target.kind is Kind.CONDITION for event in role.events(Verb.WAIT)):
        return
    for one in role.around.values():
        event = one.event
        if event.verb is not Verb.WAIT or event.target.kind is not Kind.CONDITION or event.name.endswith("wait_for"):
            continue
        if event.blocking is not Blocking.FOREVER and not _acts_on(one, graph):
            continue
        if not any(_looks_again(loop, event) for loop in one.loops):
            yield event


def _acts_on(one: Surroundings, graph: Graph) -> bool:
    """Whether what a wait with a timeout was for is changed after it, in the same section, without another look at it."""
    wait, lock = one.event, root(one.event.target)
    awaited = {read.target for read in wait.reads}
    if wait.used or not awaited or any(_retries(loop, wait) for loop in one.loops):
        return False

    def looks(event: Event) -> bool:
        left = event.verb is Verb.RELEASE and root(event.target) is lock
        return left or (event.verb is Verb.READ and event.target in awaited and _decides(graph, event))

    later = graph.later(wait, until=looks)
    changes = (event for event in later if event.verb in (Verb.WRITE, Verb.CALL) and event.target in awaited)
    return any(event.key is not Key.NOTHING for event in changes)


def _retries(loop: Loop, wait: Event) -> bool:
    """Whether a loop within the section looks at what is awaited."""
    inside = list(events(loop.body))
    return not _lets_go(inside, wait) and any(read in inside for read in wait.reads)


def _decides(graph: Graph, read: Event) -> bool:
    """Whether a branch follows a read at once."""
    for node in graph.at(read):
        passed = {node}
        while len(node.after) == 1 and node.after[0] not in passed:
            node = node.after[0]
            passed.add(node)
            if node.event is not None and node.event.verb is not Verb.READ:
                return False
        if len(node.after) > 1:
            return True
    return False


def _lets_go(inside: list[Event], wait: Event) -> bool:
    return any(event.verb is Verb.ACQUIRE and root(event.target) is root(wait.target) for event in inside)


def _looks_again(loop: Loop, wait: Event) -> bool:
    if loop.count is not None or not leaves(loop, handlers=False):
        return False
    inside = list(events(loop.body))
    if not _lets_go(inside, wait):
        return True
    # The lock is let go between: nothing may be done before the predicate is looked at once more.
    return all(event.verb in _LOOKING for event in inside[inside.index(wait) :])
