"""What the records tell of objects -> the model's objects."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ..model import (
    CELLS,
    LOCKS,
    Argument,
    Barrier,
    Callee,
    CalleeKind,
    Cell,
    Fault,
    Handover,
    Kind,
    Lock,
    PipeEnd,
    Place,
    Process,
    ProcessClass,
    Queue,
    Shared,
    Signature,
)
from . import rooms
from .places import Where
from .sources import argument, elements, parameters

if TYPE_CHECKING:
    from .account import Account

Facts = dict[str, Any]


def make(account: Account, kind: str, where: Where, facts: Facts) -> Shared:
    """The object that was made there."""
    place = account.place(where)
    maker = rooms.makers.get(Kind[kind]) or _MAKERS.get(Kind[kind])
    if maker is not None:
        made = maker(account, Kind[kind], place, where, facts)
        if isinstance(made, Lock) and made.kind is Kind.CONDITION and made.lock is None and facts.get("lock"):
            # The lock that it makes itself: to take it by hand is to take the condition.
            account.register(facts["lock"], made, facts["at"])
    else:
        made = Shared(Kind[kind], place, bound(account, where))
    made.context = made.context or facts.get("context")
    if "manager" in facts:
        made.manager = account.find(facts["manager"], facts["at"])
    made.open = made.open or bool(facts.get("open"))
    return made


def bound(account: Account, where: Where) -> str:
    """The name that a new object is bound to, where the text shows one; else the call that made it."""
    source = account.source(where.path)
    made = source.at(where)
    for node in ast.walk(source.tree) if source.tree is not None and made is not None else ():
        if isinstance(node, ast.Assign) and node.value is made and len(node.targets) == 1:
            return source.text(node.targets[0])
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple) and isinstance(node.targets[0], ast.Tuple):
            for target, value in zip(node.targets[0].elts, node.value.elts):
                if value is made:
                    return source.text(target)
        if isinstance(node, ast.NamedExpr) and node.value is made:
            return source.text(node.target)
    return "it"


def _queue(account: Account, kind: Kind, place: Place, where: Where, facts: Facts) -> Shared:
    return Queue(kind, place, bound(account, where), maxsize=facts["maxsize"])


def end(account: Account, kind: Kind, place: Place, where: Where, facts: Facts) -> Shared:
    end = PipeEnd(kind, place, _sharedof(account, where, facts), readable=facts["readable"], writable=facts["writable"])
    peer = account.find(facts["peer"], facts["at"])
    if isinstance(peer, PipeEnd) and peer.peer is None:
        end.peer, peer.peer = peer, end
    return end


def _lock(account: Account, kind: Kind, place: Place, where: Where, facts: Facts) -> Shared:
    inner = account.find(facts.get("lock"), facts["at"])
    return Lock(
        kind, place, bound(account, where), count=facts.get("count", 1), lock=inner if isinstance(inner, Lock) else None
    )


def _barrier(account: Account, kind: Kind, place: Place, where: Where, facts: Facts) -> Shared:
    return Barrier(kind, place, bound(account, where), parties=facts["parties"])


def _cell(account: Account, kind: Kind, place: Place, where: Where, facts: Facts) -> Shared:
    own = None
    if facts["lock"] is not None:
        found = account.find(facts["lock"], facts["at"])
        own = found if isinstance(found, Lock) else Lock(Kind.RLOCK, place, "its lock", facts.get("context"))
        # A cell's own lock is known by its number too: the program may take it by hand.
        account.register(facts["lock"], own, facts["at"])
    name = bound(account, where)
    cell = Cell(kind, place, name, typecode=facts["typecode"], raw=facts["raw"], lock=own, length=facts["length"])
    cell.pointer = facts.get("pointer")
    return cell


def _sharedof(account: Account, where: Where, facts: Facts) -> str:
    """The name of one end in ``a, b = Pipe()``: the peer of the first that was made is the second."""
    both = bound(account, where).strip("()")
    names = [name.strip() for name in both.split(",")]
    peer = account.find(facts["peer"], facts["at"])
    second = isinstance(peer, PipeEnd) and peer.peer is None
    return names[second] if len(names) == 2 else "second end" if second else "first end"


def _process(account: Account, kind: Kind, place: Place, where: Where, facts: Facts) -> Shared:
    # What a subclass hands on stands in its own ``__init__``.
    where = Where(*facts["within"]) if "within" in facts else where
    call = account.source(where.path).at(where)
    subclass = None
    if facts["class"] is not None:
        subclass = ProcessClass(facts["class"], place, runs=facts["runs"])
    told = facts["handover"]
    name = facts["class"] or (told["callee"]["name"] if told["callee"]["kind"] != "NONE" else "the process")
    return Process(
        kind,
        place,
        name,
        context=facts.get("method"),
        handover=handover(account, _of_process(call), where, told, facts["at"], place),
        daemon=bool(facts["daemon"]),
        subclass=subclass,
        group_given=facts.get("group_given", False),
    )


class Nodes(NamedTuple):
    """Where a call's text has what is handed over: the callable, each argument, all of them, those by keyword."""

    target: ast.expr | None
    each: list[ast.expr]
    given: ast.expr | None
    named: ast.expr | None


def _of_process(call: ast.expr | None) -> Nodes:
    given = argument(call, "args", 3)
    return Nodes(argument(call, "target", 1), list(elements(given)), given, argument(call, "kwargs", 4))


