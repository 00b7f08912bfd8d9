"""Processes whose end somebody may have seen without having joined them: by exit code or sentinel, or by what they wrote."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from ...model import Ending, Program, Role, Verb
from ..sources import Source
from . import finishes

if TYPE_CHECKING:
    from ..account import Account

# Calls that wait for somebody outside the program: while they do, its processes may come to their ends.
_WAITS = frozenset(
    """input pause sigwait sigwaitinfo sigtimedwait read readline readlines select accept handle_request serve_forever
    run_forever run_until_complete mainloop waitpid wait3 wait4 waitid""".split()
)


@finishes
def _noticed(account: Account, program: Program) -> None:
    names = {(str(name), told.last) for told in account.told.values() for what, name in told.more if what == "noticed"}
    seen = {account.find(name, at) for name, at in names}
    outside = any(_waits_outside(source) for source in account.texts.all())
    for role in program.roles:
        role.noticed = role.process in seen or outside or _known(role) or program.root.raised is not None


@finishes
def _aside(account: Account, program: Program) -> None:
    """What some thread of the library uses is used in ways that are not told."""
    for told in account.told.values():
        for what, name in told.more:
            shared = account.find(str(name), told.last) if what == "used aside" else None
            if shared is not None:
                shared.open = True


def _known(role: Role) -> bool:
    """Whether the process that started it knew the last that it did by a message or signal, or looked at what it wrote."""
    last = max((event.clock.counts.get(event.clock.owner, 0) for event in role.events() if event.clock is not None), default=0)
    if role.ending is not Ending.ITSELF or role.parent is None or not last:
        return False
    wrote = {event.target for event in role.events(Verb.WRITE, Verb.CALL)}
    if any(event.target in wrote for event in role.parent.home.events(Verb.READ)):
        return True
    owner = next(event.clock.owner for event in role.events() if event.clock is not None)
    return any(event.clock is not None and event.clock.counts.get(owner, 0) >= last for event in role.parent.home.events())


def _waits_outside(source: Source) -> bool:
    """Whether a text may wait for what is outside: by such a call, or by a library of somebody else's."""
    for node in source.parents:
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in _WAITS:
                return True
        modules = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            modules = [node.module or ""]
        if any(one.partition(".")[0] not in sys.stdlib_module_names for one in modules):
            return True
    return False
