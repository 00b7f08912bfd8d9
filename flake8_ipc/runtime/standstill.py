"""What is told of a program that is stuck for good: who waits for what, where each stands, and who holds it."""

from __future__ import annotations

import linecache
from collections.abc import Iterator, Sequence

from ..model import Shared
from .account import Account, shown
from .monitor.chain import ANY_THREAD, GONE
from .monitor.watchman import Blocked
from .monitor.world import Member
from .places import BEGINS, is_library
from .session import Session
from .dumps import Frame
from .slots import Wait

# Calls of one stack, and names in one sentence, that are told.
_DEEPEST, _MOST = 20, 4
_HEAD = "stuck for good"


def told(session: Session, stuck: Sequence[Blocked]) -> str:
    """The report, one paragraph for each thread that has anything to do with the program's own text."""
    try:
        return _told(_Report(session, stuck))
    except Exception as error:
        # The program is stuck all the same, and waits to be ended.
        return f"{_HEAD} (what is known of it cannot be told: {type(error).__name__}: {error})\n"


def _told(report: _Report) -> str:
    shown_ = [one for one in report.stuck if report.matters(one)]
    lines = [f"{_HEAD}: nothing that is left can wake {_counted(len(shown_), 'thread')} of the program"]
    for one in shown_:
        lines.append(f"  {report.who(one)} {report.waits(one)}")
        lines += [f"    {line}" for line in report.stack(one)]
    chain = report.chain(shown_)
    if chain:
        lines.append(f"  {chain}")
    return "".join(f"{line}\n" for line in lines)


class _Report:
    """What the account tells of the threads that are stuck."""

    def __init__(self, session: Session, stuck: Sequence[Blocked]) -> None:
        self.account = Account(session, stuck)
        self.account.program()
        self.records = {told.pid: told.name for told in self.account.told.values()}
        order = {name: number for number, name in enumerate(self.account.told)}
        known = (one for one in stuck if one.record in order)
        self.stuck = sorted(known, key=lambda one: (order[one.record], one.thread))

    def matters(self, one: Blocked) -> bool:
        """Whether it is more than an idle thread of multiprocessing's own."""
        return self._first(one) or one.wait is not Wait.WORK or any(not is_library(frame.path) for frame in one.stack)

    def _first(self, one: Blocked) -> bool:
        return one.thread == self.account.told[one.record].pid

    def who(self, one: Blocked) -> str:
        """A thread by the name of its process, and by its own where it is not the first."""
        return self._named(one.record, None if self._first(one) else one.thread)

    def _named(self, record: str, thread: int | None) -> str:
        told, role = self.account.told[record], self.account.roles[record]
        whole = f"{role.name} (process {told.pid})"
        if thread is None:
            return whole
        own = self.account.threads.get((record, thread))
        if own is not None and own.process is not None:
            return f"thread {own.name} of {whole}"
        return f"a thread of {whole}" if own is not None else f"a thread of multiprocessing's own in {whole}"

    def member(self, member: Member) -> str:
        """Whoever could have let somebody go on."""
        pid, thread = member
        record = self.records.get(pid)
        if pid == GONE or record is None:
            return "a process that has ended"
        return self._named(record, None if thread in (ANY_THREAD, pid) else thread)

    def waits(self, one: Blocked) -> str:
        """What it waits for, and who could have given it."""
        others = [member for member in one.awaited if member != (self.account.told[one.record].pid, ANY_THREAD)]
        names = _listed([self.member(member) for member in others])
        thing = self._thing(one)
        match one.wait:
            case Wait.RECV:
                return f"waits for good for a message on {thing}, {_by(names, 'could be sent')}"
            case Wait.SEND:
                return f"waits for good for room in {thing}, {_by(names, 'could be read')}"
            case Wait.EXIT:
                return f"waits for good for the end of {names or 'a process'}"
            case Wait.THREAD:
                return f"waits for good for the end of {names or 'one of its threads'}"
            case Wait.OWNED:
                return f"waits for good for {thing}, which is held by {_listed([self.member(one) for one in one.awaited])}"
            case Wait.LOCK:
                return f"waits for good for {thing}, {_by(names, 'could be released or set')}"
            case Wait.ANY:
                return f"waits for good for the first of several, {_by(names, 'could come')}"
            case Wait.REPLY:
                return "waits for good for the answer of a manager's server, which nobody else will ask for anything"
        return "waits for good for what its other threads would do"

    def _thing(self, one: Blocked) -> str:
        found = self._shared(one)
        return f"{found.name} (line {found.place.line})" if found is not None else _UNKNOWN.get(one.wait, "something")

    def _shared(self, one: Blocked) -> Shared | None:
        """The object of the program that a wait is for; None where it is a part of one, or none of its own."""
        wanted = f"lock:{one.resource}" if one.wait in (Wait.LOCK, Wait.OWNED) else f":{one.resource}"
        for name in self.account.generations:
            if name.endswith(wanted) or (one.wait in (Wait.RECV, Wait.SEND) and f"{wanted}:" in name):
                return self.account.find(name, self.account.told[one.record].last)
        return None

    def stack(self, one: Blocked) -> Iterator[str]:
        """Where it stands, outermost call first, as Python tells a traceback."""
        for frame in _own(one.stack or self._recorded(one))[-_DEEPEST:]:
            yield f'File "{shown(frame.path)}", line {frame.line}, in {frame.function}'
            text = linecache.getline(frame.path, frame.line).strip()
            if text and not is_library(frame.path):
                yield f"  {text}"

    def _recorded(self, one: Blocked) -> tuple[Frame, ...]:
        """Where it was seen last, as its record tells it."""
        told = self.account.told[one.record]
        numbers = [*told.calls.get(one.place, ()), one.place]
        places = [told.places[number] for number in reversed(numbers) if number in told.places]
        return tuple(Frame(place.path, place.line, "?") for place in places)

    def chain(self, among: Sequence[Blocked]) -> str:
        """One way round: who waits for whom, until somebody comes up again."""
        by_process = {self.account.told[one.record].pid: one for one in reversed(among)}
        pid = next(iter(reversed(by_process)), None)
        passed: list[int] = []
        while pid is not None and pid not in passed:
            passed.append(pid)
            here = by_process.get(pid)
            follows = [other for other, _ in here.awaited if other != pid] if here is not None else []
            pid = next((other for other in follows if other in by_process), None)
        if pid is None or len(passed) < 2:
            return ""
        return "round: " + " waits for ".join(self.member((one, ANY_THREAD)) for one in [*passed[passed.index(pid) :], pid])


def _own(stack: Sequence[Frame]) -> list[Frame]:
    """A stack, outermost call first, from where the process or thread begins to run the program's text."""
    begun = next((at for at, frame in enumerate(stack) if frame.function in BEGINS), len(stack))
    found = list(reversed(stack[:begun]))
    first = next((at for at, frame in enumerate(found) if not is_library(frame.path)), 0)
    return found[first:]


_UNKNOWN = {
    Wait.RECV: "a pipe",
    Wait.SEND: "a pipe",
    Wait.LOCK: "a lock or semaphore",
    Wait.OWNED: "a lock of a queue",
}


def _by(names: str, deed: str) -> str:
    return f"which {deed} by nobody but {names}" if names else f"which {deed} by nobody else"


def _listed(names: Sequence[str]) -> str:
    shown_ = list(dict.fromkeys(names))
    more = f" and {len(shown_) - _MOST} more" if len(shown_) > _MOST else ""
    return ", ".join(shown_[:_MOST]) + more


def _counted(count: int, noun: str) -> str:
    return f"the one {noun}" if count == 1 else f"any of these {count} {noun}s"
