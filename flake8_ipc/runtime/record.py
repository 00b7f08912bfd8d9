"""What one process tells of itself: a file that is written line by line, so that it survives any end of the process.

Each line is a JSON list whose first item says what it is: ``["where", number, path, line, column, end line, end column]``,
``["clock", number, {name: count}]``, ``["news", number, {name: count}]`` (a clock by what is new since the one before),
``["object", id, kind, where, facts]``, ``["event", number, thread, verb, object, where, clock, nanoseconds, facts]``,
``["failed", event, exception]``, and what the watchers of single parts add.
"""

from __future__ import annotations

import errno
import fcntl
import itertools
import json
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from threading import get_ident
from types import CodeType
from typing import Any

from .boards import Boards
from .clock import Clock
from .interruptions import by_handler
from .places import Caller, Places, address, context_of, outer, where
from .session import Session
from .slots import LOST, Here, Slots, Unmade

# Events written one by one; past that, only those that say something new.
_EACH = 4_000
# Messages that are written one by one, of those that pass an object at one place.
_OFTEN = 50
# Bytes that a record may come to, however many objects a program makes.
_ROOM = 16 << 20


class Record:
    """The record of this process. ``name`` tells it from every other process of the run; ``child``: it has a parent there.

    ``passive``: it passes on no clock of its own (a manager's server). ``forked`` is when it forked last, which names the
    child. ``epochs``: when a place last said something new; ``sections``: how many locks were taken so far. ``sender`` is
    who sent the message that was taken last, and by which event, ``came`` the end of what it carried, by which ``senders``
    knows more of them. ``closing`` are called when the process comes to its end, ``showing`` when it first does what others
    may wait for. ``files`` are the watchers' own. ``here.slot`` is what this thread shows of itself. ``ancestor`` is what a
    forked child has inherited: it is kept, for to let it go would touch, and so copy, all of it.
    """

    def __init__(
        self, session: Session, clock: Clock, *, child: bool = False, ancestor: Record | None = None
    ) -> None:
        self.session = session
        self.name = name = clock.name
        self.child = child
        self.clock = clock
        self._ancestor = ancestor
        self._boards = Boards(session)
        self._file, self._identity = _opened(session.record(name))
        # A signal's handler, or a finalizer, may come here while its own thread is here.
        self._lock = threading.RLock()
        self._places: dict[tuple[CodeType, int], int] = {}
        self._fresh = itertools.count()
        self._seen: dict[tuple[object, ...], int] = {}
        self._number = 0
        self.uncounted = False
        self._clock_told = (-1, -1)
        self._clocks = 0
        self.full = False
        self.traced = session.traced
        self._room = _ROOM
        self.passive = False
        self.forked = 0
        self.sender: list[Any] = [None, 0]
        self.came = b""
        self.senders: dict[bytes, list[Any]] = {}
        self.epochs: dict[tuple[object, ...], object] = {}
        self.sections = 0
        self.closing: list[Callable[[Record], None]] = []
        self.files: list[int] = []
        self.showing: list[Callable[[Record], None]] = []
        self.slots = Slots(session.slots(name))
        self.here: Here | Unmade = Unmade(self._show)

    def _show(self) -> Here:
        """This process is about to do something that others may wait for."""
        self.here = here = self.slots.open()
        todo, self.showing = self.showing, []
        for one in todo:
            one(self)
        return here

    def write(self, *line: Any) -> None:
        """Adds a line; where the disk is full or the file gone, the rest is left out and the program goes on."""
        if self.full:
            return
        try:
            self.say(_written(line))
        except Exception as error:
            if by_handler(error):
                raise

    def say(self, line: str) -> None:
        """Adds a line that is written out already."""
        if self.full:
            return
        try:
            text = f"{line}\n".encode()
            self._room -= len(text)
            if _identity(self._file) != self._identity:
                self._lose(room=False)
            elif self._room < 0 or os.write(self._file, text) < len(text):
                self._lose()
        except Exception as error:
            if by_handler(error):
                raise
            if isinstance(error, OSError):
                self._lose(room=error.errno != errno.EBADF)

    def _lose(self, *, room: bool = True) -> None:
        self.full = True
        if not self.slots.lose(room) and room:
            with suppress(OSError):
                os.chmod(self.session.record(self.name), LOST)

    def place(self, caller: Caller) -> int:
        """The number of a place, which is written down when it is first met."""
        key = (caller.code, caller.instruction)
        number = self._places.get(key)
        if number is None:
            number = self._met(*key)
            calls = [self._outer(*one) for one in outer(caller.frame)]
            if calls:
                self.write("calls", number, calls[::-1])
        return number

    def _outer(self, code: CodeType, instruction: int) -> int:
        """The number of a place that a call was made from."""
        number = self._places.get((code, instruction))
        return self._met(code, instruction) if number is None else number

    def _met(self, code: CodeType, instruction: int) -> int:
        """The number of a new place: known only once it is written, as a handler's exception may come in between."""
        number = next(self._fresh)
        self.write("where", number, *where(code, instruction))
        self._places[code, instruction] = number
        return number

    def _clock_line(self) -> str:
        """The line that tells the clock as it is now, to be written before what happens: empty where it is told."""
        version = self.clock.happens()
        if self._clock_told[0] == version:
            return ""
        self._clocks += 1
        self._clock_told = (version, self._clocks)
        whole, counts = self.clock.told()
        return f'["{"clock" if whole else "news"}", {self._clocks}, {_written(counts)}]\n'

    def event(self, verb: str, thing: str, caller: Caller, often: Places | None = None, /, **facts: Any) -> int:
        """Writes that something is done to an object; gives the event's number, 0 where it says nothing new.

        What is done ``often`` is written some times at each place; then the place is noted there.
        """
        if self.full:
            return 0
        with self._lock:
            number = self.place(caller)
            self.here.slot.stands(number)
            # The stop sign that ends a long row of messages is news.
            key = (verb, thing, number, facts.get("payload") == _STOP)
            told = self._seen.get(key, 0)
            if self._number >= _EACH and told or often is not None and told >= _OFTEN and not self.traced:
                if often is None and not self.uncounted:
                    # Of what is done often nobody asks how many there were.
                    self.uncounted = True
                    self.write("uncounted", self._number)
                if often is not None and not key[-1]:
                    self.write("dull", verb, thing, number)
                    often[address(caller.code, caller.instruction), thing] = number
                return 0
            self._seen[key] = told + 1
            self._number += 1
            # The facts first: they may turn out not to be tellable.
            text = f"{_written(facts) if facts else '{}'}]"
            try:
                clock = self._clock_line()
                text = f"{number}, {self._clock_told[1]}, {time.monotonic_ns()}, {text}"
                self.say(f'{clock}["event", {self._number}, {get_ident()}, "{verb}", {_quoted(thing)}, {text}')
            except BaseException:
                # A handler's exception: the clock may not have been written, and is told once more, whole.
                self._clock_told = (-1, -1)
                self.clock.untold()
                raise
            return self._number

    def thing(self, name: str, kind: str, caller: Caller, **facts: Any) -> int:
        """Writes that an object is made; gives the event's number."""
        facts["at"] = time.monotonic_ns()
        context = context_of(caller.frame)
        if context is not None:
            facts["context"] = context
        with self._lock:
            self.write("object", name, kind, self.place(caller), facts)
        return self.event("CREATE", name, caller, **{key: facts[key] for key in ("payload", "unsized") if key in facts})

    def failed(self, event: int, error: BaseException) -> None:
        """Writes that what an event began ended in an exception."""
        if event:
            with self._lock:
                self.write("failed", event, type(error).__name__)

    def returned(self, event: int, *, took: bool = False) -> None:
        """Writes when the call returned that an event is, and whose message it took: where that is wanted for a trace."""
        if event and self.traced:
            self.write("done", event, time.monotonic_ns(), *(self.sender if took else ()))
            if took:
                self.sender = [None, 0]

    def pass_on(self, name: str) -> None:
        """Leaves what this process knows with an object, for whoever is woken by it."""
        self._boards.leave(name, self.clock)

    def take_in(self, name: str) -> None:
        """Takes in what others left with an object."""
        self._boards.take(name, self.clock)

    def close(self) -> None:
        """Writes the last clock: what whoever joins this process knows."""
        for one in self.closing:
            try:
                one(self)
            except Exception:
                continue
        with self._lock:
            self.write("end", time.monotonic_ns(), self.clock.last())

    def release(self) -> None:
        """Gives the files back; whoever still holds this record tells nothing any more."""
        with self._lock:
            self.full = True
            for file in (self._file, *self.files):
                with suppress(OSError):
                    os.close(file)


