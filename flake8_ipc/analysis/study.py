"""One program with what has been worked out about it; each analysis runs once, when a rule first asks."""

from __future__ import annotations

from ..model import Program


class Study:
    """A program under study. ``states`` bounds how many states of the interleavings are explored."""

    def __init__(self, program: Program, *, states: int = 4000) -> None:
        self.program = program
        self.states = states
