"""How messages tell why a wait never ends: who else waits, and where."""

from __future__ import annotations

from ..analysis.explore.game import Stuck
from ..model import Event, Place, Program, Verb
from .wording import at


def others_waiting(stuck: Stuck, event: Event) -> str:
    """``; main waits at line 12`` for everybody else who is stuck then."""
    told = []
    for one in stuck.waiting:
        if one.event is None or one.event is event:
            continue
        what = f"joins {one.event.target}" if one.event.verb is Verb.JOIN else f"waits in {one.event.name}"
        told.append(f"{one.role.name} {what} ({at(one.event.place, event.place)})")
    return f" while {' and '.join(dict.fromkeys(told))}" if told else ""


def was_put(stuck: Stuck, event: Event) -> bool:
    """Whether something was put on the queue before everybody got stuck: a consumer that has run dry."""
    return any(other.verb is Verb.PUT and other.target is event.target for _, other in stuck.steps)


def where_put(program: Program, event: Event, *verbs: Verb) -> list[Place]:
    """The places that put or send what an event waits for."""
    targets = {event.target, getattr(event.target, "peer", None)}
    return [other.place for _, other in program.events(*verbs) if other.target in targets]
