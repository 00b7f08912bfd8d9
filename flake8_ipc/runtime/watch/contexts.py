"""The start method of the default context, where the program chooses it (CPython Lib/multiprocessing/context.py)."""

from __future__ import annotations

from typing import Any

from ..interruptions import hide
from ..patch import replace
from ..places import caller
from ..record import current


def _chosen(original: Any) -> Any:
    def set_start_method(method: Any, force: bool = False) -> Any:
        record = current()
        if record is not None and isinstance(method, str) and caller(2) is not None:
            record.write("chosen", method)
        try:
            return original(method, force)
        except BaseException as error:
            hide(error)
            raise

    return set_start_method


def install() -> None:
    """Watches the choice."""
    import multiprocessing

    # A bound method of the default context, made when the package is imported.
    replace(multiprocessing, "set_start_method", _chosen)
