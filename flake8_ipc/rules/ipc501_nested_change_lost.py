"""IPC501 nested-change-lost.

Judged from: changes made in place to what came out of a proxy, against everything that any role puts in under that key.
Reported at: the change.
Missed: methods of the program's own classes that change their object; copies kept in a collection or an attribute.
Source: CPython documentation, multiprocessing, "Proxy Objects": modifications to mutable values in dict and list proxies
will not be propagated through the manager.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.study import Study
from ..finding import Finding
from ..model import CELLS, PROXIES, Kind, Verb
from .rule import Rule

_CURES = {
    Kind.NAMESPACE: "assign the whole changed object to the attribute, or keep a manager's list or dict in it",
}
_CURE = "put the whole changed object back, or keep a manager's list or dict in it"


def check(study: Study) -> Iterator[Finding]:
    """Copies that are changed and thrown away."""
    for _, event in study.program.events(Verb.CHANGE):
        proxy = event.target
        if event.used or not event.exact or not proxy.managed:
            continue
        if study.containers.surely_plain(proxy, event.key):
            yield Finding(
                "IPC501",
                event.place,
                f"what came out of {proxy} is a copy, so this change ({event.name}) never reaches the manager; "
                f"{_CURES.get(proxy.kind, _CURE)}",
                about=(proxy,),
            )


BAD = '''\
from multiprocessing import Manager, Process


def sign_up(teams, team, player):
    teams[team].append(player)  # want: IPC501


if __name__ == "__main__":
    with Manager() as manager:
        teams = manager.dict({"red": [], "blue": []})
        clerk = Process(target=sign_up, args=(teams, "red", "Ada"))
        clerk.start()
        clerk.join()
        print(dict(teams))
'''

GOOD = '''\
from multiprocessing import Manager, Process


def sign_up(teams, team, player):
    players = teams[team]
    players.append(player)
    teams[team] = players


if __name__ == "__main__":
    with Manager() as manager:
        teams = manager.dict({"red": [], "blue": []})
        clerk = Process(target=sign_up, args=(teams, "red", "Ada"))
        clerk.start()
        clerk.join()
        print(dict(teams))
'''

RULE = Rule(
    code="IPC501",
    name="nested-change-lost",
    summary="A plain object that came out of a proxy is changed in place: the change is made to a copy.",
    why="A proxy pickles what it holds and sends it over. The object at hand is a copy of one's own, which is thrown away "
    "with the change in it; nobody else ever sees it.",
    bad=BAD,
    good=GOOD,
    check=check,
    concerns=PROXIES | CELLS,
    silent=(
        "What the proxy holds is, or may be, a proxy itself.",
        "The changed copy is written back, or used in another way afterwards.",
        "d[k] += [x], which writes back.",
    ),
)
