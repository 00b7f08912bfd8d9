"""The state that shares pages, against plain dictionaries that are copied whole."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from flake8_ipc.source.joining import join, same
from flake8_ipc.source.values import Const, Value
from flake8_ipc.source.variables import Vars, join_vars

_Plain = dict[tuple[int, str], Value]
# Owners of one page and of others, as fresh keys and identities give them.
_OWNERS = st.sampled_from([0, 1, 15, 16, 17, 4096])
_NAMES = st.sampled_from("ab")
_STEPS = st.lists(
    st.tuples(st.sampled_from(["set", "drop", "forget", "copy", "join"]), _OWNERS, _NAMES, st.integers(0, 3)), max_size=40
)


def _joined(one: _Plain, other: _Plain) -> None:
    for key, value in other.items():
        one[key] = join(one[key], value) if key in one and one[key] is not value else value


def _told(state: Vars) -> _Plain:
    return {(owner, name): value for owner, held in state.items() for name, value in held.items()}


def _agree(one: _Plain, other: _Plain) -> bool:
    return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)


@given(_STEPS)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_as_copied_dictionaries(steps: list[tuple[str, int, str, int]]) -> None:
    states: list[tuple[Vars, _Plain]] = [(Vars(), {})]
    for verb, owner, name, number in steps:
        state, plain = states[number % len(states)]
        if verb == "set":
            value = Const(number)
            state.set(owner, name, value)
            plain[owner, name] = value
        elif verb == "drop":
            state.drop(owner, name)
            plain.pop((owner, name), None)
        elif verb == "forget":
            state.forget(owner)
            for key in [key for key in plain if key[0] == owner]:
                del plain[key]
        elif verb == "copy":
            states.append((state.copy(), dict(plain)))
        else:
            other, plain_other = states[-1]
            if other is not state:
                join_vars(state, other)
                _joined(plain, plain_other)
        for one, expected in states:
            assert _agree(_told(one), expected)
            assert all(one.get(*key) is not None for key in expected)


def test_changes_are_of_names_that_both_hold() -> None:
    before = Vars()
    before.set(1, "a", Const(1))
    before.set(2, "b", Const(2))
    later = before.copy()
    later.set(1, "a", Const(3))
    later.set(3, "c", Const(4))
    assert [(owner, now.value) for owner, _, now in before.changes(later) if isinstance(now, Const)] == [(1, 3)]
