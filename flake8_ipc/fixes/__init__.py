"""The fixes: one file each, and the folder is the registry."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from .fix import Fix, Refused

__all__ = ["Fix", "Refused", "fix_for", "fixes"]


@functools.cache
def fixes() -> tuple[Fix, ...]:
    """Every fix of this folder, by its first code."""
    found = []
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("ipc"):
            found.append(importlib.import_module(f"{__name__}.{module.name}").FIX)
    return tuple(sorted(found, key=lambda fix: fix.codes))


def fix_for(code: str) -> Fix | None:
    """The fix for findings of this code, if there is one."""
    return next((fix for fix in fixes() if code in fix.codes), None)
