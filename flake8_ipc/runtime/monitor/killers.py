"""Whether the program's text speaks of ending processes by their ids: then any of its processes may end any other.

Who has a ``Process`` object is its parent, and known without this; an id may have been handed to anybody.
"""

from __future__ import annotations

import re

from ..places import is_library

_FILE = re.compile(rb'"(/[^"\\]+\.py)"')
_ENDS = re.compile(rb"\b(?:kill|killpg|pidfd_send_signal|sigqueue|psutil|pkill)\b")


class Killers:
    """The texts of a run, as far as its records tell of them."""

    def __init__(self, main: str) -> None:
        self.any = False
        self._seen: set[str] = set()
        self._look(main)

    def note(self, news: bytes) -> None:
        """Looks into the files that a piece of a record names."""
        for name in set(_FILE.findall(news)):
            self._look(name.decode())

    def _look(self, path: str) -> None:
        if self.any or path in self._seen or is_library(path):
            return
        self._seen.add(path)
        try:
            with open(path, "rb") as file:
                self.any = _ENDS.search(file.read()) is not None
        except OSError:
            pass
