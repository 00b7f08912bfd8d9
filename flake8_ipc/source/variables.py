"""The state of a program being read: what each name, attribute and collection holds at one point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .joining import join
from .values import Const, Value

_Names = dict[str, Value]

# Owners whose numbers differ only in these low bits share a page.
_PAGE = 4
_NOTHING: Mapping[str, Value] = {}


class Vars:
    """Values by the identity of their owner (a scope, an object, a collection) and their name.

    Copies share pages of owners, and what each owner holds, until one of them writes there: a branch costs what it
    changes, not what there is.
    """

    __slots__ = ("_my_owners", "_my_pages", "_pages")

    def __init__(self) -> None:
        self._pages: dict[int, dict[int, _Names]] = {}
        self._my_pages: set[int] = set()
        self._my_owners: set[int] = set()

    def get(self, owner: int, name: str) -> Value | None:
        """What a name holds."""
        page = self._pages.get(owner >> _PAGE)
        names = page.get(owner) if page is not None else None
        return names.get(name) if names is not None else None

    def of(self, owner: int) -> Mapping[str, Value]:
        """Everything that an owner holds, in the order in which it came; not to be kept across a change."""
        page = self._pages.get(owner >> _PAGE)
        return page.get(owner, _NOTHING) if page is not None else _NOTHING

    def items(self) -> Iterator[tuple[int, Mapping[str, Value]]]:
        """Every owner with what it holds."""
        for page in self._pages.values():
            yield from page.items()

    def set(self, owner: int, name: str, value: Value) -> None:
        """Lets a name hold a value."""
        self._writable(owner)[name] = value

    def drop(self, owner: int, name: str) -> None:
        """Lets a name hold nothing."""
        if name in self.of(owner):
            del self._writable(owner)[name]

    def forget(self, owner: int) -> None:
        """Lets go of all that an owner holds."""
        number = owner >> _PAGE
        if owner in self._pages.get(number, ()):
            page = self._writable_page(number)
            del page[owner]
            self._my_owners.discard(owner)
            if not page:
                del self._pages[number]
                self._my_pages.discard(number)

    def copy(self) -> Vars:
        """The same state, to be changed apart from this one."""
        other = Vars()
        other._pages = dict(self._pages)
        self._share()
        return other

    def join(self, other: Vars) -> None:
        """Becomes the state where either of the two may have led here."""
        pages = self._pages
        for number, theirs in other._pages.items():
            mine = pages.get(number)
            if mine is None:
                other._share()
                pages[number] = theirs
            elif mine is not theirs:
                self._join_page(number, mine, theirs, other)

    def changes(self, later: Vars) -> Iterator[tuple[int, Value, Value]]:
        """For each name whose value is another one later: its owner, what it held, and what it holds then."""
        for number, page in self._pages.items():
            new_page = later._pages.get(number)
            if new_page is None or new_page is page:
                continue
            for owner, names in page.items():
                new = new_page.get(owner)
                if new is not None and new is not names:
                    for name, value in names.items():
                        now = new.get(name)
                        if now is not None and now is not value:
                            yield owner, value, now

    def flags(self, other: Vars) -> Iterator[tuple[int, str, Value, Value]]:
        """What is a known constant both here and there, and not the same one: its owner and name, and both values."""
        for number, page in self._pages.items():
            theirs = other._pages.get(number)
            if theirs is None or theirs is page:
                continue
            for owner, names in page.items():
                held = theirs.get(owner)
                if held is not None and held is not names:
                    for name, value in names.items():
                        there = held.get(name)
                        if there is not value and type(value) is Const and type(there) is Const:
                            yield owner, name, value, there

    def _join_page(self, number: int, page: dict[int, _Names], other_page: dict[int, _Names], other: Vars) -> None:
        for owner, theirs in other_page.items():
            mine = page.get(owner)
            if mine is None:
                other._share()
                page = self._writable_page(number)
                page[owner] = theirs
            elif mine is not theirs:
                for name, value in theirs.items():
                    known = mine.get(name)
                    if known is not value:
                        mine = self._writable(owner)
                        mine[name] = value if known is None else join(known, value)
                page = self._pages[number]

    def _share(self) -> None:
        """From now on somebody else may hold what this state holds."""
        self._my_pages.clear()
        self._my_owners.clear()

    def _writable_page(self, number: int) -> dict[int, _Names]:
        page = self._pages.get(number)
        if page is None or number not in self._my_pages:
            page = self._pages[number] = dict(page) if page is not None else {}
            self._my_pages.add(number)
        return page

    def _writable(self, owner: int) -> _Names:
        page = self._writable_page(owner >> _PAGE)
        names = page.get(owner)
        if names is None or owner not in self._my_owners:
            names = page[owner] = dict(names) if names is not None else {}
            self._my_owners.add(owner)
        return names


def join_vars(one: Vars | None, other: Vars | None) -> Vars | None:
    """The state where either path may have led here; may change and return ``one``."""
    if one is None:
        return other
    if other is not None and one is not other:
        one.join(other)
    return one
