"""What proxies, queues and pipes hold, as all roles together put it in."""

from __future__ import annotations

from ..model import Constant, Event, Holding, Key, PipeEnd, Program, Shared


class Containers:
    """What went into each container of a program, by whomever and whenever."""

    def __init__(self, program: Program) -> None:
        self._held: dict[Shared, list[Holding]] = {}
        for _, event in program.events():
            if event.holds:
                self._held.setdefault(_where(event), []).extend(event.holds)

    def may_be(self, shared: Shared, key: Key | Constant = Key.ANY) -> list[Holding]:
        """What may stand under a key, or come out of a queue or pipe end."""
        return [held for held in self._held.get(shared, []) if _may_meet(held.key, key)]

    def surely_plain(self, shared: Shared, key: Key | Constant) -> bool:
        """Whether what stands under a key is a plain object, of which a proxy gives a copy."""
        return not shared.open and all(held.known and held.shared is None for held in self.may_be(shared, key))


def _where(event: Event) -> Shared:
    """What holds it then: the proxy or queue itself; of a pipe, the end that it comes out of."""
    target = event.target
    return target.peer if isinstance(target, PipeEnd) and target.peer is not None else target


def _may_meet(one: Key | Constant, other: Key | Constant) -> bool:
    return not (isinstance(one, Constant) and isinstance(other, Constant)) or one == other
