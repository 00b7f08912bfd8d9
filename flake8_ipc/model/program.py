"""Roles and programs: who does what, and what is known of it."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .events import Event, Verb
from .flow import Flow, Seq, events
from .objects import Kind, Process, ProcessClass, Shared
from .place import Place
from .surroundings import Surroundings, surroundings


class RoleKind(enum.Enum):
    """How a role came to be."""

    MAIN = "main"
    ENTRY = "entry"
    PROCESS = "process"
    TASK = "task"
    INITIALIZER = "initializer"
    THREAD = "thread"


class Ending(enum.Enum):
    """How a role came to its end in a run.

    IDLE: ended by others while it waited for something to do. CUT: ended by the watch, with all that was stuck.
    """

    ITSELF = "came to its end"
    KILLED = "was ended at its work"
    IDLE = "was ended while it waited"
    CUT = "was ended with the stuck program"


@dataclass(eq=False, slots=True)
class Halt:
    """A role that was proved to wait for good: in its last event, or (None) for no event of its own.

    ``unsent``: it waits until what it put is taken; ``awaits``: the process whose end it waits for. ``spent``: nothing that
    it would still have done could have given anything to anybody.
    """

    role: Role
    event: Event | None = None
    unsent: bool = False
    awaits: Role | None = None
    spent: bool = False


@dataclass(eq=False, slots=True)
class Role:
    """A process or thread as the program shows it.

    ``process`` is the object that a parent starts and joins (a pool for a task; None for the root). ``parent`` made
    it. ``given`` are the objects handed to it as arguments, with the place where its signature names them; ``within``
    are those of them that come inside an object of the program's own classes, which may have its reasons.
    ``many``: several copies can be made (a loop, a comprehension, a pool's workers); ``lone`` are those objects that only
    one of them is given. ``thread``: it shares its parent's process. ``known`` is False where its target could not be
    followed: it may do anything with ``given``.
    ``reentered``: it stands for an object whose methods others call, in any order and any number of times.
    ``endless``: it comes to a loop that nothing in the text leads out of, whether or not shared objects are used there.
    ``heeds``: it, or who forked it, has a handler of its own for SIGTERM, so that ``terminate()`` does not end it at once.
    ``ending`` and ``raised`` are a run's: how it came to its end, and the exception that ended it; ``born``: its process
    has come up; ``noticed``: somebody may have seen its end without having joined it; ``counted``: what it did is told each
    time, and not only once for each place from some point on.
    """

    name: str
    kind: RoleKind
    place: Place
    flow: Flow = field(default_factory=Seq)
    process: Shared | None = None
    parent: Role | None = None
    given: dict[Shared, Place | None] = field(default_factory=dict)
    within: frozenset[Shared] = frozenset()
    many: bool = False
    lone: frozenset[Shared] = frozenset()
    known: bool = True
    endless: bool = False
    reentered: bool = False
    heeds: bool = False
    ending: Ending | None = None
    raised: str | None = None
    born: bool = True
    noticed: bool = False
    counted: bool = True
    _told: tuple[Flow, dict[tuple[Verb, ...], tuple[Event, ...]], frozenset[Verb]] | None = field(default=None, init=False)
    _around: tuple[Flow, dict[Event, Surroundings]] | None = field(default=None, init=False)

    @property
    def thread(self) -> bool:
        """Whether it shares its parent's process."""
        return self.kind is RoleKind.THREAD

    @property
    def entire(self) -> bool:
        """Whether it did all it was to do: a text is told to its end, a run of who was ended or came to grief is not."""
        return self.ending in (None, Ending.ITSELF) and self.raised is None

    @property
    def may_be_killed(self) -> bool:
        """Whether it may be ended at its work: a run tells how it came to its end, a text does not.

        That it came to an end of its own in time is of no account where nobody who could have waited for it knew.
        """
        return self.ending in (None, Ending.KILLED) or (self.ending is Ending.ITSELF and not self.noticed)

    @property
    def home(self) -> Role:
        """The role whose process this one runs in: itself, unless it is a thread."""
        return self.parent.home if self.thread and self.parent is not None else self

    @property
    def daemon(self) -> bool | None:
        """Whether it is killed when its parent ends; None where that is not known."""
        return self.process.daemon if isinstance(self.process, Process) else False

    def events(self, *verbs: Verb) -> Iterator[Event]:
        """Its events in the order of the text, of these verbs (all, where none is named)."""
        if self._told is None or self._told[0] is not self.flow:
            every = tuple(events(self.flow))
            self._told = (self.flow, {(): every}, frozenset([event.verb for event in every]))
        _, told, known = self._told
        found = told.get(verbs)
        if found is None:
            # Most rules ask for what most programs never do.
            found = () if known.isdisjoint(verbs) else tuple([event for event in told[()] if event.verb in verbs])
            told[verbs] = found
        return iter(found)

    @property
    def around(self) -> Mapping[Event, Surroundings]:
        """What stands around each of its events; in the order of the text."""
        if self._around is None or self._around[0] is not self.flow:
            self._around = (self.flow, {one.event: one for one in surroundings(self.flow)})
        return self._around[1]

    def __repr__(self) -> str:
        return f"<role {self.name}>"


@dataclass(eq=False, slots=True)
class Program:
    """One program: a root role and all that it starts, directly or not.

    A file gives one Program for its main flow (module level, guard and what they call) and one for each function
    or class that nobody in it calls, which some other file may. ``methods`` are the start methods that it must work
    under. ``whole`` is False where a bound cut the account short: whoever needs to know everything keeps silent then.
    ``chosen``: the file chooses the start method of the default context somewhere, or lets an option choose one.
    ``dill``: its library pickles by dill, which takes functions and classes that pickle cannot. ``interleaved``:
    coroutines of one role take turns as its flow does not tell. ``handlers`` are flows of the root's process that
    run at some moment no text tells: at a signal, at the exit, when an object is deleted. ``observed``: it is the
    account of a run: what it tells has happened, and there are no other paths. Of such a program, ``halts`` are those
    that were proved to wait for good.
    """

    roles: list[Role]
    objects: list[Shared] = field(default_factory=list)
    classes: list[ProcessClass] = field(default_factory=list)
    methods: frozenset[str] = frozenset({"fork", "spawn", "forkserver"})
    whole: bool = True
    chosen: bool = False
    dill: bool = False
    interleaved: bool = False
    handlers: list[Flow] = field(default_factory=list)
    observed: bool = False
    halts: list[Halt] = field(default_factory=list)
    _told: tuple[list[Flow], dict[tuple[Verb, ...], list[tuple[Role, Event]]], frozenset[Verb]] | None = field(
        default=None, init=False
    )

    @property
    def root(self) -> Role:
        """The role that everything starts from."""
        return self.roles[0]

    @property
    def complete(self) -> bool:
        """Whether it tells all that may ever be done: a run tells what was done until it ended."""
        return self.whole and not self.observed and all(role.known for role in self.roles)

    @property
    def fork_only(self) -> bool:
        """Whether fork is the only start method to care for."""
        return self.methods == {"fork"}

    @property
    def default(self) -> str | None:
        """The start method of the default context: fork where it may be and nothing says otherwise; None: not known."""
        if len(self.methods) == 1:
            return next(iter(self.methods))
        return "fork" if "fork" in self.methods and not self.chosen else None

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of its objects, and of what it does something to that others made."""
        return frozenset([shared.kind for shared in self.objects] + [event.target.kind for _, event in self.events()])

    def may_be_used_elsewhere(self, shared: Shared) -> bool:
        """Whether more may be done to an object than is seen: it left, or an object of a mere part of a program holds it."""
        return shared.open or (shared.kept and self.root.kind is RoleKind.ENTRY)

    def twins(self, shared: Shared) -> Iterator[Shared]:
        """What others made at the same place, each for itself: a run tells them apart, a text does not."""
        if self.observed:
            yield from (one for one in self.objects if one is not shared and one.place.spot == shared.place.spot)

    def may_fail(self, event: Event) -> bool:
        """Whether something done may fail, for all that is known: of a run it is known what did."""
        return not self.observed or event.failed is not None

    def role_of(self, process: Shared) -> Role | None:
        """The role that this process runs, if the text shows one."""
        return next((role for role in self.roles if role.process is process), None)

    def events(self, *verbs: Verb) -> Iterator[tuple[Role, Event]]:
        """Every event of every role, with its role, of these verbs (all, where none is named)."""
        flows = [role.flow for role in self.roles]
        if self._told is None or self._told[0] != flows:
            every = [(role, event) for role in self.roles for event in role.events()]
            self._told = (flows, {(): every}, frozenset([event.verb for _, event in every]))
        _, told, known = self._told
        found = told.get(verbs)
        if found is None:
            found = [] if known.isdisjoint(verbs) else [pair for pair in told[()] if pair[1].verb in verbs]
            told[verbs] = found
        return iter(found)

    def uses(self, shared: Shared, *verbs: Verb) -> Iterator[tuple[Role, Event]]:
        """Every event on one object."""
        return ((role, event) for role, event in self.events(*verbs) if event.target is shared)
