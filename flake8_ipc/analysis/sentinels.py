"""Consumers that end by a sentinel, counted against the sentinels that are put: who is left over waits for good.

Where each consumer ends by one message of a known value and by nothing else, no interleaving lets more of them end than
such messages are put; so much can be told of programs with too many states to be explored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..model import (
    QUEUES,
    Block,
    Blocking,
    Choice,
    Constant,
    End,
    Event,
    Flow,
    Jump,
    Loop,
    Program,
    Raise,
    Role,
    RoleKind,
    Shared,
    Surroundings,
    Try,
    Verb,
    parts,
    walk,
)


@dataclass(frozen=True, slots=True)
class Shortage:
    """A consumer's get that some copy of it never comes back from: ``consumers`` wait for ``sent`` sentinels at most."""

    role: Role
    get: Event
    sentinel: Constant
    consumers: int
    sent: int


def shortages(program: Program) -> Iterator[Shortage]:
    """The consumers of queues on which fewer sentinels are put than processes wait for."""
    if not program.complete:
        return
    for queue in dict.fromkeys(event.target for _, event in program.events(Verb.GET)):
        if queue.kind in QUEUES and not queue.many and not program.may_be_used_elsewhere(queue):
            yield from _of_queue(program, queue)


def _of_queue(program: Program, queue: Shared) -> Iterator[Shortage]:
    found = [(role, one) for role in program.roles for one in role.around.values() if _takes(one, queue)]
    ends = [(role, one, _ended_by(one)) for role, one in found if one.loops]
    waiting = [(role, one, sentinel) for role, one, sentinel in ends if sentinel is not None and _stays(program, role)]
    if not waiting or len({sentinel for _, _, sentinel in waiting}) > 1:
        return
    sentinel = waiting[0][2]
    assert sentinel is not None
    consumers = sum(_copies(program, role) or 1 for role, _, _ in waiting)
    sent = _sent(program, queue, sentinel)
    if sent is not None and 0 < sent < consumers:
        for role, one, _ in waiting:
            yield Shortage(role, one.event, sentinel, consumers, sent)


def _takes(one: Surroundings, queue: Shared) -> bool:
    event = one.event
    return event.verb is Verb.GET and event.target is queue and event.exact and event.blocking is Blocking.FOREVER


def _ended_by(one: Surroundings) -> Constant | None:
    """The one message that ends the loop around a get, where nothing else does."""
    loop = one.loops[-1]
    inner = one.above[one.above.index(loop) + 1 :]
    if loop.count is not None or any(isinstance(node, Try) and node.handlers for node in one.above):
        return None
    if any(isinstance(node, Choice) for node in inner):
        return None
    inside = {id(node) for node in walk(loop.body) if isinstance(node, (Block, Loop))} | {id(loop)}
    leaving = list(_ways_out(loop.body, one.event, None, inside, loop))
    known = {sentinel for sentinel in leaving if sentinel is not None}
    return known.pop() if leaving and None not in leaving and len(known) == 1 else None


def _ways_out(
    flow: Flow, get: Event, sentinel: Constant | None, inside: set[int], loop: Loop
) -> Iterator[Constant | None]:
    """For each way out of a loop: the message that this get has taken there, None where any may have come."""
    if isinstance(flow, Jump):
        if id(flow.target) not in inside or (flow.target is loop and not flow.again):
            yield sentinel
    elif isinstance(flow, (End, Raise)):
        if not isinstance(flow, Raise) or flow.sure:
            yield sentinel
    elif isinstance(flow, Choice) and flow.test is not None and flow.test.event is get:
        for index, branch in enumerate(flow.branches):
            told = flow.test.constant if index == (0 if flow.test.equal else 1) else sentinel
            yield from _ways_out(branch, get, told, inside, loop)
    else:
        for part in parts(flow):
            yield from _ways_out(part, get, sentinel, inside, loop)


def _stays(program: Program, role: Role) -> bool:
    """Whether a consumer surely runs and is waited for: nobody ends it, and it is no daemon or somebody joins it."""
    if role.kind is RoleKind.MAIN:
        return True
    process = role.process
    if role.kind is not RoleKind.PROCESS or process is None or _copies(program, role) is None:
        return False
    if program.may_be_used_elsewhere(process):
        return False
    mine = [event for _, event in program.uses(process, Verb.JOIN, Verb.TERMINATE, Verb.KILL)]
    if any(event.verb is not Verb.JOIN for event in mine):
        return False
    return role.daemon is False or any(event.blocking is Blocking.FOREVER for event in mine)


def _copies(program: Program, role: Role) -> int | None:
    """How many processes a role surely stands for; None where that is not known."""
    if role.process is None:
        return 1
    above = _copies(program, role.parent) if role.parent is not None and not role.thread else None
    if above is None or role.parent is None:
        return None
    mine = [one for one in role.parent.around.values() if one.event.target is role.process]
    made = [one for one in mine if one.event.verb is Verb.CREATE]
    starts = [one for one in mine if one.event.verb is Verb.START]
    if len(made) != 1 or len(starts) != 1 or any(isinstance(node, Choice) for one in mine for node in one.above):
        return None
    number = above
    for loop in made[0].loops:
        exact = loop.count.exact if loop.count is not None else None
        if exact is None:
            return None
        number *= exact
    return number


def _sent(program: Program, queue: Shared, sentinel: Constant) -> int | None:
    """How many sentinels are put at most; None where that is not known."""
    total = 0
    for role in program.roles:
        for one in role.around.values():
            event = one.event
            if event.verb is Verb.PUT and event.target is queue and event.payload == sentinel:
                number = _copies(program, role)
                for loop in one.loops:
                    high = loop.count.high if loop.count is not None else None
                    number = number * high if number is not None and high is not None else None
                if number is None:
                    return None
                total += number
    return total
