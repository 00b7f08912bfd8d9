"""What is watched: one file for each part of multiprocessing, and the modules of the library that it watches.

A part is installed when the program itself has imported what it watches, and costs nothing before: neither is anything
imported here that the program does not import, nor earlier than it would be (CPython Lib/importlib/_bootstrap.py).
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from importlib.machinery import ModuleSpec
from typing import Any

from ..interruptions import hide

# In the order in which they are installed where all is imported already: what a module has from another comes after it.
_PARTS = {
    "os": ("exits",),
    "threading": ("threads", "threadwaits"),
    "subprocess": ("children",),
    "multiprocessing": ("contexts",),
    "multiprocessing.process": ("processes",),
    "multiprocessing.popen_fork": ("waits",),
    "multiprocessing.resource_tracker": ("memory",),
    "multiprocessing.connection": ("messages", "pipes", "sockets", "threadwaits", "waits"),
    "multiprocessing.synchronize": ("locks",),
    "multiprocessing.queues": ("messages", "queues", "waits"),
    "multiprocessing.sharedctypes": ("cells",),
    "multiprocessing.shared_memory": ("memory",),
    "multiprocessing.pool": ("pools", "results", "threadwaits", "waits"),
    "multiprocessing.managers": ("managers", "messages", "proxies", "threadwaits"),
    "concurrent.futures._base": ("executors", "results"),
    "concurrent.futures.process": ("executors",),
    "concurrent.futures.thread": ("executors", "threadwaits"),
}

Install = Callable[[Any], None]


def install(also: Mapping[str, Install]) -> None:
    """Watches every part as it is imported; ``also`` are more modules, each with what is to be done with it."""
    parts: dict[str, list[Install]] = {name: [_part(one) for one in names] for name, names in _PARTS.items()}
    for name, one in also.items():
        parts.setdefault(name, []).append(one)
    awaited = _Awaited(parts)
    for name in list(parts):
        module = sys.modules.get(name)
        if module is not None and not getattr(module.__spec__, "_initializing", False):
            awaited.come(name, module)
    sys.meta_path.insert(0, awaited)


def _part(name: str) -> Install:
    def install(module: Any) -> None:
        importlib.import_module(f"{__name__}.{name}").install(module)

    return install


class _Awaited:
    """A finder that finds what others find, and does what is to be done as soon as it is imported."""

    def __init__(self, parts: dict[str, list[Install]]) -> None:
        self._parts = parts

    def come(self, name: str, module: Any) -> None:
        """What is to be done with a module, once; a part that this Python does not have, or has otherwise, is left alone."""
        for one in self._parts.pop(name, ()):
            try:
                one(module)
            except (ImportError, AttributeError):
                continue

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Finds what is awaited, by the finders behind; anything else is for these alone."""
        if name not in self._parts:
            return None
        finders = [one for one in sys.meta_path if one is not self and hasattr(one, "find_spec")]
        spec = next((found for one in finders if (found := one.find_spec(name, path, target)) is not None), None)
        if spec is not None and hasattr(type(spec.loader), "exec_module") and not isinstance(spec.loader, type):
            self._follow(name, spec.loader)
        return spec

    def _follow(self, name: str, loader: Any) -> None:
        """Has a loader, which is there for this module alone, say when it has run it."""

        def exec_module(module: Any) -> None:
            del loader.exec_module
            try:
                loader.exec_module(module)
            except BaseException as error:
                hide(error)
                raise
            self.come(name, module)

        loader.exec_module = exec_module
