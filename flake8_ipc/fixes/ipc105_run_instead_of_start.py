"""IPC105: ``p.run()`` becomes ``p.start()``."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ..finding import Finding
from .fix import Fix, Refused
from .tree import Tree, replaced


def mend(tree: Tree, finding: Finding) -> Iterator[cst.Module]:
    """Calls start() where run() is called by that name and without arguments."""
    for call in tree.at(finding.place, cst.Call):
        name = call.func.attr if isinstance(call.func, cst.Attribute) else None
        if name is not None and name.value == "run" and not call.args:
            yield replaced(tree.module, name, name.with_changes(value="start"))
            return
    raise Refused("run is not called by its own name, without arguments")


FIX = Fix(("IPC105",), True, "calls start() instead of run()", mend, reveals=True)
