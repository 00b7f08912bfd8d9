"""Modules that we had to import before the program did, kept back until it imports them itself.

What a module does when it is imported comes when the program would have had it: ``multiprocessing.util`` and
``concurrent.futures.process`` register what runs at exit, where the last to register is the first to run (CPython
Lib/multiprocessing/util.py, ``_exit_function``), and a program's own functions may be registered before or after.
"""

from __future__ import annotations

import atexit
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_PACKAGES = frozenset({"multiprocessing", "concurrent", "logging"})

# What a module asked for while it was imported, to be asked for again: a function and its arguments.
Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class _Deferral:
    """A finder for the modules that are kept back, and their loader."""

    def __init__(self, modules: dict[str, ModuleType], calls: dict[str, list[Call]]) -> None:
        self._modules = modules
        self._calls = calls
        self._specs: dict[str, ModuleSpec | None] = {name: module.__spec__ for name, module in modules.items()}

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Finds what is kept back; anything else is for the finders behind."""
        module = self._modules.get(name)
        if module is None:
            return None
        origin = getattr(module, "__file__", None)
        return ModuleSpec(name, self, origin=origin, is_package=hasattr(module, "__path__"))  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module that there is."""
        return self._modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        """Gives the module back, after those that it imports itself."""
        name = module.__name__
        del self._modules[name]
        module.__spec__ = self._specs[name]
        for needed in list(self._needed(module)):
            __import__(needed)
        for register, args, kwargs in self._calls.pop(name, ()):
            register(*args, **kwargs)
        if not self._modules and self in sys.meta_path:
            sys.meta_path.remove(self)

    def _needed(self, module: ModuleType) -> Iterator[str]:
        """The modules of which it has something, in the order in which it came to it."""
        for value in list(vars(module).values()):
            name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
            if isinstance(name, str) and name in self._modules:
                yield name


@contextmanager
def deferred() -> Iterator[None]:
    """What is imported within is kept back afterwards."""
    before = set(sys.modules)
    calls: dict[str, list[Call]] = {}
    owners: tuple[tuple[Any, str], ...] = ((atexit, "register"), (threading, "_register_atexit"))
    originals = [(owner, name, getattr(owner, name)) for owner, name in owners if hasattr(owner, name)]
    for owner, name, original in originals:
        setattr(owner, name, _noting(original, calls, before))
    try:
        yield
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)
        _keep_back(before, calls)


def _noting(original: Callable[..., Any], calls: dict[str, list[Call]], before: set[str]) -> Callable[..., Any]:
    def register(*args: Any, **kwargs: Any) -> Any:
        name = sys._getframe(1).f_globals.get("__name__", "")
        if not _ours(name, before):
            return original(*args, **kwargs)
        calls.setdefault(name, []).append((original, args, kwargs))
        return args[0]

    return register


def _ours(name: str, before: set[str]) -> bool:
    return name not in before and name.partition(".")[0] in _PACKAGES


def _keep_back(before: set[str], calls: dict[str, list[Call]]) -> None:
    modules = {name: module for name, module in sys.modules.items() if _ours(name, before)}
    for name, module in modules.items():
        del sys.modules[name]
        parent, _, last = name.rpartition(".")
        above = modules.get(parent) or sys.modules.get(parent)
        if above is not None and vars(above).get(last) is module:
            delattr(above, last)
    if modules:
        sys.meta_path.insert(0, _Deferral(modules, calls))
