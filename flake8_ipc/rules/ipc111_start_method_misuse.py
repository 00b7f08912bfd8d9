"""IPC111 start-method-misuse.

Judged from: calls of ``set_start_method`` without ``force``, with what surely fixed the default context before.
Reported at: the call.
Missed: what another module fixes when it is imported.
Source: CPython documentation, multiprocessing.set_start_method ("this should be called at most once, and it should be
protected inside the if __name__ == '__main__' clause"); Lib/multiprocessing/context.py, DefaultContext.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.contexts import fixed_before
from ..analysis.study import Study
from ..finding import Finding, Step
from ..model import Constant, Event, Role, Verb
from .rule import Rule
from .wording import at

_ERRORS = frozenset({"RuntimeError"})
# A forked child imports nothing anew.
_FORK = Constant("fork")


def check(study: Study) -> Iterator[Finding]:
    """Choices of the start method that raise, here or in the child that imports the module."""
    for role in study.program.roles:
        chosen = list(role.events(Verb.CHOOSE))
        if not chosen:
            continue
        handled = {one.event for one in role.around.values() if one.event in chosen and one.catches(_ERRORS)}
        before = fixed_before(study, role)
        for event in chosen:
            if event not in handled:
                yield from _judged(role, event, before.get(event))


def _judged(role: Role, event: Event, fixed: Event | None) -> Iterator[Finding]:
    steps: tuple[Step, ...] = ()
    if fixed is not None:
        steps = (Step(f"{_deed(fixed)} fixes the start method", fixed.place), Step("it is chosen", event.place))
        why = f"set_start_method() raises RuntimeError: {_deed(fixed)} at {at(fixed.place, event.place)} has fixed it already"
        mend = "choose it once, before anything else of multiprocessing, or use get_context()"
    elif event.setting.imported is not None and event.payload != _FORK:
        why = "set_start_method() runs whenever the module is imported: in a child that imports it anew it raises RuntimeError"
        mend = 'call it under if __name__ == "__main__"'
    else:
        return
    yield Finding("IPC111", event.place, f"{why}; {mend}", steps, (event.target,))


def _deed(event: Event) -> str:
    """What fixed the start method, in words."""
    if event.verb is Verb.CREATE:
        return f"making a {event.target.kind.value}"
    if event.verb is Verb.START:
        return f"the start of {event.target}"
    return f"{event.name}()"


BAD = '''\
from multiprocessing import Process, Queue, set_start_method


def weigh(parcel, weights):
    weights.put(len(parcel))


if __name__ == "__main__":
    weights = Queue()
    set_start_method("spawn")  # want: IPC111
    scales = Process(target=weigh, args=("books", weights))
    scales.start()
    print(weights.get())
    scales.join()
'''

GOOD = '''\
from multiprocessing import Process, Queue, set_start_method


def weigh(parcel, weights):
    weights.put(len(parcel))


if __name__ == "__main__":
    set_start_method("spawn")
    weights = Queue()
    scales = Process(target=weigh, args=("books", weights))
    scales.start()
    print(weights.get())
    scales.join()
'''

RULE = Rule(
    code="IPC111",
    name="start-method-misuse",
    summary="set_start_method is called where it must fail: twice, too late, or whenever the module is imported.",
    why="The default context takes one start method, once. A queue, lock, pool or manager, a started process or a mere "
    "question for the method fixes it, and choosing it afterwards raises RuntimeError. A child that imports the main "
    "module anew has it fixed before that.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "force=True.",
        "The RuntimeError is caught.",
        "fork is chosen when the module is imported: no child imports it anew.",
        "What came before fixes nothing: Pipe(), RawValue(), RawArray(), a process not started yet, cpu_count(), "
        "objects made from get_context(\"...\"), a process forked by a fork context.",
    ),
)
