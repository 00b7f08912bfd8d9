"""IPC505 proxy-iterated-in-child.

Judged from: iterations over dict proxies, with the process that made each, and what is put on the queues, pipes and
proxies that they come out of.
Reported at: the iteration.
Missed: dict proxies that come from code that cannot be seen, or in a message with other things.
Source: CPython Lib/multiprocessing/managers.py: DictProxy's ``__iter__`` makes a proxy of the iterator with the manager's
own registry, and a proxy that was pickled or inherited has no manager.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import Event, Kind, Role, Shared, Verb
from .rule import Rule


def check(study: Study) -> Iterator[Finding]:
    """Dict proxies that are iterated where they have no manager."""
    makers = {event.target: role for role, event in study.program.events(Verb.CREATE) if event.target.kind is Kind.DICT}
    for role, event in study.program.events(Verb.ITERATE):
        proxy = _came_out(study, event) if event.inside else _iterated(makers, role, event)
        if proxy is None:
            continue
        where = "here" if event.inside or event.received else f"in {role.name}"
        yield Finding(
            "IPC505",
            event.place,
            f"AttributeError: {proxy} has no manager {where}, and iterating a dict proxy needs one; iterate "
            f"{proxy}.keys() or {proxy}.items()",
            about=(proxy,),
        )


def _iterated(makers: dict[Shared, Role], role: Role, event: Event) -> Shared | None:
    """A dict proxy that was not made in this process, or came back into it as a copy."""
    proxy = event.target
    maker = makers.get(proxy)
    if proxy.kind is not Kind.DICT or maker is None:
        return None
    return proxy if event.received or maker.home is not role.home else None


def _came_out(study: Study, event: Event) -> Shared | None:
    """The dict proxy that came out of a queue or pipe, where all that goes in are such."""
    held = study.containers.may_be(event.target)
    if not held or event.target.open:
        return None
    proxies = [one.shared for one in held if one.shared is not None and one.shared.kind is Kind.DICT and one.shared.managed]
    return proxies[0] if len(proxies) == len(held) else None


BAD = '''\
from multiprocessing import Manager, Process


def report(stock):
    for article in stock:  # want: IPC505
        print(article, stock[article])


if __name__ == "__main__":
    with Manager() as manager:
        stock = manager.dict({"nails": 900, "screws": 40})
        clerk = Process(target=report, args=(stock,))
        clerk.start()
        clerk.join()
'''

GOOD = '''\
from multiprocessing import Manager, Process


def report(stock):
    for article in stock.keys():
        print(article, stock[article])


if __name__ == "__main__":
    with Manager() as manager:
        stock = manager.dict({"nails": 900, "screws": 40})
        clerk = Process(target=report, args=(stock,))
        clerk.start()
        clerk.join()
'''

RULE = Rule(
    code="IPC505",
    name="proxy-iterated-in-child",
    summary="A dict proxy is iterated in a process that did not make it, or after it came out of a proxy, queue or pipe.",
    why="The iterator of a dict proxy is a proxy as well, and making it takes the manager object, which exists only where the "
    "dict was made. Every version from 3.10 to 3.13 raises AttributeError.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=frozenset({Kind.DICT}),
    silent=(
        "keys(), values(), items(), copy(), dict(d) and **d, which give plain data.",
        "A list proxy.",
        "The process, or a thread of it, that made the dict.",
    ),
)
