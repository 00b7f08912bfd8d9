"""An object's state along a flow: what it surely is when something is done with it (typestate).

Only what holds on every path counts; the first turn of a loop is told apart from the later ones.
"""

from __future__ import annotations

from collections.abc import Callable

from ..model import Event, Kind, Role, Shared, Verb
from .graph import Graph

Step = Callable[[str, Event], str]
MAYBE = "maybe"
_States = dict[Shared, dict[Event, frozenset[str]]]


class Lifecycle:
    """The states of objects before each event of a role."""

    def __init__(self, graph: Callable[[Role], Graph]) -> None:
        self._graph = graph
        self._found: dict[tuple[Role, Kind, str, Step], _States] = {}

    def before(self, role: Role, shared: Shared, start: str, step: Step) -> dict[Event, frozenset[str]]:
        """The states an object can be in before each event on it; ``maybe`` where paths differ.

        ``step`` gives the state after an event on the object.
        """
        key = (role, shared.kind, start, step)
        if key not in self._found:
            self._found[key] = self._of_kind(*key)
        return self._found[key].get(shared, {})

    def _of_kind(self, role: Role, kind: Kind, start: str, step: Step) -> _States:
        """The states of all objects of a kind, in one pass along the flow."""
        mine = {event.target for event in role.events() if event.target.kind is kind}
        index = {shared: number for number, shared in enumerate(mine)}

        def along(states: tuple[str, ...], event: Event) -> tuple[str, ...]:
            number = index.get(event.target)
            # What a run saw fail has changed nothing.
            if number is None or event.failed is not None:
                return states
            return (*states[:number], step(states[number], event), *states[number + 1 :])

        def meet(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
            if one == other:
                return one
            return tuple([mine if mine == yours else MAYBE for mine, yours in zip(one, other)])

        found: dict[Shared, dict[Event, set[str]]] = {}
        for node, states in self._graph(role).forward((start,) * len(index), along, meet).items():
            event = node.event
            # What a test shows is no deed: the deed was the question.
            if event is not None and event.verb is not Verb.LEARN and event.target in index:
                found.setdefault(event.target, {}).setdefault(event, set()).add(states[index[event.target]])
        return {shared: {event: frozenset(seen) for event, seen in events.items()} for shared, events in found.items()}
