"""Whether a wait for a condition stands in a loop that looks at what it waits for.

A notified process may find that another one was faster, or be woken for no reason at all: after each wait the
predicate is looked at again, under the lock (Hoare's rule does not hold, Mesa's does: Lampson and Redell, "Experience
with Processes and Monitors in Mesa", 1980).
"""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Blocking, Event, Kind, Loop, Role, Verb, events, leaves
from .locks import root

# What may happen between a wait and the next look at the predicate without relying on it.
_LOOKING = frozenset({Verb.READ, Verb.SIZE, Verb.QUERY, Verb.POLL, Verb.ACQUIRE, Verb.RELEASE, Verb.WAIT})


def bare_waits(role: Role) -> Iterator[Event]:
    """The waits for conditions that no loop makes look again; those with a timeout and ``wait_for`` left out."""
    if not any(event.target.kind is Kind.CONDITION for event in role.events(Verb.WAIT)):
        return
    for one in role.around.values():
        event = one.event
        if event.verb is not Verb.WAIT or event.target.kind is not Kind.CONDITION or event.name.endswith("wait_for"):
            continue
        if event.blocking is not Blocking.FOREVER:
            continue
        if not any(_looks_again(loop, event) for loop in one.loops):
            yield event


def _looks_again(loop: Loop, wait: Event) -> bool:
    if loop.count is not None or not leaves(loop, handlers=False):
        return False
    inside = list(events(loop.body))
    if not any(event.verb is Verb.ACQUIRE and root(event.target) is root(wait.target) for event in inside):
        return True
    # The lock is let go between: nothing may be done before the predicate is looked at once more.
    return all(event.verb in _LOOKING for event in inside[inside.index(wait) :])
