"""Hard ends: ``os._exit``, which leaves nothing to be done, not even the feeders of queues."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from ..patch import replace, safely
from ..places import caller
from ..record import current


def _left(original: Any) -> Any:
    def _exit(status: Any) -> Any:
        _tell()
        return original(status)

    return _exit


@safely
def _tell() -> None:
    record, who = current(), caller(4)
    if record is not None and who is not None:
        record.write("exit", record.place(who), threading.get_ident(), time.monotonic_ns())
        record.close()


def install(module: Any) -> None:
    """Watches the call by which the user's own code leaves at once."""
    replace(os, "_exit", _left)
