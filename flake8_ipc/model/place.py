"""Where something stands: a file, a line, a column."""

from __future__ import annotations

from collections.abc import Callable


class Place:
    """A position in a source file.

    Lines count from 1, columns from 0 and in characters. A witness may hand in ``locate`` instead of numbers; it is
    asked about this place at the first look at its line or column (positions are dear, and most are never reported).
    ``origin`` is the place in another file that a place stands for, where a fault lies in an imported worker.
    """

    __slots__ = ("_column", "_lazy", "_line", "_locate", "origin", "path")

    def __init__(
        self, path: str, line: int = 0, column: int = 0, *, locate: Callable[[Place], tuple[int, int]] | None = None
    ) -> None:
        self.path = path
        self._line = line
        self._column = column
        self._locate = locate
        self._lazy = locate is not None
        self.origin: Place | None = None

    def leading_to(self, origin: Place) -> Place:
        """This place, told for one in another file that it leads to (``origin``)."""
        place = Place(self.path, locate=lambda _: (self.line, self.column))
        place.origin = origin
        return place

    def _settle(self) -> None:
        if self._locate is not None:
            self._line, self._column = self._locate(self)
            self._locate = None

    @property
    def line(self) -> int:
        """The line, counted from 1."""
        self._settle()
        return self._line

    @property
    def column(self) -> int:
        """The column, counted from 0, in characters."""
        self._settle()
        return self._column

    @property
    def key(self) -> object:
        """What two places of one program are the same by, without a look: a witness hands out one place for one spot."""
        return self if self._lazy else self.spot

    @property
    def spot(self) -> tuple[str, int, int]:
        """Path, line and column: what two places are compared and sorted by."""
        return (self.path, self.line, self.column)

    def __repr__(self) -> str:
        return f"{self.path}:{self.line}:{self.column + 1}"
