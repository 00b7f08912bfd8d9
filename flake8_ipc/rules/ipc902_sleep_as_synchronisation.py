"""IPC902 sleep-as-synchronisation (an opinion, off by default).

Judged from: ``time.sleep`` while a child lives, followed by a look at what that child makes, with no join, message,
event or the like between them.
Reported at: the sleep.
Missed: files and other things outside the program that the child makes.
Source: CPython documentation, multiprocessing, "Synchronization between processes"; time.sleep, which promises nothing of
what others do meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.graph import by_event, union
from ..analysis.study import Study
from ..finding import Finding, Step
from ..model import CELLS, QUEUES, Blocking, Event, Kind, Program, Role, Shared, Verb
from .rule import Rule
from .wording import at

# Who makes and who looks, by verb.
_MAKES = (Verb.WRITE, Verb.CALL, Verb.PUT, Verb.SEND)
_LOOKS = (Verb.READ, Verb.SIZE, Verb.GET, Verb.POLL)
_MADE = CELLS | QUEUES | {
    Kind.DICT, Kind.LIST, Kind.NAMESPACE, Kind.PROXY, Kind.SHARED_MEMORY, Kind.SHAREABLE_LIST, Kind.PIPE_END,
    Kind.VARIABLE,
}  # fmt: skip
# What waits for another process as it should be.
_WAITS = frozenset({Verb.JOIN, Verb.GET, Verb.RECV, Verb.WAIT, Verb.RESULT, Verb.SHUTDOWN})


def check(study: Study) -> Iterator[Finding]:
    """Sleeps that are there for a child to have done something."""
    for role in study.program.roles:
        if any(map(_sleeps, role.events(Verb.PAUSE))):
            yield from _in_role(study, role)


def _in_role(study: Study, role: Role) -> Iterator[Finding]:
    nothing: frozenset[Event] = frozenset()
    slept = by_event(study.graph(role).forward(nothing, _step, union))
    loops = {one.event: one.loops for one in role.around.values()}
    told: set[Event] = set()
    for look in role.events(*_LOOKS):
        if look.target.kind not in _MADE or _waits(look):
            continue
        for sleep in nothing.union(*slept.get(look, [])) - told:
            if set(map(id, loops[sleep])) & set(map(id, loops[look])):
                # A loop that looks again and again waits for what it sees, not for the clock.
                continue
            alive = study.order.alive(role, sleep)
            maker = _maker(study.program, look.target, alive)
            if maker is not None:
                told.add(sleep)
                yield Finding(
                    "IPC902",
                    sleep.place,
                    f"sleeping does not make sure that {maker.name} has done its part before {look.target} is looked at "
                    f"({at(look.place, sleep.place)}); join it, or wait for a message or an Event",
                    (Step("the parent sleeps", sleep.place), Step(f"it looks at {look.target}", look.place)),
                    (look.target,),
                )


def _step(slept: frozenset[Event], event: Event) -> frozenset[Event]:
    if _sleeps(event):
        return slept | {event}
    return frozenset() if event.verb in _WAITS and _waits(event) else slept


def _sleeps(event: Event) -> bool:
    return event.verb is Verb.PAUSE and event.name == "time.sleep"


def _waits(event: Event) -> bool:
    return event.verb in _WAITS and event.blocking is not Blocking.NEVER


def _maker(program: Program, made: Shared, alive: frozenset[Shared]) -> Role | None:
    """The child alive, or a child of its own, that makes what is looked at."""
    targets = {made, getattr(made, "peer", None)}
    for role, event in program.events(*_MAKES):
        ancestor: Role | None = role
        while ancestor is not None and event.target in targets:
            if ancestor.process in alive:
                return role
            ancestor = ancestor.parent
    return None


BAD = '''\
import time
from multiprocessing import Process, Value


def bake(loaves):
    for _ in range(12):
        with loaves.get_lock():
            loaves.value += 1


if __name__ == "__main__":
    loaves = Value("i", 0)
    baker = Process(target=bake, args=(loaves,))
    baker.start()
    time.sleep(1)  # want: IPC902
    print(loaves.value, "loaves")
    baker.join()
'''

GOOD = '''\
import time
from multiprocessing import Process, Value


def bake(loaves):
    for _ in range(12):
        time.sleep(0.01)
        with loaves.get_lock():
            loaves.value += 1


if __name__ == "__main__":
    loaves = Value("i", 0)
    baker = Process(target=bake, args=(loaves,))
    baker.start()
    baker.join()
    print(loaves.value, "loaves")
'''

RULE = Rule(
    code="IPC902",
    name="sleep-as-synchronisation",
    summary="time.sleep stands where a join, an event or a message belongs.",
    why="A sleep waits for the clock and not for the other process. On a busy machine the child has not come that far, on "
    "an idle one the program waits in vain.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "A join, a get, a recv or a wait stands between the sleep and the look.",
        "A loop that sleeps and looks again until it sees what it waits for.",
        "Sleeps that only make work last, in the child or before anything is started.",
    ),
    default=False,
)
