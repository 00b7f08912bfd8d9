"""The explorer against one without any short cut: every step of everybody, and the game solved by mere iteration."""

from __future__ import annotations

from collections.abc import Callable

import build
import pytest
from build import child, either, flag, forever, process, program, queue, seq, until_none
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flake8_ipc.analysis.explore.state import DONE, State, Table, TooBig
from flake8_ipc.analysis.explore.stuck import Explorer
from flake8_ipc.model import Event, Flow, Kind, Program, Seq, Shared, Verb

_MOST = 3000
_WAITS = (Verb.GET, Verb.PUT, Verb.RECV, Verb.ACQUIRE, Verb.WAIT)
_CALM = settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


# -- without any short cut


def forced(table: Table, counts: Callable[[State], bool]) -> bool:
    """Whether the scheduler can force a stuck state that counts, whatever the friend picks."""
    edges: dict[State, list[list[State]]] = {}
    pending = [table.start()]
    while pending:
        state = pending.pop()
        if state not in edges:
            if len(edges) > _MOST:
                raise TooBig
            steps = [table.moves(state, index) for index in range(len(state.threads))]
            edges[state] = [outcomes for outcomes in steps if outcomes is not None]
            pending += [outcome for outcomes in edges[state] for outcome in outcomes]
    lost = {
        state
        for state, steps in edges.items()
        if not steps and counts(state) and any(thread.status != DONE for thread in state.threads)
    }
    grown = True
    while grown:
        more = {
            state
            for state, steps in edges.items()
            if state not in lost and any(all(outcome in lost for outcome in outcomes) for outcomes in steps)
        }
        lost |= more
        grown = bool(more)
    return table.start() in lost


def plainly(it: Program) -> tuple[bool, bool, bool]:
    """Whether it gets stuck: plainly, by messages of one's own, by messages that do not fit."""
    explorer = Explorer(it, _MOST)
    if forced(explorer._table(patient=True), lambda state: not state.own):
        return True, False, False
    if forced(explorer._table(patient=True), lambda state: bool(state.own)):
        return False, True, False
    return False, False, explorer._crowds() and forced(explorer._table(patient=False), lambda state: True)


def verdict(it: Program) -> tuple[bool, bool, bool]:
    found = Explorer(it, _MOST).verdict()
    return bool(found.plain), bool(found.own), bool(found.crowded)


# -- random programs


class Things:
    """What a random program shares."""

    def __init__(self, kinds: tuple[Kind, Kind], room: int) -> None:
        self.queues = [queue("q", kind=kinds[0]), queue("r", room, kind=kinds[1])]
        self.ends = build.pipe()
        self.flags = [flag()]
        self.locks = [build.semaphore(1)]

    def deeds(self, *, timed: bool) -> list[Callable[[], Event]]:
        """What can be done with them."""
        made: list[Callable[[], Event]] = []
        for shared, verbs in (
            *((one, (build.put, build.get)) for one in self.queues),
            *((one, (build.send, build.recv)) for one in self.ends),
            *((one, (build.wait, build.set_, build.clear)) for one in self.flags),
            *((one, (build.acquire, build.release)) for one in self.locks),
        ):
            made += [_doing(verb, shared) for verb in verbs]
        if timed:
            made += [lambda one=one: build.get(one, timed=True) for one in self.queues]  # type: ignore[misc]
            made += [_doing(build.close, one) for one in self.ends]
        return made


def _doing(verb: Callable[[Shared], Event], shared: Shared) -> Callable[[], Event]:
    return lambda: verb(shared)


@st.composite
def programs(draw: st.DrawFn, *, daemons: bool = False, ends: bool = False, timed: bool = False, threads: bool = False,
             many: bool = False) -> Program:
    """One to three roles that do a few things each."""
    kinds = st.sampled_from([Kind.QUEUE, Kind.QUEUE, Kind.SIMPLE_QUEUE, Kind.JOINABLE_QUEUE])
    things = Things((draw(kinds), draw(kinds)), draw(st.sampled_from([0, 1, 2])))
    # Few things in one program, so that roles meet.
    deeds = draw(st.lists(st.sampled_from(things.deeds(timed=timed)), min_size=2, max_size=5))
    one = st.builds(lambda deed: deed(), st.sampled_from(deeds))
    few = st.builds(lambda items: seq(*items), st.lists(one, max_size=2))
    item = st.one_of(one, one, one, st.builds(either, few, few))

    children = [
        process(
            f"p{number}",
            daemon=draw(st.booleans()) if daemons else False,
            thread=threads and draw(st.booleans()),
            many=many and draw(st.booleans()),
        )
        for number in range(draw(st.integers(0, 2)))
    ]
    main: list[Flow] = draw(st.lists(item, max_size=4))
    for runs in children:
        at = draw(st.integers(0, len(main)))
        main[at:at] = [build.start(runs)] * (2 if runs.many else 1)
        last = [build.join(runs)] * (2 if runs.many else 1)
        how = draw(st.sampled_from(["join", "leave", "end"] if ends else ["join", "join", "leave"]))
        if how == "end":
            last = [build.terminate(runs), *last]
        if how != "leave":
            at = draw(st.integers(at + (2 if runs.many else 1), len(main)))
            main[at:at] = last
    return program(main, *(child(runs, *draw(st.lists(item, max_size=3)), many=runs.many) for runs in children))


def check(it: Program) -> None:
    if not any(event.verb in _WAITS for _, event in it.events()):
        return
    try:
        expected = plainly(it)
    except TooBig:
        return
    assert verdict(it) == expected, told(it)


def told(it: Program) -> str:
    return "\n".join(f"{role.name} ({role.kind.value}, daemon={role.daemon}): {_text(role.flow)}" for role in it.roles)


def _text(flow: Flow) -> str:
    if isinstance(flow, Event):
        return f"{flow.name}{'?' if flow.blocking is not flow.blocking.FOREVER else ''}"
    if isinstance(flow, Seq):
        return "; ".join(map(_text, flow.items))
    return "(" + " | ".join(map(_text, flow.branches)) + ")"  # type: ignore[union-attr]


@_CALM
@given(programs())
def test_plain_programs(it: Program) -> None:
    check(it)


@_CALM
@given(programs(threads=True, many=True))
def test_threads_and_copies(it: Program) -> None:
    check(it)


@_CALM
@given(programs(timed=True))
def test_timeouts_and_closed_ends(it: Program) -> None:
    check(it)


@_CALM
@given(programs(daemons=True))
def test_daemons(it: Program) -> None:
    check(it)


@_CALM
@given(programs(ends=True))
def test_terminate(it: Program) -> None:
    check(it)