def _opened(path: str) -> tuple[int, tuple[int, int]]:
    """A file for a record, out of the way of the numbers that the program's own descriptors would have."""
    low = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        high = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    except OSError:
        return low, _identity(low)
    os.close(low)
    return high, _identity(high)


def _identity(file: int) -> tuple[int, int]:
    """What a descriptor stands for: a program that closes all descriptors may have had its number given to another file."""
    found = os.fstat(file)
    return found.st_dev, found.st_ino


def _encoder() -> Callable[[Any], str]:
    """What writes a value as JSON: by the encoder in C made once, which ``JSONEncoder.encode`` makes anew for each line."""
    made, join = getattr(json.encoder, "c_make_encoder", None), "".join
    with suppress(TypeError):
        if made is not None:
            encoder = made(None, _shown, _quoted, None, ": ", ", ", False, False, True)
            return lambda value: join(encoder(value, 0))
    return _json.encode


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception:
        return type(value).__name__


def parsed(text: str) -> Any:
    """What a line holds: lines of ours have nothing around them, which ``json.loads`` would look for."""
    return _decoder.raw_decode(text)[0]


_decoder = json.JSONDecoder()
_json = json.JSONEncoder(default=_shown, check_circular=False)
_quoted = json.encoder.encode_basestring_ascii
_written = _encoder()
# The lowest number for a descriptor of ours.
_HIGH = 200
_STOP = [None]

# This process's record; None where nothing is watched.
now: Record | None = None
# Where nothing new will be told to this record; and where not as long as this thread holds the locks that it holds.
_dull: list[Places] = []
_under: list[Places] = []


def current() -> Record | None:
    """This process's record; None where nothing is watched."""
    return now


def begin(record: Record | None) -> None:
    """Makes it this process's record."""
    global now
    now = record
    if record is not None:
        for places in _dull:
            places.clear()


def new_section(record: Record) -> None:
    """A thread has taken a lock of the program's own: what it accesses from now on is accessed under it.

    The first sections are told one by one; what comes later only goes on so.
    """
    if record.sections < _OFTEN:
        record.sections += 1
        for places in _under:
            places.clear()


def under() -> Places:
    """The same as ``dull``, until a lock is taken."""
    _under.append(dull())
    return _under[-1]


def dull() -> Places:
    """Where a call will tell nothing new, by the address of its instruction and the object: the number of the place."""
    _dull.append({})
    return _dull[-1]
