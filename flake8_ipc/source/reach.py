"""How far values reach: the shared objects in them, and what becomes of those that code takes which cannot be seen."""

from __future__ import annotations

from ..model import Event, Kind, Memory, Shared, Verb
from .contents import inside, pickles_itself
from .run import PLAIN, Run
from .values import BlockName, Coll, Inst, Value, View

# Of these it matters since when code that cannot be seen has them.
_FROM_THEN_ON = frozenset({Kind.SUBPROCESS, Kind.STREAM})


def reachable(run: Run, *values: Value, pickled: bool = False, aside: list[Value] | None = None) -> list[Shared]:
    """The shared objects in these values, those inside collections, instances and closures included.

    With ``pickled`` those that go along when the values are pickled: a class may keep some back. What stands for a
    block without being one, its memory or its name, goes to ``aside``.
    """
    found: dict[Shared, None] = {}
    if not run.program.objects and not run.foreign:
        return []
    seen: set[int] = set()
    pending = [value for value in values if type(value) not in PLAIN]
    while pending:
        value = pending.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, (Inst, Coll)):
            if value.key in seen:
                continue
            seen.add(value.key)
        if aside is not None and isinstance(value, (View, BlockName)):
            aside.append(value)
        if pickled and isinstance(value, Inst) and pickles_itself(run, value):
            continue
        pending.extend(inside(run, value, found))
    return list(found)


def expose(run: Run, *values: Value) -> None:
    """These leave for code that cannot be seen, with all that is in them."""
    aside: list[Value] = []
    for shared in reachable(run, *values, aside=aside):
        shared.open = True
        if shared.kind in _FROM_THEN_ON and run.vars is not None:
            run.out.append(Event(Verb.ESCAPE, shared, shared.place, "unknown code", setting=run.setting))
    for value in aside:
        if isinstance(value, View) and isinstance(value.shared, Memory):
            value.shared.origin.lent = True
        elif isinstance(value, BlockName):
            value.shared.open = True
