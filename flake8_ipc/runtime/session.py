"""A session: the folder that all processes of one watched run share.

Annotations are evaluated here, as in ``places``.
"""

import json
import pathlib
from typing import NamedTuple


class Session(NamedTuple):
    """Where a run keeps what its processes tell.

    ``folder`` holds one record for each process, and one board for each object that passes clocks on. ``packages`` is
    the folder that flake8_ipc itself is imported from: a child may know nothing of it. ``main`` is the script or module
    of the program; ``start_method`` is what to run it under, where that is asked for.
    ``traced``: whether it is told, too, when each call has returned, and whose message it took.
    """

    folder: str
    packages: str
    main: str
    start_method: str | None = None
    traced: bool = False

    def record(self, name: str) -> str:
        """The file of one process's record."""
        return f"{self.folder}/{name}.record"

    def slots(self, name: str) -> str:
        """The file that shows what one process's threads wait for."""
        return f"{self.folder}/{name}.slots"

    def stacks(self, name: str) -> str:
        """The file to which one process writes where its threads stand, when it is asked."""
        return f"{self.folder}/{name}.stacks"

    def board(self, name: str) -> str:
        """The file in which an object passes clocks on."""
        return f"{self.folder}/{name}.clock"

    def save(self) -> str:
        """Writes the session down; gives the file."""
        file = pathlib.Path(self.folder, "session.json")
        file.write_text(json.dumps(self._asdict()), encoding="utf-8")
        return str(file)

    @classmethod
    def load(cls, file: str) -> "Session":
        """The session that was written to this file."""
        return cls(**json.loads(pathlib.Path(file).read_text(encoding="utf-8")))
