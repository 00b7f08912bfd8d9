"""An object's state along a flow: what it surely is when something is done with it (typestate).

Only what holds on every path counts; the first turn of a loop is told apart from the later ones.
"""

from __future__ import annotations

from collections.abc import Callable

from ..model import Event, Role, Shared
from .graph import Graph, by_event

Step = Callable[[str, Event], str]
MAYBE = "maybe"


class Lifecycle:
    """The states of objects before each event of a role."""

    def __init__(self, graph: Callable[[Role], Graph]) -> None:
        self._graph = graph

    def before(self, role: Role, shared: Shared, start: str, step: Step) -> dict[Event, frozenset[str]]:
        """The states an object can be in before each event; ``maybe`` where paths differ.

        ``step`` gives the state after an event on the object.
        """

        def along(state: str, event: Event) -> str:
            # What a run saw fail has changed nothing.
            return step(state, event) if event.target is shared and event.failed is None else state

        states = by_event(self._graph(role).forward(start, along, lambda one, two: one if one == two else MAYBE))
        return {event: frozenset(found) for event, found in states.items() if event.target is shared}
