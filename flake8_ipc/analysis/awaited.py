"""Whether somebody waits for a process: for its end, for what it has to say, or for ever.

A process is waited for by whoever joins it, watches its sentinel or asks again and again whether it lives, and by
whoever takes what it sends; what it sends first only tells that it is there, what it sends last that its work is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from ..model import QUEUES, Blocking, Ending, Event, Kind, Loop, PipeEnd, Program, Role, Shared, Verb, events, leaves
from .graph import Graph

_SENDS = frozenset({Verb.PUT, Verb.SEND, Verb.SET, Verb.RELEASE, Verb.NOTIFY, Verb.WRITE, Verb.CALL})
_TAKES = frozenset({Verb.GET, Verb.RECV, Verb.WAIT, Verb.ACQUIRE})
_SEES_TO = frozenset({Verb.JOIN, Verb.TERMINATE, Verb.KILL})
# What is looked at in a loop is waited for.
_LOOKS = frozenset({Verb.QUERY, Verb.POLL, Verb.SIZE, Verb.READ})
_DELAYS = _SEES_TO | {Verb.GET, Verb.RECV, Verb.WAIT, Verb.RESULT, Verb.PAUSE, Verb.SHUTDOWN}
# How a main program that a run saw came to no end of its own.
_BY_OTHERS = (Ending.IDLE, Ending.KILLED)
_HANDED_IN = frozenset({Verb.PUT, Verb.SEND})


class Awaited:
    """Who is waited for in one program."""

    def __init__(self, program: Program, graph: Callable[[Role], Graph]) -> None:
        self.program = program
        self._graph = graph
        self._later: dict[Role, set[Event]] = {}

    # -- the process waited for

    def seen_to(self, role: Role) -> bool:
        """Whether somebody joins or ends its process, with a timeout too, or watches whether it lives."""
        process, since = role.process, self._since(role)
        for one, event in self.program.events(*_SEES_TO, Verb.QUERY):
            if event.target is not process or one.home is role.home or (one is role.parent and event not in since):
                continue
            if event.verb in _SEES_TO or event.name == "wait" or _open(one.around[event].loops):
                return True
        return any(event.target is process and event.verb in _SEES_TO for event in self._handled)

    def heard(self, role: Role) -> bool:
        """Whether somebody who matters takes a message or signal of it: its process has come up by then."""
        return any(True for _ in self._taken(role, frozenset()))

    def finished(self, role: Role) -> bool:
        """Whether somebody who matters waits until its work is done: takes the last it sends, or joins its queue."""
        return self._finished(role, frozenset())

    def _finished(self, role: Role, asked: frozenset[Role]) -> bool:
        for send, take, looped in self._taken(role, asked):
            if not self._repeats(role, send) or looped or self._answers_one(role, take):
                return True
        acknowledged = {event.target for event in role.events(Verb.GET, Verb.TASK_DONE)}
        return any(
            event.verb is Verb.JOIN and event.target.kind in QUEUES and event.target in acknowledged
            for _, event, _ in self._others(role)
        )

    def _taken(self, role: Role, asked: frozenset[Role]) -> Iterator[tuple[Event, Event, bool]]:
        """What it sends, where that is taken by its starter or somebody who is waited for, and whether in a loop."""
        sent: dict[Shared, Event] = {}
        for event in (event for one in self._household(role) for event in one.events()):
            meets = event.verb is Verb.WAIT and event.target.kind is Kind.BARRIER
            if event.verb in _SENDS or meets:
                sent.setdefault(_channel(event), event)
        for taker, event, loops in self._others(role) if sent else ():
            send = sent.get(event.target)
            if send is None or not (event.verb in _TAKES or (event.verb in _LOOKS and _open(loops))):
                continue
            if self._matters(taker, role, asked):
                again = sum(1 for one in taker.events(event.verb) if one.target is event.target)
                yield send, event, bool(loops) or again > 1

    def _matters(self, taker: Role, role: Role, asked: frozenset[Role]) -> bool:
        """Whether what this role waits for is waited for by the starter: it is the starter, or is awaited itself."""
        starter = role.parent.home if role.parent is not None else None
        if taker.home is starter:
            return True
        home = taker.home
        if home in asked or home.kind is not role.home.kind:
            return False
        return self.seen_to(home) or self._finished(home, asked | {role.home, home})

    def _repeats(self, role: Role, send: Event) -> bool:
        """Whether it sends more than once, or several copies of it send."""
        if role.many:
            return True
        channel = _channel(send)
        sends = [one for one in self._around(role) if one[0].verb is send.verb and _channel(one[0]) is channel]
        return any(loop.count is None or loop.count.exact != 1 for _, loops in sends for loop in loops)

    def _answers_one(self, role: Role, take: Event) -> bool:
        """Whether it is asked once and answers once, in a loop of its own."""
        wanted = {event.target for event in role.events(*_TAKES)}
        asked = [(event, loops) for _, event, loops in self._others(role) if event.verb in _HANDED_IN]
        asked = [(event, loops) for event, loops in asked if _channel(event) in wanted]
        return not role.many and len(asked) == 1 and not asked[0][1]

    def delays(self, role: Role) -> set[Event]:
        """Where this role waits for anybody, for as long at least as a process needs to come up."""
        return {
            event
            for event, loops in self._around(role)
            if event.verb in _DELAYS or (event.verb in _LOOKS and _open(loops))
        }

    # -- for ever

    def idles(self, role: Role) -> bool:
        """Whether it is a service: it never ends and is given nothing to do whose end could be missed."""
        wanted = {event.target for event in role.events(Verb.GET, Verb.RECV)}
        given = any(event.verb in _HANDED_IN and _channel(event) in wanted for _, event, _ in self._others(role))
        return self._endless(role) and not given

    def stays(self, role: Role, start: Event) -> bool:
        """Whether the process of this role goes on, for all the text tells, after it started another one."""
        if role.home.ending is Ending.CUT or (role.home is self.program.root and role.home.ending in _BY_OTHERS):
            return True
        return any(self._endless(one) and one.daemon is not True for one in self._household(role)) or any(
            event.blocking is Blocking.FOREVER for event in self.pauses(role, start)
        )

    def pauses(self, role: Role, start: Event) -> list[Event]:
        """Where its process waits for the outside, or for the clock, after a start."""
        later = self._graph(role).later(start)
        return [
            event
            for one in self._household(role)
            for event in one.events(Verb.PAUSE)
            if one is not role or event in later
        ]

    def _household(self, role: Role) -> list[Role]:
        return [one for one in self.program.roles if one.home is role.home]

    def _endless(self, role: Role) -> bool:
        return role.endless or any(
            loop.count is None and not leaves(loop, handlers=False) for _, loops in self._around(role) for loop in loops
        )

    # -- indexes

    def _others(self, role: Role) -> Iterator[tuple[Role, Event, tuple[Loop, ...]]]:
        """What is done outside a process, with the loops around it, and by whom; of its starter what follows the start."""
        since = self._since(role)
        for one in self.program.roles:
            if one.home is not role.home:
                for event, loops in self._around(one):
                    if one is not role.parent or event in since:
                        yield one, event, loops

    def _since(self, role: Role) -> set[Event]:
        if role not in self._later:
            self._later[role] = set()
            for start in role.parent.events(Verb.START) if role.parent is not None else ():
                if start.target is role.process and role.parent is not None:
                    self._later[role] |= self._graph(role.parent).later(start)
        return self._later[role]

    def _around(self, role: Role) -> tuple[tuple[Event, tuple[Loop, ...]], ...]:
        return self._loops[role]

    @cached_property
    def _loops(self) -> dict[Role, tuple[tuple[Event, tuple[Loop, ...]], ...]]:
        return {
            role: tuple((one.event, tuple(one.loops)) for one in role.around.values()) for role in self.program.roles
        }

    @cached_property
    def _handled(self) -> tuple[Event, ...]:
        return tuple(event for flow in self.program.handlers for event in events(flow))


def _open(loops: Iterable[Loop]) -> bool:
    """Whether one of these loops turns until something has happened."""
    return any(loop.count is None for loop in loops)


def _channel(event: Event) -> Shared:
    """What carries a message: the queue or signal itself; of a pipe, the end it is received from."""
    target = event.target
    if event.verb is Verb.SEND and isinstance(target, PipeEnd) and target.peer is not None:
        return target.peer
    return target
