"""What of a program is explored: which objects, and whose steps compete with nobody's."""

from __future__ import annotations

from collections.abc import Iterator

from ...model import QUEUES, Barrier, Blocking, Event, Kind, Lock, Loop, PipeEnd, Program, Queue, Role, RoleKind, Shared, Verb
from ..barriers import countable
from ..locks import Locks, root
from .lasting import long_held

MESSAGES = (Verb.PUT, Verb.GET, Verb.SEND, Verb.RECV)
_PROCESSES = frozenset({Kind.PROCESS, Kind.THREAD})


def looks(program: Program) -> Iterator[tuple[Role, Event]]:
    """What is received with timeouts or after polls, and who does it."""
    for role, event in program.events(Verb.GET, Verb.RECV, Verb.POLL, Verb.SIZE):
        if event.verb in (Verb.POLL, Verb.SIZE) or event.blocking is not Blocking.FOREVER or not event.exact:
            yield role, event


def pooled(role: Role) -> bool:
    """Whether a pool or an executor runs it, in whichever of its workers is free."""
    if role.kind in (RoleKind.TASK, RoleKind.INITIALIZER):
        return True
    return role.thread and role.process is not None and role.process.kind is not Kind.THREAD


def explored(program: Program, locks: Locks, looked: frozenset[Shared]) -> list[Shared]:
    """The objects that can be explored: all their users are known, and none of them is a pool's task."""
    tasks = {event.target for role in program.roles if pooled(role) for event in role.events()}
    lasting, glanced = long_held(program, locks), _only_looked_at(program, looked)
    aside = tasks | glanced | _fed_by_one_of_several(program)
    found: list[Shared] = []
    for shared in program.objects:
        if shared.open or shared in aside:
            continue
        if isinstance(shared, PipeEnd):
            if shared.peer is not None and not shared.peer.open and shared.peer not in tasks:
                found.append(shared)
        elif shared.kind in QUEUES or shared.kind is Kind.EVENT:
            found.append(shared)
        elif isinstance(shared, Lock):
            # A lock that is held but for a while only keeps others waiting for a while.
            if root(shared) in lasting:
                found.append(shared)
        elif isinstance(shared, Barrier) and countable(program, shared):
            found.append(shared)
    return [shared for shared in found if root(shared) in found]


def _only_looked_at(program: Program, looked: frozenset[Shared]) -> set[Shared]:
    """Queues and pipes that are emptied by looking alone: whatever is in them, nobody ever waits for it, or for room."""
    found = {event.target for _, event in looks(program) if event.target in looked}
    for _, event in program.events(Verb.GET, Verb.RECV, Verb.PUT):
        waits = event.verb is not Verb.PUT or (isinstance(event.target, Queue) and event.target.maxsize != 0)
        if waits and event.exact and event.blocking is Blocking.FOREVER:
            found.discard(event.target)
    idle = {one for one in found if not isinstance(one, PipeEnd) or one.outlet not in _received(program) - found}
    return idle | {one.outlet for one in idle}


def _received(program: Program) -> set[Shared]:
    """The ends of pipes that somebody receives from."""
    return {event.target for _, event in program.events(Verb.RECV)}


def alone(roles: list[Role]) -> Iterator[Event]:
    """Events that no other copy competes with: they can only let others go on, or take what nobody else takes."""
    users: dict[tuple[Shared, Verb], set[Role]] = {}
    for role in roles:
        for event in role.events(*MESSAGES, Verb.CLEAR, Verb.JOIN, Verb.QUERY):
            users.setdefault((event.target, event.verb), set()).add(role)

    def only(event: Event) -> bool:
        mine = users.get((event.target, event.verb), set())
        return len(mine) == 1 and not next(iter(mine)).many

    for role in roles:
        for event in role.events():
            verb = event.verb
            if verb in (Verb.START, Verb.CLOSE, Verb.DROP):
                yield event
            elif not event.exact or event.blocking is Blocking.TIMED or role.thread:
                continue
            elif verb is Verb.PUT:
                bounded = isinstance(event.target, Queue) and event.target.maxsize != 0
                # Whoever joins the queue sees what is put on it.
                watched = users.get((event.target, Verb.JOIN), set()) - {role}
                if only(event) and not bounded and not watched:
                    yield event
            elif verb in (Verb.SEND, Verb.GET, Verb.RECV):
                if only(event) and event.blocking is not Blocking.NEVER:
                    yield event
            elif verb is Verb.JOIN and event.target.kind in _PROCESSES:
                yield event
            elif verb in (Verb.SET, Verb.WAIT) and event.target.kind is Kind.EVENT:
                # Whoever looks at it sees whether it is set yet.
                changing = (Verb.CLEAR, Verb.QUERY) if verb is Verb.SET else (Verb.CLEAR,)
                if not any((event.target, other) in users for other in changing):
                    yield event


def single_counts(program: Program) -> frozenset[int]:
    """Loops that make an object in each turn are played for one of them, and so are all loops over the same things, or
    over as many that use them."""
    counts = [
        loop.count
        for role in program.roles
        for one in role.around.values()
        if one.event.verb is Verb.CREATE and one.event.target.many and one.event.target.kind not in _PROCESSES
        for loop in one.above
        if isinstance(loop, Loop) and loop.count is not None
    ]
    numbers = {count.exact for count in counts} - {None}
    users = {
        role.process
        for role in (program.roles if numbers else ())
        if any(event.target.many and event.target.kind not in _PROCESSES for event in role.events())
    }
    alike = {
        id(loop.count)
        for role in (program.roles if users else ())
        for one in role.around.values()
        if one.event.verb in (Verb.START, Verb.JOIN) and one.event.target in users
        for loop in one.loops
        if loop.count is not None and loop.count.exact in numbers
    }
    return frozenset(map(id, counts)) | alike


def _fed_by_one_of_several(program: Program) -> set[Shared]:
    """Queues that several processes put on of which one is played, taken from elsewhere than in a loop over them.

    Whoever takes what all of them put would be one message short of it.
    """
    single = single_counts(program)
    if not single:
        return set()
    played = {
        one.event.target
        for role in program.roles
        for one in role.around.values()
        if one.event.verb is Verb.START and any(id(loop.count) in single for loop in one.loops)
    }
    fed = {event.target for role, event in program.events(Verb.PUT) if role.process in played}
    return {
        one.event.target
        for role in program.roles
        for one in role.around.values()
        if one.event.verb is Verb.GET and one.event.target in fed and role.process not in played
        if not any(id(loop.count) in single for loop in one.loops)
    }


def only_putters(roles: list[Role]) -> Iterator[Event]:
    """Puts on queues that nobody else puts on: what can be done does not depend on who else is first."""
    for role in roles:
        for event in role.events(Verb.PUT):
            others = (other for one in roles if one is not role for other in one.events(Verb.PUT))
            if event.exact and event.blocking is Blocking.FOREVER and not role.many and not role.thread:
                if all(other.target is not event.target for other in others):
                    yield event
