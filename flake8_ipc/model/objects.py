"""What processes share, each thing named by where it is made."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from .place import Place


class Kind(enum.Enum):
    """The kinds of shared things; the value is how a message names one."""

    # Members are compared by identity; Enum's own hash is that of the name, worked out in Python each time.
    __hash__ = object.__hash__

    QUEUE = "queue"
    SIMPLE_QUEUE = "simple queue"
    JOINABLE_QUEUE = "joinable queue"
    PIPE_END = "pipe end"
    VALUE = "shared value"
    ARRAY = "shared array"
    LOCK = "lock"
    RLOCK = "recursive lock"
    SEMAPHORE = "semaphore"
    BOUNDED_SEMAPHORE = "bounded semaphore"
    CONDITION = "condition"
    EVENT = "event"
    BARRIER = "barrier"
    MANAGER = "manager"
    DICT = "dict proxy"
    LIST = "list proxy"
    NAMESPACE = "namespace proxy"
    SET = "set proxy"
    PROXY = "proxy"
    PROCESS = "process"
    THREAD = "thread"
    POOL = "pool"
    EXECUTOR = "executor"
    THREAD_POOL = "thread pool"
    RESULT = "result"
    SHARED_MEMORY = "shared memory block"
    SHAREABLE_LIST = "shareable list"
    LISTENER = "listener"
    SUBPROCESS = "subprocess"
    STREAM = "stream"
    THREAD_ONLY = "thread object"
    TRACKER = "resource tracker"
    OUTSIDE = "outside world"
    VARIABLE = "plain variable"
    CONTEXT = "default context"
    AUTHKEY = "authkey"


QUEUES = frozenset({Kind.QUEUE, Kind.SIMPLE_QUEUE, Kind.JOINABLE_QUEUE})
LOCKS = frozenset({Kind.LOCK, Kind.RLOCK, Kind.SEMAPHORE, Kind.BOUNDED_SEMAPHORE, Kind.CONDITION})
CELLS = frozenset({Kind.VALUE, Kind.ARRAY})
# What a manager serves beside queues, locks, signals and cells; PROXY is one of a type that the program registered.
PROXIES = frozenset({Kind.DICT, Kind.LIST, Kind.NAMESPACE, Kind.SET, Kind.PROXY})
BLOCKS = frozenset({Kind.SHARED_MEMORY, Kind.SHAREABLE_LIST})
# What holds a POSIX semaphore: it is inherited at start, never pickled into a task (multiprocessing.context.assert_spawning).
SEMAPHORE_BACKED = QUEUES | LOCKS | CELLS | {Kind.EVENT, Kind.BARRIER}
# The start method of a context that is chosen where the text does not tell.
UNTOLD = "untold"


@dataclass(eq=False, slots=True)
class Shared:
    """One shared thing, known by its allocation site.

    ``name`` is how the text calls it. ``context`` is the start method of the context it was made from, None for the
    default one, UNTOLD where the text does not tell. ``manager`` is the manager that serves it, if it is a proxy.
    ``many``: several concrete things stand behind this one (made in a loop or comprehension, or by a role of which
    several copies run). ``open``: it left for code that cannot be seen, so that not all who touch it are known.
    ``kept``: an object or class of the program's own holds it, or (a pool) the function that made it gave it back: to
    end it may be another's business.
    """

    kind: Kind
    place: Place
    name: str = "it"
    context: str | None = None
    manager: Shared | None = None
    many: bool = False
    open: bool = False
    kept: bool = False

    @property
    def managed(self) -> bool:
        """Whether a manager's server holds it and this is a proxy."""
        return self.manager is not None

    @property
    def outlet(self) -> Shared:
        """Where what is put or sent here comes out: the thing itself; of a pipe, the other end where that is known."""
        return self

    def __str__(self) -> str:
        return self.name