def handover(account: Account, nodes: Nodes, where: Where, handed: Facts, at: int, place: Place) -> Handover:
    """What is handed over, each part with its place in the text."""
    source = account.source(where.path)
    found = Handover(place, _callee(account, handed["callee"], nodes.target, where, place, at))
    if handed.get("not_a_sequence"):
        text = source.text(nodes.given) if nodes.given is not None else "args"
        found.not_a_sequence = (text, source.place(nodes.given) if nodes.given is not None else place)
        found.complete = False
        return found
    found.complete = handed["complete"]
    for number, one in enumerate(handed["arguments"]):
        node = nodes.each[number] if number < len(nodes.each) and "keyword" not in one else nodes.given
        if "keyword" in one:
            node = _keyword(nodes.named, one["keyword"])
        found.arguments.append(
            Argument(
                source.place(node) if node is not None else place,
                source.text(node) if node is not None else "an argument",
                (
                    *(shared for name in one["shared"] if (shared := account.find(name, at)) is not None),
                    *([Shared(Kind.THREAD_ONLY, place, one["thread_only"])] if one["thread_only"] else ()),
                ),
                one.get("keyword"),
                Fault[one["fault"]] if "fault" in one else None,
            )
        )
    return found


def _keyword(given: ast.expr | None, name: str) -> ast.expr | None:
    """The value of one keyword argument in the dictionary that gives them all, where that is written out."""
    if isinstance(given, ast.Dict):
        for key, value in zip(given.keys, given.values):
            if isinstance(key, ast.Constant) and key.value == name:
                return value
    if isinstance(given, ast.Call):
        return next((one.value for one in given.keywords if one.arg == name), given)
    return given


def _callee(account: Account, told: Facts, node: ast.expr | None, where: Where, place: Place, at: int) -> Callee | None:
    source = account.source(where.path)
    kind = CalleeKind[told["kind"]]
    if kind is CalleeKind.NONE and node is None:
        return None
    if kind in (CalleeKind.NONE, CalleeKind.NOT_CALLABLE) and isinstance(node, ast.Call):
        kind = CalleeKind.CALLED
    # An object of the program's own may leave behind what it holds when it is pickled.
    along = [name for name in told.get("shared", ()) if name not in told.get("within", ())]
    return Callee(
        kind,
        source.text(node) if node is not None else told["name"],
        source.place(node) if node is not None else place,
        _signature(told.get("signature")),
        shared=tuple(shared for name in along if (shared := account.find(name, at)) is not None),
        fault=Fault[told["fault"]] if "fault" in told else _guarded(account, told, kind),
    )


def _guarded(account: Account, told: Facts, kind: CalleeKind) -> Fault | None:
    """Whether a function stands under the main guard, where a child that imports the module does not find it."""
    if kind is not CalleeKind.FUNCTION or "definition" not in told:
        return None
    source = account.source(told["definition"][0])
    node = source.function(told["definition"][1])
    return Fault.GUARDED if node is not None and source.guarded(node) else None


def _signature(told: Facts | None) -> Signature | None:
    if told is None:
        return None
    return Signature(
        tuple(told["positional"]),
        told["positional_only"],
        told["defaults"],
        tuple(told["keyword_only"]),
        tuple(told["keyword_required"]),
        told["star"],
        told["star_star"],
    )


def landing(account: Account, handed: Facts) -> Iterator[tuple[str, Place | None]]:
    """The objects that a process is handed, each with the place of the parameter that it lands in."""
    names: dict[str, Place] = {}
    order: list[Place] = []
    definition = handed["callee"].get("definition")
    if definition is not None:
        source = account.source(definition[0])
        node = source.function(definition[1])
        found = parameters(node) if node is not None else []
        if handed["callee"]["kind"] == "METHOD":
            found = found[1:]
        order = [source.place(one) for one in found]
        names = {one.arg: source.place(one) for one in found}
    for name in handed["callee"].get("shared", ()):
        yield name, None
    for number, one in enumerate(handed.get("arguments", ())):
        keyword = one.get("keyword")
        place = names.get(keyword) if keyword is not None else order[number] if number < len(order) else None
        for name in one["shared"]:
            yield name, place


def kept(account: Account, init: list[Any] | None, attributes: dict[str, str]) -> dict[str, Place]:
    """Of the objects that a process keeps in its attributes, those that its ``__init__`` was given: where they land."""
    source = account.source(init[0]) if init is not None and attributes else None
    node = source.function(init[1]) if source is not None and init is not None else None
    if source is None or node is None:
        return {}
    places = {one.arg: source.place(one) for one in (*parameters(node), *node.args.kwonlyargs)}
    return {
        attributes[target.attr]: places[value.id]
        for statement in ast.walk(node)
        if isinstance(statement, ast.Assign)
        for target, value in _pairs(statement)
        if isinstance(target, ast.Attribute) and target.attr in attributes
        if isinstance(value, ast.Name) and value.id in places
    }


def _pairs(statement: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What an assignment binds, and to what: of tuples one by one."""
    for target in statement.targets:
        if isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
            yield from zip(target.elts, statement.value.elts)
        else:
            yield target, statement.value


_MAKERS: dict[Kind, Callable[[Account, Kind, Place, Where, Facts], Shared]] = {
    Kind.QUEUE: _queue,
    Kind.SIMPLE_QUEUE: _queue,
    Kind.JOINABLE_QUEUE: _queue,
    Kind.PIPE_END: end,
    Kind.PROCESS: _process,
    Kind.THREAD: _process,
    **dict.fromkeys(LOCKS, _lock),
    Kind.BARRIER: _barrier,
    **dict.fromkeys(CELLS, _cell),
}
