"""IPC302 end-used-twice.

Judged from: the processes that send or receive on one and the same end at the same time.
Reported at: the use in the process that gave the end away, or the second ``Process(...)`` that is given it.
Missed: ends that leave the file.
Source: CPython documentation, multiprocessing.Pipe: "data in a pipe may become corrupted if two processes (or threads)
try to read from or write to the same end of the pipe at the same time".
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.ends import household
from ..analysis.study import Study
from ..finding import Finding
from ..model import Event, Kind, PipeEnd, Role, Verb
from .rule import Rule
from .wording import at

_USES = (Verb.SEND, Verb.RECV)


def check(study: Study) -> Iterator[Finding]:
    """Ends that two processes use at once."""
    for end in study.program.objects:
        if isinstance(end, PipeEnd) and not end.open:
            yield from _second_users(study, end)


def _second_users(study: Study, end: PipeEnd) -> Iterator[Finding]:
    users = [(role, _uses(study, role, end)) for role in study.program.roles if not role.thread]
    users = [(role, uses) for role, uses in users if uses]
    for index, (role, uses) in enumerate(users):
        if role.process is not None and not end.many and end not in role.lone and _copies_clash(study, role, uses):
            yield _at_creation(role, end, "its copies")
        for other, others in users[index + 1 :]:
            clash = _clash(study, role, uses, other, others)
            if clash is None:
                continue
            mine = clash[1] if role in _ancestors(other) else None
            if mine is not None:
                yield Finding(
                    "IPC302",
                    mine.place,
                    f"{mine.name}() uses the very end that {other.name} was given and uses too (at "
                    f"{at(clash[3].place, mine.place)}): messages go to the wrong side; use the other end here",
                    about=(end,),
                )
            else:
                yield _at_creation(other, end, f"{role.name} and {other.name}")
            break


def _at_creation(role: Role, end: PipeEnd, who: str) -> Finding:
    assert role.process is not None
    return Finding(
        "IPC302",
        role.process.place,
        f"{end} is used by several processes at once ({who}): their messages mix; give each a pipe of its own, or hold "
        f"one lock around every use",
        about=(end,),
    )


def _uses(study: Study, role: Role, end: PipeEnd) -> list[tuple[Role, Event]]:
    return [
        (one, event) for one in household(study.program, role) for event in one.events(*_USES) if event.target is end
    ]


def _copies_clash(study: Study, role: Role, uses: list[tuple[Role, Event]]) -> bool:
    if not study.order.overlaps(role):
        return False
    locks = [study.locks.names(one, event) for one, event in uses]
    return not frozenset.intersection(*locks)


def _clash(
    study: Study, role: Role, uses: list[tuple[Role, Event]], other: Role, others: list[tuple[Role, Event]]
) -> tuple[Role, Event, Role, Event] | None:
    for one, event in uses:
        for two, second in others:
            # Of several ends, one that is not told apart may be another one.
            if not (event.exact and second.exact) and (event.target.many or not (event.exact or second.exact)):
                continue
            common = study.locks.names(one, event) & study.locks.names(two, second)
            if not common and study.order.alive_together(one, event, two, second):
                return one, event, two, second
    return None


def _ancestors(role: Role) -> list[Role]:
    found = []
    while role.parent is not None:
        role = role.parent
        found.append(role)
    return found


BAD = '''\
from multiprocessing import Pipe, Process


def scan(shard, report):
    for batch in range(50):
        report.send((shard, batch))
    report.close()


if __name__ == "__main__":
    inbox, report = Pipe(duplex=False)
    scanners = []
    for shard in range(4):
        scanner = Process(target=scan, args=(shard, report))  # want: IPC302
        scanner.start()
        scanners.append(scanner)
    report.close()
    for _ in range(200):
        print(inbox.recv())
    for scanner in scanners:
        scanner.join()
'''

GOOD = '''\
from multiprocessing import Lock, Pipe, Process


def scan(shard, report, turn):
    for batch in range(50):
        with turn:
            report.send((shard, batch))
    report.close()


if __name__ == "__main__":
    inbox, report = Pipe(duplex=False)
    turn = Lock()
    scanners = []
    for shard in range(4):
        scanner = Process(target=scan, args=(shard, report, turn))
        scanner.start()
        scanners.append(scanner)
    report.close()
    for _ in range(200):
        print(inbox.recv())
    for scanner in scanners:
        scanner.join()
'''

RULE = Rule(
    code="IPC302",
    name="end-used-twice",
    summary="One end of a pipe is used by two processes at the same time.",
    why="A pipe has one reader and one writer on each side. Two senders on one end mix their bytes, and of two readers "
    "each gets what was meant for the other.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.PIPE_END}),
    silent=(
        "Every use stands under one common lock.",
        "One of the processes only closes the end.",
        "The processes follow one another: the first is joined before the second starts.",
    ),
)
