"""What is left of a flow in which nothing happens between processes: whether it may raise."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Block, Choice, End, Event, Flow, Jump, Loop, Raise, Seq, Try, parts

_CATCH_ALL = frozenset({"Exception", "BaseException"})


class _More(Exception):
    """The flow does more than raise."""


def without_events(flow: Flow) -> list[Flow] | None:
    """A small flow that does the same as one which has no events and can come to its end; None where it does more."""
    try:
        raised = dict.fromkeys(_raised(flow))
    except _More:
        return None
    surely = [Raise(name) for name, sure in raised if sure]
    risks: list[Flow] = [Raise(name, sure=False) for name, sure in raised if not sure]
    return [*risks, Choice([*surely, Seq()])] if surely else risks


def _raised(flow: Flow) -> Iterator[tuple[str | None, bool]]:
    """The names of the exceptions that may leave a flow, and whether the text raises them itself."""
    pending: list[Flow] = [flow]
    while pending:
        node = pending.pop()
        if type(node) is Event or type(node) is End:
            raise _More
        if type(node) is Loop and node.count is None and not _leaves(node.body, node):
            raise _More
        if type(node) is Raise:
            yield node.name, node.sure
        elif type(node) is Try:
            yield from _raised_in_try(node)
        else:
            pending.extend(reversed(parts(node)))


def _raised_in_try(flow: Try) -> Iterator[tuple[str | None, bool]]:
    for name, sure in _raised(flow.body):
        if not any(
            handler.names is None or name in handler.names or _CATCH_ALL.intersection(handler.names)
            for handler in flow.handlers
        ):
            yield name, sure
    for part in (*(handler.body for handler in flow.handlers), flow.orelse, flow.final):
        yield from _raised(part)


def _leaves(flow: Flow, loop: Loop) -> bool:
    """Whether something in a loop's body leaves the loop."""
    if isinstance(flow, Seq):
        return any(_leaves(item, loop) for item in flow.items)
    if isinstance(flow, Choice):
        return any(_leaves(branch, loop) for branch in flow.branches)
    if isinstance(flow, (Block, Loop)):
        return _leaves(flow.body, loop)
    if isinstance(flow, Try):
        parts = (flow.body, *(handler.body for handler in flow.handlers), flow.orelse, flow.final)
        return any(_leaves(part, loop) for part in parts)
    return (isinstance(flow, Raise) and flow.sure) or (isinstance(flow, Jump) and not flow.again)
