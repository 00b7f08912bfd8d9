"""What a role does: a verb, its object, its place."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .objects import Handover, Shared
from .place import Place

if TYPE_CHECKING:
    from .flow import Flow


class Verb(enum.Enum):
    """What can be done to a shared object."""

    # Members are compared by identity; Enum's own hash is that of the name, worked out in Python each time.
    __hash__ = object.__hash__

    CREATE = "makes"
    FORGET = "keeps nothing of"
    PAUSE = "pauses for"
    # processes, threads, pools
    START = "starts"
    JOIN = "joins"
    TERMINATE = "terminates"
    KILL = "kills"
    CLOSE = "closes"
    RUN = "runs"
    SET_DAEMON = "sets daemon of"
    QUERY = "looks at"
    LEARN = "learns of"
    SUBMIT = "submits to"
    RESULT = "takes the result of"
    SHUTDOWN = "shuts down"
    EXIT = "leaves"
    ESCAPE = "gives to unknown code"
    # queues
    PUT = "puts on"
    GET = "gets from"
    TASK_DONE = "acknowledges on"
    SIZE = "asks the size of"
    DECIDE = "decides by the size of"
    MUTATE = "changes what was put on"
    JOIN_THREAD = "joins the feeder of"
    CANCEL_JOIN_THREAD = "cancels the feeder's join of"
    # pipes
    SEND = "sends on"
    RECV = "receives from"
    POLL = "polls"
    DROP = "drops"
    # locks and signals
    ACQUIRE = "acquires"
    RELEASE = "releases"
    WAIT = "waits for"
    NOTIFY = "notifies"
    SET = "sets"
    CLEAR = "clears"
    # shared memory and proxies
    READ = "reads"
    WRITE = "writes"
    GET_LOCK = "gets the lock of"
    GET_OBJ = "gets the object of"
    AS_NUMBER = "uses as a number"
    CALL = "calls a method of"
    ITERATE = "iterates"
    CHANGE = "changes a copy out of"
    UNLINK = "unlinks"
    ATTACH = "attaches"
    # the default context, keys
    CHOOSE = "chooses"
    OVERRIDE = "chooses anew"
    FIX = "fixes"
    SHOW = "shows"


@dataclass(frozen=True, slots=True)
class Clock:
    """A vector clock: how much of each process's past was known in process ``owner``, by the names of the processes.

    Counted in epochs, a part of one included: whoever knows a whole epoch knows all that was done in it.

    Source: Mattern, "Virtual time and global states of distributed systems" (1989).
    """

    owner: str
    counts: Mapping[str, float]

    def before(self, other: Clock) -> bool:
        """Whether what happened at this clock was known at the other one."""
        return other.counts.get(self.owner, 0) >= self.counts.get(self.owner, 0)


# What a run tells of an event that its process was still in when it was seen last.
UNFINISHED = "unfinished"


class Blocking(enum.Enum):
    """How a call waits: for good, for a time, or not at all."""

    # Members are compared by identity; Enum's own hash is that of the name, worked out in Python each time.
    __hash__ = object.__hash__

    FOREVER = "forever"
    TIMED = "timed"
    NEVER = "never"


class Key(enum.Enum):
    """Which element a read or write is of, where it is not a known constant."""

    # Members are compared by identity; Enum's own hash is that of the name, worked out in Python each time.
    __hash__ = object.__hash__

    WHOLE = "all of it"
    ANY = "some element"
    OWN = "an element of this copy of the role alone"
    ROUND = "the element beside it, from the last round to the first"
    NEW = "an element that was not there before"
    NOTHING = "no element"


@dataclass(frozen=True, slots=True)
class Constant:
    """A known value in a message, a write, a test or a key: ``Constant(None)`` is the usual sentinel.

    As a key, the numbers that a loop counts off (a ``range``) stand for each of them.
    """

    value: object

    def meets(self, other: Constant) -> bool:
        """Whether two keys have an element in common."""
        if not isinstance(self.value, range) and not isinstance(other.value, range):
            return self == other
        few, many = sorted((_numbers(self.value), _numbers(other.value)), key=len)
        if len(few) > _COMPARED:
            return max(few) >= min(many) and max(many) >= min(few)
        return any(number in many for number in few)


# More numbers than these are compared by the first and the last alone.
_COMPARED = 1_000


def _numbers(key: object) -> range:
    return key if isinstance(key, range) else range(key, key + 1) if isinstance(key, int) else range(0)


@dataclass(frozen=True, slots=True)
class Holding:
    """What goes into a proxy, a queue or a pipe: under which key, and which shared object (None: plain data).

    ``known`` False: it came from code that cannot be seen, and may be either.
    """

    key: Key | Constant
    shared: Shared | None = None
    known: bool = True


@dataclass(frozen=True, slots=True)
class Setting:
    """Where an event stands in the program, beyond its own place.

    ``calls`` are the places of the calls that were followed to get here, outermost first. ``imported`` is the
    innermost statement at module level that does this when the module is merely imported, outside any main guard;
    None otherwise. ``in_async``: inside an ``async def``, or in what it calls: on the thread of an event loop.
    ``deliberate``: where a test expects an exception, so that what is misused is misused on purpose. ``rank``: only that
    copy of the role comes here which has this number (None: any does). ``above`` is a
    run's: the loops and handlers that the text has around what was done, outermost first, in all the functions that
    were called to get there.
    """

    calls: tuple[Place, ...] = ()
    imported: Place | None = None
    in_async: bool = False
    deliberate: bool = False
    rank: tuple[int, object] | None = None
    above: tuple[Flow, ...] = ()


@dataclass(eq=False, slots=True)
class Event:
    """One deed of one role.

    ``name`` is the call as the text has it (``q.get``). ``blocking`` counts for gets, puts, receives, waits, joins,
    acquires. ``payload`` is what is put, sent, written or (in a run) taken where it is a known constant. ``used``: the
    call's result is used as a value. ``inherited``: the object was reached through a module global that this role's process did
    not bind itself. ``exact`` is False where the object is only one of several that the text could mean (an unknown
    element of a list). ``key`` is the element of a read or write: a Key, or a constant in a Constant; of an acquire, which
    of the locks made in one place it takes. ``reads`` of a write are the reads of the same object that its value or its
    condition came from: a read-modify-write; of a wait those of its predicate. ``raises`` names the exception that a wait
    which runs out of time raises. ``after`` are the puts of the object that a MUTATE is of. ``bare``: the access
    goes past the object's own lock (``get_obj``). ``handover`` is what a submit hands over, ``result`` what it gives
    back. ``holds`` is what is put into a proxy, queue or pipe. ``received``: the object came out of another proxy, a
    queue or a pipe. ``early``: a process is started before its own ``__init__``, or one that a subclass may add, has
    made it ready. ``clock`` and ``failed`` are a run's: what this role knew of the others' past then, and the exception
    in which it ended (or "False", or UNFINISHED); ``own``: the message that was taken had been sent by this very
    process; ``taken``: the put that it came of; ``unread``: the pipes of a child that held something when the wait for it
    had ended, and that nobody else could read. ``passed``: what is put or sent is what this get or receive took last.

    A CALL is one method of a proxy, which the server does whole; its ``key`` tells what it changes (NOTHING, or NEW for
    one that only adds). A CHANGE is made to a copy that came out of a proxy (its target), and ``used`` tells that the
    copy is used afterwards. A LEARN stands where it has shown that a process has ended, or that an
    event is set. An ITERATE goes over a proxy itself, or, with ``inside``, over what came out of its target.
    """

    verb: Verb
    target: Shared
    place: Place
    name: str = ""
    blocking: Blocking = Blocking.FOREVER
    payload: Constant | None = None
    used: bool = False
    inherited: bool = False
    exact: bool = True
    key: Key | Constant = Key.WHOLE
    reads: tuple[Event, ...] = ()
    raises: str | None = None
    after: tuple[Place, ...] = ()
    bare: bool = False
    handover: Handover | None = None
    result: Shared | None = None
    holds: tuple[Holding, ...] = ()
    received: bool = False
    inside: bool = False
    early: bool = False
    setting: Setting = Setting()
    clock: Clock | None = None
    failed: str | None = None
    own: bool = False
    taken: Event | None = None
    passed: Event | None = None
    unread: tuple[Shared, ...] = ()

    def again(self, other: Event) -> bool:
        """Whether another event is this one, or in a run the same deed of the text done again."""
        if self is other:
            return True
        seen = self.clock is not None and other.clock is not None and self.target is other.target
        return seen and self.place.spot == other.place.spot

    @property
    def took(self) -> bool | None:
        """Whether a wait got what it was for, an acquire its lock: what a run has shown, None where only the text speaks."""
        return None if self.clock is None else self.failed is None

    def __repr__(self) -> str:
        return f"<{self.verb.name} {self.target} at {self.place}>"
