"""What is left of a flow without events."""

from __future__ import annotations

from build import either, forever, get, queue, seq, times

from flake8_ipc.model import Block, Choice, End, Flow, Handler, Jump, Raise, Seq, Try
from flake8_ipc.source.silence import without_events


def _raises(flow: Flow) -> list[str | None] | None:
    left = without_events(flow)
    if left is None:
        return None
    return [one.name for choice in left if isinstance(choice, Choice) for one in choice.branches if isinstance(one, Raise)]


def test_nothing_happens() -> None:
    assert without_events(seq()) == []
    assert without_events(times(3, either(seq(), seq()))) == []


def test_exceptions_are_kept_once() -> None:
    assert _raises(seq(either(Raise("KeyError"), seq()), times(2, either(Raise("KeyError"), Raise("OSError"))))) == [
        "KeyError",
        "OSError",
    ]


def test_what_is_caught_does_not_leave() -> None:
    guarded = Try(either(Raise("KeyError"), Raise("OSError")), [Handler(("KeyError",), seq())])
    assert _raises(guarded) == ["OSError"]
    assert _raises(Try(Raise("KeyError"), [Handler(None, Raise("ValueError"))])) == ["ValueError"]


def test_more_than_that_is_left_alone() -> None:
    assert without_events(seq(get(queue()))) is None
    assert without_events(seq(End())) is None
    assert without_events(forever(seq())) is None


def test_a_loop_that_can_be_left() -> None:
    block = Block(Seq())
    block.body = forever(either(Jump(block), seq()))
    assert without_events(block) == []
