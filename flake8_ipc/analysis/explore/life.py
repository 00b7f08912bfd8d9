"""How copies of roles come up, are joined, and end, as CPython does it.

Sources: CPython Lib/multiprocessing/process.py, popen_fork.py (a fork inherits its parent's ends of pipes), util.py
(_exit_function ends daemons, and joins the children that are none).
"""

from __future__ import annotations

from ...model import Blocking, PipeEnd, Shared
from .machine import Deed
from .messages import close
from .state import DONE, RUNNING, Ground, State, Thread, TooBig


def spawn(ground: Ground, state: State, index: int, step: Deed) -> State:
    """Starts a copy of a role, which gets its ends of pipes."""
    role = ground.role_of.get(step.event.target)
    state = ground.go(state, index, step.next)
    if role is None:
        return state
    if len(state.threads) > 8:
        raise TooBig
    machine = ground.machines[role]
    copy = Thread(role, machine.start, (0,) * machine.slots, (), RUNNING, False, index)
    new = len(state.threads)
    state = state._replace(threads=(*state.threads, copy))
    if not ground.roles[role].thread:
        for shared in ground.objects:
            if isinstance(shared, PipeEnd) and _gets(ground, state, index, role, shared):
                buffer, holders = ground.pipe(state, shared)
                state = ground.hold(state, shared, (buffer, holders | {new}))
    return state


def _gets(ground: Ground, state: State, index: int, role: int, end: PipeEnd) -> bool:
    """Whether a new process has a copy of an end: it is given one, or is forked from a process that has it."""
    if end in ground.roles[role].given:
        return True
    process = ground.roles[role].process
    forked = ground.fork_only or (process is not None and process.context == "fork")
    return forked and ground.home(state, index) in ground.pipe(state, end)[1]


def join(ground: Ground, state: State, index: int, step: Deed) -> list[State] | None:
    """Waits until the copy that was started first and not yet joined has ended."""
    on = ground.go(state, index, step.next)
    role = ground.role_of.get(step.event.target)
    if step.event.blocking is not Blocking.FOREVER or not step.event.exact or role is None:
        return [on]
    copies = [number for number, thread in enumerate(state.threads) if thread.role == role]
    joined = dict(state.joined).get(role, 0)
    if joined >= len(copies):
        return [on]
    if state.threads[copies[joined]].status != DONE:
        return None
    return [on._replace(joined=tuple(sorted({**dict(state.joined), role: joined + 1}.items())))]


def end_copies(ground: Ground, state: State, process: Shared) -> State:
    """Ends all copies of a process at once."""
    role = ground.role_of.get(process)
    for number, thread in enumerate(state.threads):
        if thread.role == role and thread.status != DONE:
            state = finish(ground, state, number)
    return state


def finish(ground: Ground, state: State, index: int) -> State:
    """Ends a copy: its ends of pipes are closed, and the main program's daemons die with it."""
    thread = state.threads[index]
    state = ground.with_copy(state, index, thread._replace(status=DONE, pc=0, last=(), turns=(), sending=False))
    if not ground.roles[thread.role].thread:
        for shared in ground.objects:
            if isinstance(shared, PipeEnd):
                state = close(ground, state, index, shared)
    if thread.role == 0:
        # Daemons die with the main program (CPython util._exit_function).
        for number, other in enumerate(state.threads):
            if other.status != DONE and ground.roles[other.role].daemon is not False:
                state = finish(ground, state, number)
    return state
