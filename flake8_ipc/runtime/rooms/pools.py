"""Pools and executors in the account: their workers, their tasks, what comes back."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...model import Event, Kind, Place, Pool, Program, Result, Role, RoleKind, Shared, Verb
from ..objects import Facts, Nodes, bound, handover, landing
from ..places import Where
from ..sources import argument, elements
from ..told import Told
from . import Line, amends, casts, finishes, makes, opens

if TYPE_CHECKING:
    from ..account import Account

_APPLY = frozenset({"apply", "apply_async"})
_ITERATORS = frozenset({"imap", "imap_unordered"})


@makes(Kind.POOL, Kind.EXECUTOR, Kind.THREAD_POOL)
def _pool(account: Account, kind: Kind, place: Place, where: Where, facts: Facts) -> Shared:
    made = Pool(kind, place, bound(account, where), facts.get("method"), size=facts["size"], daemonic=kind is Kind.POOL)
    if "handover" in facts:
        call = account.source(where.path).at(where)
        first = 1 if kind is Kind.POOL else 2
        given = argument(call, "initargs", first + 1)
        nodes = Nodes(argument(call, "initializer", first), list(elements(given)), given, None)
        made.initializer = handover(account, nodes, where, facts["handover"], facts["at"], place)
    return made


@opens
def _results(account: Account) -> None:
    """Makes the results of each call that hands in tasks."""
    for told in account.told.values():
        for line in told.events:
            site = line[7].get("result") if line[2] == "SUBMIT" else None
            pool = account.find(line[3], line[6])
            if site is None or pool is None or pool.kind is Kind.THREAD_POOL or account.find(site, line[6]) is not None:
                continue
            how, where = line[7]["how"], told.places[line[4]]
            iterator = how in _ITERATORS or (how == "map" and pool.kind is Kind.EXECUTOR)
            result = Result(Kind.RESULT, account.place(where), f"{pool.name}.{how}", pool=pool, iterator=iterator)
            result.called_back = bool(line[7].get("called_back"))
            result.raised = any(("raises", site) in other.more for other in account.told.values())
            if not result.raised and any(("unanswered", site) in other.more for other in account.told.values()):
                result.raised = None
            account.register(site, result, line[6])


@casts
def _works(account: Account, told: Told, role: Role) -> None:
    """What works for a pool: a task's role, which is given all that its initializer and the tasks are."""
    inode = next((key for what, key in told.more if what == "worker"), None)
    if inode is None:
        return
    for maker in account.told.values():
        for (what, name), lines in maker.more.items():
            pool = account.find(str(name), maker.last) if what == "workers" and [inode] in lines else None
            if isinstance(pool, Pool):
                role.kind, role.process, role.name = RoleKind.TASK, pool, f"a worker of {pool}"
                role.many = pool.size != 1 and _comes_again(account, str(name))
                times: Counter[Shared] = Counter()
                for shared, where, often in _given(account, maker, str(name)):
                    role.given.setdefault(shared, where)
                    times[shared] += 1 + often
                role.lone = frozenset(shared for shared, count in times.items() if count == 1)


@finishes
def _made_by_tasks(account: Account, program: Program) -> None:
    """What a task makes for itself, and for its own children, is no other copy's: each object of a run is one."""
    copies = [role for role in program.roles if role.many]
    made = frozenset(event.target for role in copies for event in role.events(Verb.CREATE))
    for role in program.roles if made else ():
        role.lone |= made


def _comes_again(account: Account, pool: str) -> bool:
    """Whether some task of a pool is handed in more than once, so that two workers may be at it."""
    tasks = [
        (told.places[line[4]], bool(line[7]["each"]))
        for told in account.told.values()
        for line in told.events
        if line[2] == "SUBMIT" and line[3] == pool and "handover" in line[7]
    ]
    return any(each for _, each in tasks) or len({where for where, _ in tasks}) < len(tasks)


def _given(account: Account, maker: Told, pool: str) -> Iterator[tuple[Shared, Place | None, bool]]:
    """What is given to a pool's workers; whether more than one of them is by the same call."""
    handed: list[tuple[Facts, int, bool]] = [
        (facts["handover"], facts["at"], True) for name, _, _, facts in maker.objects if name == pool and "handover" in facts
    ]
    for other in account.told.values():
        lines = (line for line in other.events if line[2] == "SUBMIT" and line[3] == pool)
        handed += [(line[7]["handover"], line[6], bool(line[7]["each"])) for line in lines]
    for facts, at, often in handed:
        for name, where in landing(account, facts):
            shared = account.find(name, at)
            if shared is not None:
                yield shared, where, often


@amends
def _task(account: Account, line: Line, event: Event) -> Event | None:
    if event.verb is Verb.SUBMIT and "handover" in line.facts and event.target.kind is not Kind.THREAD_POOL:
        found = account.find(line.facts["result"], line.told.last)
        event.result = found if isinstance(found, Result) else None
        call = account.source(line.where.path).at(line.where)
        nodes = _nodes(call, line.facts["how"], event.target.kind)
        event.handover = handover(account, nodes, line.where, line.facts["handover"], line.told.last, event.place)
        event.handover.each = bool(line.facts["each"])
        event.blocking = event.blocking.NEVER
    return event


def _nodes(call: ast.expr | None, how: str, kind: Kind) -> Nodes:
    if how in _APPLY:
        given = argument(call, "args", 1)
        return Nodes(argument(call, "func", 0), list(elements(given)), given, argument(call, "kwds", 2))
    rest = call.args[1:] if isinstance(call, ast.Call) and not any(isinstance(one, ast.Starred) for one in call.args) else []
    if kind is Kind.EXECUTOR:
        # ``run_in_executor(executor, function, ...)`` has its function one further on.
        through = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "run_in_executor"
        first = 1 if through else 0
        return Nodes(argument(call, "fn", first), rest[first:], None, call if isinstance(call, ast.Call) else None)
    given = argument(call, "iterable", 1)
    return Nodes(argument(call, "func", 0), [], given, None)
