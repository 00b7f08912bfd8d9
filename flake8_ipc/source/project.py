"""The project's own imports: a worker in another file is seen there.

An import binds a Foreign: which file, which name. The file is read only when something is done with it that processes
could care for, and kept for the next file that imports it, up to a bound.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from ..model import Program, Role, RoleKind
from .joining import is_boring
from .module import ModuleScope
from .places import Locator
from .run import Frame, OutOfFuel, Run
from .scan import speaks_of_processes
from .values import Foreign, Inst, Ref, Value

# How many files one file may lead to, and how much text beyond its own size (bytes): reading it costs as much as the
# file's own does. How many folders above it may be the project's root.
_FILES = 30
ALLOWANCE = 160_000
_LEVELS = 5
_LARGEST = 1 << 20
# How much text is kept in all, in bytes: a tree takes some forty times the memory of its text.
_KEPT = 2 << 20


@dataclass(slots=True)
class ForeignModule:
    """Another file of the project: what its names hold once it is imported."""

    module: ModuleScope
    text: str
    names: dict[tuple[int, str], Value] = field(default_factory=dict)
    facts: dict[object, Any] = field(default_factory=dict)
    dill: bool = False
    size: int = 0
    led_to: dict[str, int] = field(default_factory=dict)


# By path and time of change, the one used last at the end.
_READ: dict[tuple[str, int], ForeignModule | None] = {}
_SPEAKS: dict[str, bool] = {}


def resolve(run: Run, module: str, name: str | None) -> Value | None:
    """What an import of the project's own binds; None where no file of the project has that name."""
    here = run.frame.scope.module.path
    if not os.path.isabs(here) and not os.path.exists(os.path.dirname(here) or "."):
        return None
    found = _find(here, module)
    if name is None:
        return Foreign(found, None, module) if found else None
    inside = _find(here, f"{module}.{name}" if not module.endswith(".") else f"{module}{name}")
    if inside is not None and (found is None or found.endswith("__init__.py")):
        return Foreign(inside, None, f"{module}.{name}")
    return Foreign(found, name, f"{module}.{name}") if found else None


def _find(here: str, module: str) -> str | None:
    """The file of a module, as seen from another file: relative, beside it, or below a root above it."""
    folder = os.path.dirname(os.path.abspath(here))
    dots = len(module) - len(module.lstrip("."))
    parts = [part for part in module.strip(".").split(".") if part]
    if dots:
        for _ in range(dots - 1):
            folder = os.path.dirname(folder)
        return _file(folder, parts)
    if not parts or parts[0] in sys.stdlib_module_names:
        return None
    for _ in range(_LEVELS):
        found = _file(folder, parts)
        if found is not None:
            return found if os.path.abspath(here) != found else None
        folder = os.path.dirname(folder)
    return None


def _file(folder: str, parts: list[str]) -> str | None:
    base = os.path.join(folder, *parts)
    for path in (f"{base}.py", os.path.join(base, "__init__.py")):
        if os.path.isfile(path):
            return path
    return None


def submodule(path: str, name: str) -> str | None:
    """The file of a package's submodule."""
    return _file(os.path.dirname(path), [name]) if path.endswith("__init__.py") else None


def worth_reading(value: Foreign, given: list[Value]) -> bool:
    """Whether a call of something foreign could concern processes: by what it is given, or by what its file names."""
    if any(isinstance(one, (Ref, Inst)) or not is_boring(one) for one in given):
        return True
    path = value.path
    if path not in _SPEAKS:
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                _SPEAKS[path] = speaks_of_processes(file.read(_LARGEST))
        except OSError:
            _SPEAKS[path] = False
    return _SPEAKS[path]


def force(run: Run, value: Value) -> Value | None:
    """The value behind a Foreign; None where its file cannot be read or has no such name."""
    for _ in range(_LEVELS):
        if not isinstance(value, Foreign):
            return value
        if value.name is None:
            return None
        foreign = _module(run, value.path)
        if foreign is None:
            return None
        run.foreign.update(foreign.names)
        run.program.dill = run.program.dill or foreign.dill
        for key, fact in foreign.facts.items():
            run.made.setdefault(key, fact)
        found = foreign.names.get((foreign.module.scope.key, value.name))
        if found is None:
            return None
        value = found
    return None


def _module(run: Run, path: str) -> ForeignModule | None:
    try:
        stamp = os.stat(path)
    except OSError:
        return None
    key = (path, stamp.st_mtime_ns)
    if not run.reading.take(path, stamp.st_size, _FILES):
        return None
    if key not in _READ:
        _READ[key] = None
        _READ[key] = _read(run, path)
    found = _READ[key] = _READ.pop(key)
    # What was read before costs nothing, but is counted: one file's findings do not hang on which others came first.
    for other, size in found.led_to.items() if found is not None else ():
        run.reading.take(other, size, _FILES)
    return found


@contextmanager
def lent(path: str, text: str) -> Iterator[cst.Module | None]:
    """The tree of a file that was read for others and is now read for itself; None where its text is not that one.

    It is theirs again afterwards. In between, whoever leads back here reads the file anew: the two are not the same.
    """
    try:
        key = (os.path.abspath(path), os.stat(path).st_mtime_ns)
    except (OSError, ValueError):
        yield None
        return
    found = _READ.get(key)
    if found is None or found.text != text:
        yield None
        return
    del _READ[key]
    try:
        yield found.module.tree
    finally:
        _READ[key] = found


def trim() -> None:
    """Drops what was not used for longest, as far as more than the bound is kept; between two files, never within one."""
    kept = sum(module.size for module in _READ.values() if module is not None)
    for key, module in list(_READ.items()):
        if kept <= _KEPT:
            return
        del _READ[key]
        kept -= module.size if module is not None else 0


def _read(run: Run, path: str) -> ForeignModule | None:
    """Reads a file as an import would: its main guard is false, and what it shares is everybody's."""
    try:
        with open(path, "rb") as file:
            code = file.read()
        tree = cst.parse_module(code)
        text = code.decode(tree.encoding).removeprefix("\ufeff")
    except (OSError, cst.ParserSyntaxError, RecursionError, UnicodeError):
        return None
    module = ModuleScope(path, tree, Locator(path, tree, text), name=os.path.basename(path), yields="yield" in text)
    program = Program([Role("import", RoleKind.ENTRY, module.locator.place(tree))], methods=run.program.methods)
    inner = Run(program, Frame(module.scope), depth=run.depth, fuel=2_000 + 10 * len(tree.body))
    inner.home = module
    inner.reading, before = run.reading, len(run.reading.counted)
    try:
        with inner.writing():
            for statement in tree.body:
                inner.execute(statement)
    except (OutOfFuel, RecursionError):
        return None
    for shared in program.objects:
        shared.open = True
    facts: dict[object, Any] = {}
    facts.update((key, fact) for key, fact in inner.made.items() if isinstance(key, tuple) and key[0] == "class")
    names = dict(inner.foreign)
    for owner, held in inner.vars.items() if inner.vars is not None else ():
        names.update(((owner, name), value) for name, value in held.items())
    led_to = dict(list(run.reading.counted.items())[before:])
    return ForeignModule(module, text, names, facts, program.dill, len(code), led_to)