@dataclass(eq=False, slots=True)
class Queue(Shared):
    """A queue; ``maxsize`` 0 is unbounded, None unknown (a SimpleQueue is unbounded, but blocks on a full pipe)."""

    maxsize: int | None = 0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a listener or client meets the other side.

    ``network``: whoever reaches the machine can connect, not only who can open a file (None: not known). ``keyed``:
    the other side must prove that it knows a key (None: not known).
    """

    network: bool | None = None
    keyed: bool | None = None


@dataclass(eq=False, slots=True)
class PipeEnd(Shared):
    """One end of a pipe. ``peer`` is the other end (None: unknown, as for a parameter known by its annotation, or
    for a connection that a listener accepted or a client made); ``endpoint`` is where a client connected to.
    """

    peer: PipeEnd | None = None
    readable: bool = True
    writable: bool = True
    endpoint: Endpoint | None = None

    @property
    def outlet(self) -> Shared:
        """The other end, where that is known."""
        return self.peer if self.peer is not None else self


@dataclass(eq=False, slots=True)
class Listener(Shared):
    """A ``multiprocessing.connection.Listener``, which accepts connections at its ``endpoint``."""

    endpoint: Endpoint = Endpoint()


@dataclass(eq=False, slots=True)
class Lock(Shared):
    """Anything that is acquired: Lock, RLock, Semaphore (``count`` free at first, None unknown), Condition (``lock``)."""

    count: int | None = 1
    lock: Lock | None = None


@dataclass(eq=False, slots=True)
class Cell(Shared):
    """A Value or Array. ``locked``: it has a lock of its own, which is ``lock``; ``raw``: made by RawValue or RawArray.

    ``typecode`` is the one-letter code, or the name of a ctypes type; None where it is not known. ``pickles`` by
    inheritance only, as all but a manager's do. ``pointer`` is the type in it that is an address, if there is one.
    """

    typecode: str | None = None
    raw: bool = False
    lock: Lock | None = None
    length: int | None = None
    pointer: str | None = None

    @property
    def locked(self) -> bool:
        """Whether single accesses are guarded by a lock of its own."""
        return self.lock is not None


@dataclass(eq=False, slots=True)
class Memory(Cell):
    """One process's mapping of a block of shared memory, or a ShareableList over one.

    ``fresh``: it made the block. ``of`` is the mapping that made it, for one that attached it by name (None: which
    block that is, is not known). ``keeper`` is the SharedMemoryManager that unlinks it. ``tracked``: the resource
    tracker hears of it (all but ``track=False``). ``lent``: its memory went to code that cannot be seen, which may
    read and write it but not close it.
    """

    fresh: bool = False
    of: Memory | None = None
    keeper: Shared | None = None
    tracked: bool = True
    lent: bool = False

    @property
    def origin(self) -> Memory:
        """What stands for the block itself: the mapping that made it, where that is known."""
        return self.of.origin if self.of is not None else self


@dataclass(eq=False, slots=True)
class Barrier(Shared):
    """A barrier for ``parties`` waiters (None: unknown); ``timed``: its waits give up after a while, by default."""

    parties: int | None = None
    timed: bool = False


class CalleeKind(enum.Enum):
    """What sort of thing is handed over to be run."""

    FUNCTION = "function"
    METHOD = "method"
    INSTANCE = "callable instance"
    PARTIAL = "partial"
    LAMBDA = "lambda"
    NESTED = "nested function"
    LOCAL_CLASS = "local class"
    CALLED = "result of a call"
    NOT_CALLABLE = "value that cannot be called"
    NONE = "None"
    UNKNOWN = "unknown"


class Fault(enum.Enum):
    """Why a value cannot be pickled, or (GUARDED) not be found by who unpickles it, unless that was forked."""

    LAMBDA = "a lambda"
    NESTED = "a nested function"
    LOCAL_CLASS = "an object of a local class"
    GUARDED = "a function under the main guard"


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters that a caller must or may fill, ``self`` of a bound method left out."""

    positional: tuple[str, ...] = ()
    positional_only: int = 0
    defaults: int = 0
    keyword_only: tuple[str, ...] = ()
    keyword_required: tuple[str, ...] = ()
    star: bool = False
    star_star: bool = False

    def misfit(self, count: int, names: tuple[str, ...]) -> str | None:
        """Why a call with ``count`` positional arguments and these keyword ``names`` raises TypeError, or None."""
        if count > len(self.positional) and not self.star:
            return f"takes {len(self.positional)} positional argument(s) but gets {count}"
        by_name = self.positional[self.positional_only :]
        filled = set(self.positional[:count])
        for name in names:
            if name in filled and name in by_name:
                return f"gets {name} twice"
            if name not in by_name and name not in self.keyword_only and not self.star_star:
                return f"has no parameter {name}"
        required = self.positional[: len(self.positional) - self.defaults]
        missing = [name for name in required if name not in filled and name not in names]
        missing += [name for name in self.keyword_required if name not in names]
        return f"is not given {', '.join(missing)}" if missing else None


