"""One program with what has been worked out about it; each analysis runs once, when a rule first asks."""

from __future__ import annotations

from functools import cached_property

from ..model import Program, Role, Shared
from .awaited import Awaited
from .explore.stuck import Explorer
from .explore.verdict import Verdict
from .containers import Containers
from .graph import Graph
from .handings import Handing, handings
from .holdings import Holdings
from .lifecycle import Lifecycle
from .locks import Locks
from .observed import observed
from .order import Order
from .races import Race, races
from .tokens import Tokens
from .unsent import Unsent


class Study:
    """A program under study. ``states`` bounds how many states of the interleavings are explored."""

    def __init__(self, program: Program, *, states: int = 500) -> None:
        self.program = program
        self.states = states
        self._graphs: dict[Role, Graph] = {}

    def graph(self, role: Role) -> Graph:
        """The control flow graph of a role."""
        if role not in self._graphs:
            self._graphs[role] = Graph(role.flow)
        return self._graphs[role]

    @cached_property
    def locks(self) -> Locks:
        """Which locks are held where."""
        return Locks(self.graph, self.tokens)

    @cached_property
    def tokens(self) -> Tokens:
        """Which messages are tokens that their takers are alone with."""
        return Tokens(self.program, self.graph)

    @cached_property
    def holdings(self) -> Holdings:
        """Which locks may be held where, and which stay unreleased."""
        return Holdings(self.program, self.graph)

    @cached_property
    def order(self) -> Order:
        """What is concurrent with what."""
        return Order(self.program, self.graph)

    @cached_property
    def smooth(self) -> Order:
        """The same where no call raises."""
        return Order(self.program, self.graph, failing=False)

    @cached_property
    def stuck(self) -> Verdict:
        """What the interleavings tell: who can be forced to wait for good."""
        if self.program.observed:
            return observed(self.program, self.states, self.locks)
        return Explorer(self.program, self.states, self.locks).verdict()

    @cached_property
    def lifecycle(self) -> Lifecycle:
        """The states of objects along the flows."""
        return Lifecycle(self.graph)

    @cached_property
    def races(self) -> dict[Shared, list[Race]]:
        """Writes with the accesses that are concurrent with them, locked or not."""
        return races(self)

    @cached_property
    def containers(self) -> Containers:
        """What proxies, queues and pipes hold."""
        return Containers(self.program)

    @cached_property
    def unsent(self) -> Unsent:
        """What was put and may not have left its process yet."""
        return Unsent(self.program, self.graph)

    @cached_property
    def awaited(self) -> Awaited:
        """Which processes somebody waits for."""
        return Awaited(self.program, self.graph)

    @cached_property
    def handings(self) -> tuple[Handing, ...]:
        """What is handed to processes, tasks and initializers."""
        return tuple(handings(self.program))
