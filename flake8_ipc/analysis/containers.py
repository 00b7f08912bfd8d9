"""What proxies, queues and pipes hold, as all roles together put it in."""

from __future__ import annotations

from ..model import Constant, Holding, Key, Program, Shared


class Containers:
    """What went into each container of a program, by whomever and whenever."""

    def __init__(self, program: Program) -> None:
        self._held: dict[Shared, list[Holding]] = {}
        for _, event in program.events():
            if event.holds:
                self._held.setdefault(event.target.outlet, []).extend(event.holds)

    def may_be(self, shared: Shared, key: Key | Constant = Key.ANY) -> list[Holding]:
        """What may stand under a key, or come out of a queue or pipe end."""
        return [held for held in self._held.get(shared, []) if _may_meet(held.key, key)]

    def surely_plain(self, shared: Shared, key: Key | Constant) -> bool:
        """Whether what stands under a key is a plain object, of which a proxy gives a copy."""
        return not shared.open and all(held.known and held.shared is None for held in self.may_be(shared, key))


def _may_meet(one: Key | Constant, other: Key | Constant) -> bool:
    return not (isinstance(one, Constant) and isinstance(other, Constant)) or one == other
