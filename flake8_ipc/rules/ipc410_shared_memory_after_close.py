"""IPC410 shared-memory-after-close.

Judged from: the state of each mapping along a role's flow, and the blocks that are unlinked before an attachment by
name; only what holds on every path counts.
Reported at: the use, or the attachment.
Missed: mappings in a collection; blocks that another process unlinked.
Source: CPython Lib/multiprocessing/shared_memory.py: close() releases the memoryview and sets it to None; a name that was
unlinked is gone from the system.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.blocks import unlinked_before
from ..analysis.lifecycle import MAYBE
from ..analysis.study import Study
from ..analysis.surroundings import in_its_turn
from ..finding import Finding
from ..model import BLOCKS, Event, Memory, Role, Verb
from .rule import Rule
from .wording import at

_OPEN, _CLOSED, _FAILED = "open", "closed", "failed"
_USES = frozenset({Verb.QUERY, Verb.READ, Verb.WRITE})


def check(study: Study) -> Iterator[Finding]:
    """Mappings that are gone, and names that are."""
    for role in study.program.roles:
        closes = [event for event in role.events(Verb.CLOSE) if isinstance(event.target, Memory)]
        for handle in dict.fromkeys(event.target for event in closes):
            close = next(event for event in closes if event.target is handle)
            for event, found in study.lifecycle.before(role, handle, _OPEN, _step).items():
                if event.verb in _USES and event.exact and _CLOSED in found and in_its_turn(role, event):
                    yield Finding(
                        "IPC410",
                        event.place,
                        f"{handle} was closed at {at(close.place, event.place)}: its memory is no longer mapped here, and "
                        "this use fails; copy out what is needed before close()",
                        about=(handle,),
                    )
        yield from _attached_too_late(study, role)


def _step(state: str, event: Event) -> str:
    if event.verb in (Verb.CREATE, Verb.ATTACH):
        return _OPEN
    if event.verb is Verb.CLOSE:
        return _CLOSED if event.exact else MAYBE
    # The first use raises: what follows is not reached.
    return _FAILED if state == _CLOSED and event.verb in _USES else state


def _attached_too_late(study: Study, role: Role) -> Iterator[Finding]:
    """Attachments by the name of a block that has been unlinked."""
    attached = [event for event in role.events(Verb.ATTACH) if isinstance(event.target, Memory)]
    if not attached or not any(True for _ in study.program.events(Verb.UNLINK, Verb.SHUTDOWN)):
        return
    before = unlinked_before(study, role)
    for event in attached:
        block = event.target.origin if isinstance(event.target, Memory) else event.target
        if block in before.get(event, ()) and event.exact and not block.many:
            yield Finding(
                "IPC410",
                event.place,
                f"{block} has been unlinked by now: its name is gone, and FileNotFoundError is raised; "
                "attach it first and unlink it last",
                about=(block,),
            )


BAD = '''\
from multiprocessing import Process
from multiprocessing.shared_memory import SharedMemory


def brighten(name):
    picture = SharedMemory(name=name)
    picture.buf[0] = 255
    picture.close()


if __name__ == "__main__":
    picture = SharedMemory(create=True, size=1024)
    painter = Process(target=brighten, args=(picture.name,))
    painter.start()
    painter.join()
    picture.close()
    print(picture.buf[0])  # want: IPC410
    picture.unlink()
'''

GOOD = '''\
from multiprocessing import Process
from multiprocessing.shared_memory import SharedMemory


def brighten(name):
    picture = SharedMemory(name=name)
    picture.buf[0] = 255
    picture.close()


if __name__ == "__main__":
    picture = SharedMemory(create=True, size=1024)
    painter = Process(target=brighten, args=(picture.name,))
    painter.start()
    painter.join()
    print(picture.buf[0])
    picture.close()
    picture.unlink()
'''

RULE = Rule(
    code="IPC410",
    name="shared-memory-after-close",
    summary="The memory of a block is used after this process closed it, or a name is attached after it was unlinked.",
    why="close() takes the mapping away: buf is None, and a view of it is released. unlink() takes the name away: who has "
    "the block mapped keeps it, but nobody can attach it any more.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=BLOCKS,
    silent=(
        "The name and the size of a closed block.",
        "A new attachment under the same variable.",
        "One's own mapping after unlink().",
        "The block is closed on some paths only.",
    ),
)
