"""IPC205 takes-own-message.

Judged from: all interleavings; a get counts where a process can be made to take what it put itself, and another
process is then left waiting on the same queue.
Reported at: its get.
Missed: queues that leave the file; programs with more states than are explored.
Source: CPython documentation, multiprocessing, "Exchanging objects between processes": a queue has no direction, every
process that gets from it takes the next item.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator

from ..analysis.explore.verdict import blocked
from ..analysis.graph import by_event, intersection
from ..analysis.study import Study
from ..finding import Finding
from ..model import QUEUES, Blocking, Event, Shared, Verb
from .rule import Rule
from .wording import at


def _after_own_put(study: Study, queue: Shared) -> Iterator[Event]:
    """The gets that a put of the same process can come before."""

    def step(state: bool, event: Event) -> bool:
        return state or (event.verb is Verb.PUT and event.target is queue)

    for role in study.program.roles:
        before = by_event(study.graph(role).forward(False, step, operator.or_))
        for event, states in before.items():
            if event.verb is Verb.GET and event.target is queue and any(states):
                yield event


def _asked(study: Study) -> Iterator[tuple[Shared, Event]]:
    """Queues on which a process asks and waits for its answer, with a get of another one that can come between."""

    def step(state: frozenset[Shared], event: Event) -> frozenset[Shared]:
        if event.verb is Verb.PUT and event.exact:
            return state | {event.target}
        return state - {event.target} if event.verb is Verb.GET else state

    gets = [pair for pair in study.program.events(Verb.GET) if pair[1].blocking is not Blocking.NEVER]
    nothing: frozenset[Shared] = frozenset()
    for role in dict.fromkeys(role for role, _ in gets):
        put = {event.target for event in role.events(Verb.PUT)}
        if put.isdisjoint(get.target for asker, get in gets if asker is role):
            continue
        before = by_event(study.graph(role).forward(nothing, step, intersection))
        # A run shows each time: always, or it is no question and answer.
        never = {_deed(one) for one in role.events(Verb.GET) if not all(one.target in at for at in before.get(one, [nothing]))}
        for asker, get in gets:
            queue = get.target
            if asker is not role or queue.open or _deed(get) in never or study.tokens.alike(queue):
                continue
            for other, second in gets:
                if other is role or second.target is not queue or not study.order.concurrent(role, get, other, second):
                    continue
                if study.stuck.meet(get, second):
                    # One victim is enough.
                    yield queue, second
                    break


def _deed(event: Event) -> object:
    """What an event does, the same for all those that are it again (``Event.again``)."""
    return event if event.clock is None else (event.target, event.place.spot)


def check(study: Study) -> Iterator[Finding]:
    """Gets that can take their own process's message and leave another process waiting."""
    victims: dict[Shared, Event] = {}
    for stuck, _, victim in blocked(study.stuck.own, Verb.GET):
        if any(event.target is victim.target for event in stuck.own):
            victims.setdefault(victim.target, victim)
    for queue, second in _asked(study):
        victims.setdefault(queue, second)
    for queue, victim in victims.items():
        for event in _after_own_put(study, queue):
            yield Finding(
                "IPC205",
                event.place,
                f"{event.name}() can take what this process put itself, and the get at "
                f"{at(victim.place, event.place)} waits for it in vain; use one queue for each direction",
                about=(queue,),
            )


BAD = '''\
from multiprocessing import Process, Queue


def ask(talk):
    talk.put("hello")
    print(talk.get())  # want: IPC205


if __name__ == "__main__":
    talk = Queue()
    child = Process(target=ask, args=(talk,))
    child.start()
    print(talk.get())
    talk.put("thank you")
    child.join()
'''

GOOD = '''\
from multiprocessing import Process, Queue


def ask(questions, answers):
    questions.put("hello")
    print(answers.get())


if __name__ == "__main__":
    questions, answers = Queue(), Queue()
    child = Process(target=ask, args=(questions, answers))
    child.start()
    print(questions.get())
    answers.put("thank you")
    child.join()
'''

RULE = Rule(
    code="IPC205",
    name="takes-own-message",
    summary="A process puts on a queue and gets from the same one while another also gets: it can take its own message.",
    why="A queue has no direction. Whoever gets first takes the item, the one who put it included, and the other side "
    "waits for a message that is gone.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=QUEUES,
    silent=(
        "A work queue whose every consumer treats every message alike.",
        "Two queues, one for each direction.",
    ),
)
