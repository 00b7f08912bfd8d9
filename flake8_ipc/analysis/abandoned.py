"""Children of ``subprocess`` that are left running when a wait for them runs out of time."""

from __future__ import annotations

from ..model import Event, Role, Subprocess, Verb
from .graph import Graph, Node
from .study import Study
from .surroundings import loops_around, same_turn

_EXPIRED = ("TimeoutExpired", "SubprocessError")
_ENDS = frozenset({Verb.KILL, Verb.TERMINATE})
_AGAIN = frozenset({Verb.WAIT, Verb.JOIN, Verb.POLL})


def abandoned(study: Study, role: Role, event: Event, child: Subprocess) -> bool:
    """Whether who waits for a child in vain leaves it running: on some path of the text, or seen to in a run."""
    if study.program.observed:
        return _seen(study, role, event, child)
    return event.raises is not None and _given_up(study, role, event) and not _told_to_end(study, role, event)


def _seen(study: Study, role: Role, event: Event, child: Subprocess) -> bool:
    """Whether a run has shown it: the wait ran out of time, its process went on, and the child outlived it."""
    if event.failed not in _EXPIRED or role.home.raised in _EXPIRED or child.left is False:
        return False
    told = {one.verb for _, one in study.program.uses(child) if one is not event}
    return told.isdisjoint(_ENDS if child.left else _ENDS | _AGAIN)


def _given_up(study: Study, role: Role, event: Event) -> bool:
    """Whether the timeout is caught, and from there nothing ends the child or waits for it again."""
    graph = study.graph(role)
    another = _next_is_another(role, event)
    found = False
    for node in graph.at(event):
        handler = graph.caught(node, *_EXPIRED)
        if handler is None:
            continue
        reached = list(graph.beyond(handler, lambda one: one.verb is Verb.CREATE and one.target is event.target))
        if any(_minds(one.event, event, another=another) for one in reached if one.event is not None):
            return False
        found = found or _gives_up(graph, reached)
    return found


def _minds(one: Event, event: Event, *, another: bool) -> bool:
    if one.target is not event.target:
        return False
    return one.verb in _ENDS or (one.verb in _AGAIN and not (another and one is event))


def _gives_up(graph: Graph, reached: list[Node]) -> bool:
    """Whether the program goes on to its end, or to an exception of another kind; raising again hands on the trouble."""
    return graph.exit in reached or any(node.raises is not None for node in reached) or graph.failed not in reached


def _next_is_another(role: Role, event: Event) -> bool:
    """Whether the next turn of the loop around a wait is for another child."""
    if not event.target.many:
        return False
    loops = loops_around(role, event)
    made = [one for one in role.events(Verb.CREATE) if one.target is event.target]
    return bool(loops) and loops[-1].count is not None and not any(same_turn(role, one, event) for one in made)


def _told_to_end(study: Study, role: Role, event: Event) -> bool:
    """Whether the child may have been told to end before: then this is the wait for it to obey."""

    def step(state: bool, one: Event) -> bool:
        if one.target is not event.target:
            return state
        return one.verb in _ENDS or (state and one.verb is not Verb.CREATE)

    before = study.graph(role).forward(False, step, lambda one, other: one or other)
    return any(state for node, state in before.items() if node.event is event)