@dataclass(eq=False, slots=True)
class Callee:
    """What a process, a task or an initializer is to run.

    ``shared`` are the objects that go along with it: those a partial binds, or the object holds whose method it is.
    """

    kind: CalleeKind
    name: str
    place: Place
    signature: Signature | None = None
    definition: Place | None = None
    fault: Fault | None = None
    shared: tuple[Shared, ...] = ()


@dataclass(eq=False, slots=True)
class Argument:
    """One argument that is handed over.

    ``shared`` are the objects in it, those inside containers and instances included; ``parameter`` is where the
    callee's signature names it.
    """

    place: Place
    text: str
    shared: tuple[Shared, ...] = ()
    keyword: str | None = None
    fault: Fault | None = None
    parameter: Place | None = None


@dataclass(eq=False, slots=True)
class Handover:
    """What is handed to a process, a pool task or an initializer.

    ``complete`` is False where a part of the arguments is not known. ``not_a_sequence`` says what stands where a
    sequence of arguments belongs, with its place. ``each`` is True for ``map`` and its like, whose callee gets one
    element at a time.
    """

    place: Place
    callee: Callee | None = None
    arguments: list[Argument] = field(default_factory=list)
    complete: bool = True
    not_a_sequence: tuple[str, Place] | None = None
    each: bool = False


@dataclass(eq=False, slots=True)
class ProcessClass:
    """A subclass of Process in the text.

    ``runs``: it or a base defines ``run`` (None where a base is unknown). ``init`` is the place of its own
    ``__init__``, ``calls_super`` whether that reaches the base's ``__init__`` (True where it can't be judged).
    """

    name: str
    place: Place
    runs: bool | None = None
    init: Place | None = None
    calls_super: bool = True


@dataclass(eq=False, slots=True)
class Process(Shared):
    """A process or thread: ``handover`` is what it runs; ``group_given`` where a callable landed in ``group``.

    ``daemon`` is None where it is not known. ``run_assigned``: the text sets its ``run`` by hand.
    """

    handover: Handover | None = None
    daemon: bool | None = False
    subclass: ProcessClass | None = None
    group_given: bool = False
    run_assigned: bool = False


@dataclass(eq=False, slots=True)
class Pool(Shared):
    """A pool or executor; ``size`` workers (None: unknown), ``initializer`` is what each runs first.

    ``daemonic``: its workers are daemons, as those of every pool are, unless the program takes care that they are not.
    """

    size: int | None = None
    initializer: Handover | None = None
    daemonic: bool = False


@dataclass(eq=False, slots=True)
class Result(Shared):
    """What a pool or executor gives back for a task that is still running.

    ``iterator``: it is iterated (``imap``, an executor's ``map``), not asked. ``called_back``: somebody is called when it
    arrives, who may tell others. ``raised`` is a run's: whether the task has ended in an exception (None: nobody saw).
    """

    pool: Shared | None = None
    iterator: bool = False
    called_back: bool = False
    raised: bool | None = None


@dataclass(eq=False, slots=True)
class Subprocess(Shared):
    """A child of ``subprocess.Popen``; ``streams`` are this side's ends of its pipes, by name (``stdout``).

    ``whole``: one call makes it and waits for its end (``subprocess.call``). ``detached``: it gets a session of its own,
    so that it can outlive the program. ``left`` is a run's: whether it was alive when the process that made it had ended
    (None: not known).
    """

    streams: dict[str, Stream] = field(default_factory=dict)
    whole: bool = False
    detached: bool = False
    left: bool | None = None


@dataclass(eq=False, slots=True)
class Stream(Shared):
    """This side's end of a pipe to or from a child: ``which`` is ``stdin``, ``stdout`` or ``stderr`` of ``child``."""

    which: str = "stdout"
    child: Subprocess | None = None
