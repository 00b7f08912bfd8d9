"""Blocks of shared memory: who unlinks them, and who started the resource tracker that hears of them."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import BLOCKS, Event, Kind, Memory, Program, Role, Shared, Verb
from .graph import by_event, intersection
from .handings import start_methods
from .study import Study

_OF_ITS_OWN = frozenset({"spawn", "forkserver"})


def made_blocks(program: Program) -> Iterator[tuple[Role, Event, Memory]]:
    """Every block that the program makes by itself and of which all users are known: its maker, the creation."""
    for role, event in program.events(Verb.CREATE):
        block = event.target
        if isinstance(block, Memory) and block.fresh and block.keeper is None and not block.open:
            yield role, event, block


def may_unlink(program: Program, block: Memory) -> bool:
    """Whether somebody may unlink a block: by a handle of it, or by one that may be of any block."""
    for _, event in program.events(Verb.UNLINK):
        if _may_be(event.target, block):
            return True
    return any(_found_gone(event, block) for _, event in program.events(Verb.ATTACH))


def _found_gone(event: Event, block: Memory) -> bool:
    """Whether somebody asked for a block by its name, and there was none any more."""
    return event.failed is not None and isinstance(event.target, Memory) and event.target.origin is block


def only_the_last(study: Study, role: Role, made: Event) -> bool:
    """Whether of the blocks that a loop makes, one in each turn, only the last one is unlinked, behind the loop."""
    block = made.target
    around = {one.event: one.loops for one in role.around.values()}
    unlinks = [(one, event) for one, event in study.program.events(Verb.UNLINK) if _may_be(event.target, block)]
    behind = all(one is role and len(around[event]) < len(around[made]) for one, event in unlinks)
    inside = all(loop in around[made] for one, event in unlinks if one is role for loop in around[event])
    if not unlinks or not behind or not inside or any(not event.exact for _, event in unlinks):
        return False
    graph = study.graph(role)
    return any(node.event is made and node is not first for first in graph.at(made) for node in graph.beyond(first))


def _may_be(handle: Shared, block: Shared) -> bool:
    return isinstance(handle, Memory) and (handle.origin is block or (not handle.fresh and handle.origin.open))


def unlinked_before(study: Study, role: Role) -> dict[Event, frozenset[Shared]]:
    """The blocks that are surely unlinked before each event of a role."""

    def step(state: frozenset[Shared], event: Event) -> frozenset[Shared]:
        if event.verb is Verb.CREATE:
            return state - {event.target}
        if event.verb is Verb.UNLINK and isinstance(event.target, Memory) and event.exact:
            return state | {event.target.origin}
        if event.verb is Verb.SHUTDOWN and event.target.kind is Kind.MANAGER and event.exact:
            return state | {one for one in study.program.objects if getattr(one, "keeper", None) is event.target}
        return state

    start: frozenset[Shared] = frozenset()
    parent = role.parent
    if parent is not None and role.process is not None:
        starts = [event for event in parent.events(Verb.START, Verb.SUBMIT) if event.target is role.process]
        above = unlinked_before(study, parent)
        states = [above[event] for event in starts if event in above]
        start = frozenset.intersection(*states) if states else start
    before = by_event(study.graph(role).forward(start, step, intersection))
    return {event: frozenset.intersection(*states) for event, states in before.items()}


# -- the resource tracker


def tracked_before(study: Study, role: Role) -> dict[Event, bool]:
    """Whether a process's resource tracker surely runs before each event, so that a child forked then shares it."""

    def step(state: bool, event: Event) -> bool:
        return state or _starts_tracker(event)

    starts = True
    if role.parent is None:
        starts = False
    else:
        above = tracked_before(study, role.parent)
        forks = [event for event in role.parent.events(Verb.START, Verb.CREATE, Verb.SUBMIT) if event.target is role.process]
        starts = all(above.get(event, False) for event in forks)
    before = by_event(study.graph(role).forward(starts, step, lambda one, other: one and other))
    return {event: all(states) for event, states in before.items()}


def _starts_tracker(event: Event) -> bool:
    target = event.target
    if isinstance(target, Memory):
        return event.verb in (Verb.CREATE, Verb.ATTACH) and target.tracked
    if target.kind is Kind.TRACKER:
        return event.verb is Verb.START
    # A semaphore or process that is not forked is the tracker's to know as well.
    return event.verb in (Verb.CREATE, Verb.START) and target.context in _OF_ITS_OWN and target.kind not in BLOCKS


def early_forks(study: Study) -> Iterator[tuple[Role, Event, Event]]:
    """Children forked before their parent had a tracker, which tell their own one of blocks that others use.

    The child, the start (a pool's creation), and its use of the block.
    """
    program = study.program
    uses = _uses(program)
    for child in program.roles:
        parent, process = child.parent, child.process
        if parent is None or process is None or child.thread or "fork" not in start_methods(program, process):
            continue
        use = _dangerous_use(program, child, uses)
        if use is None:
            continue
        before = tracked_before(study, parent)
        verb = {Kind.PROCESS: Verb.START, Kind.POOL: Verb.CREATE}.get(process.kind, Verb.SUBMIT)
        forks = [event for event in parent.events(verb) if event.target is process and not before.get(event, True)]
        yield from ((child, event, use) for event in (forks if verb is not Verb.SUBMIT else forks[:1]))


def _uses(program: Program) -> list[tuple[Role, Event]]:
    """Every making and attaching of a block that a tracker hears of, with the process that does it."""
    found = []
    for role, event in program.events(Verb.CREATE, Verb.ATTACH):
        if isinstance(event.target, Memory) and event.target.tracked:
            found.append((role.home, event))
    return found


def _dangerous_use(program: Program, child: Role, uses: list[tuple[Role, Event]]) -> Event | None:
    """A child's use of a block that its own tracker would unlink at its end, under others who use it."""
    mine = [event for role, event in uses if role is child.home]
    others = [event for role, event in uses if role is not child.home]
    if not others or any(event.verb is Verb.DROP for event in child.events() if event.target.kind is Kind.TRACKER):
        return None
    unlinked = {one.origin for one in (event.target for event in child.events(Verb.UNLINK)) if isinstance(one, Memory)}
    for event in mine:
        block = event.target
        if not isinstance(block, Memory) or block.origin in unlinked or block.origin.keeper is not None:
            continue
        if event.verb is Verb.ATTACH or any(other.verb is Verb.ATTACH for other in others):
            return event
    return None
