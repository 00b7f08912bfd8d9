"""How two events of a role stand to one another, and to the loops and handlers around them."""

from __future__ import annotations

from ..model import Event, Loop, Role, Try, Verb


def loops_around(role: Role, event: Event) -> list[Loop]:
    """The loops around an event, outermost first; none where the role does not do it."""
    found = role.around.get(event)
    return found.loops if found is not None else []


def same_turn(role: Role, made: Event, later: Event) -> bool:
    """Whether something is done to an object in the very turn of the loop that made it."""
    mine, other = loops_around(role, made), loops_around(role, later)
    return bool(mine) and any(loop is mine[-1] for loop in other)


def beside(role: Role, one: Event, other: Event) -> bool:
    """Whether each turn of the innermost loop around one event has just one of the other."""
    mine, yours = loops_around(role, one), loops_around(role, other)
    return bool(mine) and bool(yours) and mine[-1] is yours[-1]


def in_its_turn(role: Role, event: Event) -> bool:
    """Whether an event surely is of one object: made but once in each copy of its role, or in this very turn of a loop."""
    if not event.target.many:
        return True
    made = [one for one in role.events(Verb.CREATE, Verb.ATTACH) if one.target is event.target]
    return any(same_turn(role, one, event) or not loops_around(role, one) for one in made)


def in_open_loop(role: Role, event: Event) -> bool:
    """Whether an event stands in a loop whose number of turns is not known beforehand."""
    return any(loop.count is None for loop in loops_around(role, event))


def catches(role: Role, event: Event, name: str) -> bool:
    """Whether an ``except`` clause around an event names this very exception."""
    found = role.around.get(event)
    if found is None:
        return False
    for outer, inner in zip(found.above, (*found.above[1:], event)):
        if isinstance(outer, Try) and inner is outer.body:
            if any(handler.names is not None and name in handler.names for handler in outer.handlers):
                return True
    return False


def waits_for_eof(role: Role, event: Event) -> bool:
    """Whether a receive waits for the end of its pipe: a loop to it, or EOFError caught around it."""
    found = role.around.get(event)
    return found is not None and (found.catches_eof or found.reads_to_eof)
