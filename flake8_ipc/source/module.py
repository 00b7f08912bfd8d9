"""A module being read: its scope, its tree, and where its nodes stand."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from .places import EMPTY, Locator
from .values import Scope


@dataclass(slots=True, eq=False)
class ModuleScope:
    """One file: its tree, its global scope and, for imports of the project's own, its name and folder.

    ``yields``: its text has a ``yield`` somewhere.
    """

    path: str
    tree: cst.Module
    locator: Locator
    name: str = "__main__"
    yields: bool = True
    scope: Scope = field(init=False)

    def __post_init__(self) -> None:
        self.scope = Scope("module", None, self)

    def forget(self) -> None:
        """Lets go of the tree, once everything about it has been asked."""
        self.locator.forget()
        self.tree = EMPTY
