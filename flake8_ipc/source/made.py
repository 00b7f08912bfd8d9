"""Allocation sites: one shared object for each, on each path, however often it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from ..model import Shared, Verb
from .run import Run
from .values import Const, Value


def made(run: Run, node: cst.CSTNode, part: object, build: Callable[[], Shared]) -> Any:
    """The shared object of this allocation site, on this path; the same one when the site is read again."""
    key = (id(node), part, run.calls, run.path, id(run.role))
    shared = run.made.get(key)
    if shared is None:
        shared = run.made[key] = build()
        shared.many = bool(run.loops) or run.role.many
        run.made["loops", shared] = run.loops
        run.program.objects.append(shared)
    if shared not in run.frame.made:
        run.frame.made.append(shared)
    return shared


def create(run: Run, node: cst.CSTNode, part: object, build: Callable[[], Shared]) -> Any:
    """The same, with the event that it is made."""
    shared = made(run, node, part, build)
    run.emit(Verb.CREATE, shared, node, shared.kind.value)
    return shared


def number(value: Value | None, default: int | None) -> int | None:
    """A known whole number, or None."""
    if value is None:
        return default
    return value.value if isinstance(value, Const) and isinstance(value.value, int) else None
