"""Small builders for programs made by hand; each thing stands on a line of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from flake8_ipc.analysis.graph import Graph
from flake8_ipc.model import (
    Barrier,
    Blocking,
    Cell,
    Choice,
    Constant,
    Count,
    Event,
    Flow,
    Handler,
    Jump,
    Key,
    Kind,
    Lock,
    Loop,
    PipeEnd,
    Place,
    Pool,
    Process,
    Program,
    Queue,
    Result,
    Role,
    RoleKind,
    Seq,
    Shared,
    Stream,
    Subprocess,
    Test,
    Try,
    Verb,
)

_LINES = itertools.count(1)


def here() -> Place:
    """The next line of the program."""
    return Place("program.py", next(_LINES))


# -- objects


def queue(name: str = "q", maxsize: int | None = 0, *, kind: Kind = Kind.QUEUE, open: bool = False) -> Queue:
    return Queue(kind, here(), name, maxsize=maxsize, open=open)


def pipe(left: str = "left", right: str = "right") -> tuple[PipeEnd, PipeEnd]:
    one, other = PipeEnd(Kind.PIPE_END, here(), left), PipeEnd(Kind.PIPE_END, here(), right)
    one.peer, other.peer = other, one
    return one, other


def value(name: str = "v", *, locked: bool = True) -> Cell:
    return Cell(Kind.VALUE, here(), name, typecode="i", lock=lock(f"{name}.lock", kind=Kind.RLOCK) if locked else None)


def lock(name: str = "l", *, kind: Kind = Kind.LOCK, count: int | None = 1, over: Lock | None = None) -> Lock:
    return Lock(kind, here(), name, count=count, lock=over)


def semaphore(count: int, name: str = "s") -> Lock:
    return lock(name, kind=Kind.SEMAPHORE, count=count)


def flag(name: str = "e") -> Shared:
    return Shared(Kind.EVENT, here(), name)


def barrier(parties: int | None, name: str = "b") -> Barrier:
    return Barrier(Kind.BARRIER, here(), name, parties=parties)


def process(name: str = "p", *, daemon: bool | None = False, thread: bool = False, many: bool = False) -> Process:
    return Process(Kind.THREAD if thread else Kind.PROCESS, here(), name, daemon=daemon, many=many)


def popen(name: str = "child", *pipes: str, many: bool = False) -> Subprocess:
    """A child with these pipes (``stdout``)."""
    made = Subprocess(Kind.SUBPROCESS, here(), name, many=many)
    made.streams = {which: Stream(Kind.STREAM, here(), which, which=which, child=made) for which in pipes}
    return made


def pool(name: str = "pool", *, kind: Kind = Kind.POOL) -> Pool:
    return Pool(kind, here(), name)


def result(of: Pool, name: str = "result", *, iterator: bool = False) -> Result:
    return Result(Kind.RESULT, here(), name, pool=of, iterator=iterator)


# -- events


def event(verb: Verb, target: Shared, *, blocking: Blocking = Blocking.FOREVER, exact: bool = True,
          payload: Constant | None = None, raises: str | None = None, reads: tuple[Event, ...] = ()) -> Event:
    name = f"{target.name}.{verb.name.lower()}"
    return Event(verb, target, here(), name, blocking, payload, exact=exact, raises=raises, reads=reads)


def put(target: Shared, *message: object) -> Event:
    """A put, of a known constant where one is given."""
    return event(Verb.PUT, target, payload=Constant(message[0]) if message else None)


def get(target: Shared, *, timed: bool = False, raises: str | None = None) -> Event:
    return event(Verb.GET, target, blocking=Blocking.TIMED if timed else Blocking.FOREVER, raises=raises)


def send(target: Shared, *message: object) -> Event:
    return event(Verb.SEND, target, payload=Constant(message[0]) if message else None)


def recv(target: Shared) -> Event:
    return event(Verb.RECV, target)


def line(target: Shared) -> Event:
    """A read of a part of what comes."""
    taken = recv(target)
    taken.key = Key.ANY
    return taken


def done(target: Shared) -> Event:
    """An acknowledgement of what was taken."""
    return event(Verb.TASK_DONE, target)


def submit(gives: Result) -> Event:
    assert gives.pool is not None
    handed = event(Verb.SUBMIT, gives.pool, blocking=Blocking.NEVER)
    handed.result = gives
    return handed


def ask(target: Shared, *, blocking: Blocking = Blocking.FOREVER) -> Event:
    return event(Verb.RESULT, target, blocking=blocking)


def close(target: Shared) -> Event:
    return event(Verb.CLOSE, target)


def acquire(target: Shared, *, blocking: Blocking = Blocking.FOREVER, exact: bool = True) -> Event:
    return event(Verb.ACQUIRE, target, blocking=blocking, exact=exact)


def release(target: Shared, *, exact: bool = True) -> Event:
    return event(Verb.RELEASE, target, exact=exact)


def wait(target: Shared) -> Event:
    return event(Verb.WAIT, target)


def notify(target: Shared) -> Event:
    return event(Verb.NOTIFY, target)


def set_(target: Shared) -> Event:
    return event(Verb.SET, target)


def clear(target: Shared) -> Event:
    return event(Verb.CLEAR, target)


def start(target: Shared) -> Event:
    return event(Verb.START, target)


def join(target: Shared, *, timed: bool = False) -> Event:
    return event(Verb.JOIN, target, blocking=Blocking.TIMED if timed else Blocking.FOREVER)


def terminate(target: Shared) -> Event:
    return event(Verb.TERMINATE, target)


def create(target: Shared) -> Event:
    return event(Verb.CREATE, target)


def read(target: Shared) -> Event:
    return event(Verb.READ, target)


def write(target: Shared, *reads: Event) -> Event:
    return event(Verb.WRITE, target, reads=reads)


# -- flows


def seq(*items: Flow) -> Seq:
    return Seq(list(items))


def either(*branches: Flow) -> Choice:
    """One of the branches, nobody knows which."""
    return Choice(list(branches))


def times(count: int | Count, *items: Flow) -> Loop:
    return Loop(seq(*items), count if isinstance(count, Count) else Count(count, count))


def forever(*items: Flow) -> Loop:
    return Loop(seq(*items))


def until_none(taken: Event, *items: Flow) -> Loop:
    """Takes messages until one is None."""
    loop = Loop(Seq())
    loop.body = seq(taken, Choice([Jump(loop), Seq()], Test(taken, Constant(None))), *items)
    return loop


def trying(*items: Flow, final: Flow | None = None, **handlers: Flow) -> Try:
    """A ``try``; each keyword names an exception."""
    caught = [Handler((name,), body) for name, body in handlers.items()]
    return Try(seq(*items), caught, final=final if final is not None else Seq())


def holding(shared: Shared, *items: Flow) -> Seq:
    """A ``with lock:``."""
    return seq(acquire(shared), Try(seq(*items), final=release(shared)))


# -- roles and programs


def role(name: str, *items: Flow, runs: Shared | None = None, parent: Role | None = None,
         given: Iterable[Shared] | None = None, many: bool = False, known: bool = True) -> Role:
    """What ``runs`` does (the root, where nothing is named); it is given what it uses, unless told otherwise."""
    kind = RoleKind.MAIN
    if runs is not None:
        kind = RoleKind.THREAD if runs.kind is Kind.THREAD else RoleKind.PROCESS
    made = Role(name, kind, here(), seq(*items), process=runs, parent=parent, many=many, known=known)
    used = given if given is not None else (one.target for one in made.events())
    made.given = dict.fromkeys(used) if runs is not None else {}
    return made


def child(runs: Shared, *items: Flow, given: Iterable[Shared] | None = None, many: bool = False) -> Role:
    return role(runs.name, *items, runs=runs, given=given, many=many)


def program(main: Iterable[Flow], *children: Role) -> Program:
    """A root that does this, and its children, where they have no other parent; another root may have them later."""
    root = role("main", *main)
    for one in children:
        if one.parent is None or one.parent.kind is RoleKind.MAIN:
            one.parent = root
    roles = [root, *children]
    objects: dict[Shared, None] = {}
    for one in roles:
        for deed in one.events():
            objects[deed.target] = None
            if isinstance(deed.target, Lock) and deed.target.lock is not None:
                objects[deed.target.lock] = None
            if isinstance(deed.target, PipeEnd) and deed.target.peer is not None:
                objects[deed.target.peer] = None
    return Program(roles, list(objects))


def graph(one: Role) -> Graph:
    return Graph(one.flow)
