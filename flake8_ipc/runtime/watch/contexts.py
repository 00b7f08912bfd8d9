"""The start method of the default context: who chooses it, who asks for it (CPython Lib/multiprocessing/context.py)."""

from __future__ import annotations

from typing import Any

from ..interruptions import hide
from ..patch import replace, safely
from ..places import caller
from ..record import current

# The default context, as an object of the account.
NAME = "context:default"


def _chosen(original: Any) -> Any:
    def set_start_method(method: Any, force: bool = False) -> Any:
        event = safely(_tell_chosen)(method, force)
        try:
            return original(method, force)
        except BaseException as error:
            hide(error)
            safely(_failed)(event, error)
            raise

    return set_start_method


def _tell_chosen(method: Any, force: bool) -> int:
    record, who = current(), caller(4)
    if record is None or who is None or not isinstance(method, str):
        return 0
    record.write("chosen", method)
    return record.event("OVERRIDE" if force else "CHOOSE", NAME, who, payload=[method])


def _failed(event: Any, error: BaseException) -> None:
    record = current()
    if record is not None and event:
        record.failed(event, error)


def _asked(original: Any) -> Any:
    def asks(*args: Any, **kwargs: Any) -> Any:
        safely(_tell_asked)(args, kwargs)
        try:
            return original(*args, **kwargs)
        except BaseException as error:
            hide(error)
            raise

    return asks


def _tell_asked(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """A question for the method, or for a context without saying which, fixes it from then on."""
    record, who = current(), caller(4)
    if record is None or who is None:
        return
    if not any(args) and not any(kwargs.values()):
        record.event("FIX", NAME, who)


def install(multiprocessing: Any) -> None:
    """Watches the choice and the questions."""
    # Bound methods of the default context, made when the package is imported.
    replace(multiprocessing, "set_start_method", _chosen)
    replace(multiprocessing, "get_start_method", _asked)
    replace(multiprocessing, "get_context", _asked)
