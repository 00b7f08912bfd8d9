"""How findings are written down: one file a format, and the folder is the registry."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from typing import TypeAlias

from ..work import Remark

Format: TypeAlias = Callable[[Sequence[Remark]], str]
# Those that tell how a finding can be mended.
MENDING = frozenset({"rdjson", "sarif"})


@functools.cache
def names() -> tuple[str, ...]:
    """The formats, by name."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def named(name: str) -> Format:
    """The function that writes findings in this format, to be followed by nothing more."""
    render: Format = importlib.import_module(f"{__name__}.{name}").render
    return render
