"""What may keep two accesses apart that no lock surely does.

A lock that only some path takes (the first of several readers takes it for all), or one of several that is not told apart;
and a condition by which processes take turns: each waits until it is its turn, and wakes the others when it is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Event, Kind, Role, Shared, Verb

if TYPE_CHECKING:
    from .races import Race
    from .study import Study


def may_exclude(study: Study, race: Race) -> bool:
    """Whether two accesses may be kept apart after all, for all that is known."""
    write, other = race.write, race.other
    perhaps = _perhaps(study, write.role, write.event) & _perhaps(study, other.role, other.event)
    # What both surely hold has been looked at already.
    unsure = perhaps - (write.locks & other.locks)
    for read in write.event.reads if unsure else ():
        unsure &= _perhaps(study, write.role, read)
    return bool(unsure)


def _perhaps(study: Study, role: Role, event: Event) -> frozenset[Shared]:
    return study.holdings.perhaps(role, event) | frozenset(_turns(study, role, event))


def _turns(study: Study, role: Role, event: Event) -> set[Shared]:
    """The conditions by which it is this role's turn: it may have waited for one before, and wakes others after it.

    Who in a run has found that it was its turn already has not waited, but looked, with the condition in hand.
    """
    graph = study.graph(role)
    found: set[Shared] = set()
    for wait in role.events(Verb.WAIT, *((Verb.ACQUIRE,) if study.program.observed else ())):
        condition = wait.target
        if condition.kind is not Kind.CONDITION or condition in found:
            continue

        def wakes(one: Event, condition: Shared = condition) -> bool:
            return one.verb is Verb.NOTIFY and one.target is condition

        if event in graph.later(wait, until=wakes) and any(map(wakes, graph.later(event))):
            found.add(condition)
    return found
