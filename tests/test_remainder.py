"""What the text has left to do where a thread waits for good."""

from __future__ import annotations

import pathlib
import queue
import textwrap
from multiprocessing import process

import pytest

from flake8_ipc.runtime.dumps import Frame
from flake8_ipc.runtime.remainder import gives_nothing
from flake8_ipc.runtime.texts import Texts

WAITS = Frame(queue.__file__, 170, "get")
BEGINS = Frame(process.__file__, 108, "run")


def spent(folder: pathlib.Path, text: str, *within: str) -> bool:
    """Of a program that waits where it is marked so, called from the functions ``within``, outermost first."""
    path = folder / "program.py"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    lines = path.read_text(encoding="utf-8").splitlines()
    marked = {line.rpartition("# ")[2]: number for number, line in enumerate(lines, 1) if "  # " in line}
    frames = [Frame(str(path), marked[mark], name) for mark, name in zip((*within, "waits"), ("<module>", *within))]
    return gives_nothing(Texts(), [WAITS, *reversed(frames)])


PLAIN = {
    "nothing": "print(q.get())  # waits",
    "joins": """
        q.put(1)
        print(q.get())  # waits
        for one in runners:
            one.join()
        """,
    "a branch that was taken": """
        if __name__ == "__main__":
            go.set()
            q.get()  # waits
        else:
            go.set()
        """,
    "a function that it only defines": """
        q.get()  # waits
        def later():
            go.set()
        """,
}
ACTIVE = {
    "a signal": """
        q.get()  # waits
        go.set()
        """,
    "a put of what it takes": "p.put(q.get())  # waits",
    "another turn": """
        while True:
            p.put(1)
            q.get()  # waits
        """,
    "a clean-up": """
        try:
            q.get()  # waits
        finally:
            go.set()
        """,
    "what a statement lets go": """
        with slots:
            q.get()  # waits
        """,
    "a call of its own": """
        def help():
            go.set()
        q.get()  # waits
        help()
        """,
    "a method that is called like a harmless one": """
        class Crew:
            def join(self):
                go.set()
        q.get()  # waits
        crew.join()
        """,
}


@pytest.mark.parametrize("name", PLAIN)
def test_nothing_is_left(name: str, tmp_path: pathlib.Path) -> None:
    assert spent(tmp_path, PLAIN[name])


@pytest.mark.parametrize("name", ACTIVE)
def test_something_is_left(name: str, tmp_path: pathlib.Path) -> None:
    assert not spent(tmp_path, ACTIVE[name])


CALLED = """
def take():
    return q.get()  # waits

{before}take(){behind}  # take
{after}
"""


@pytest.mark.parametrize(
    ("before", "behind", "after", "nothing"),
    [("", "", "", True), ("print(", ")", "", True), ("", "", "go.set()", False), ("while True: ", "", "", False)],
)
def test_the_call_that_has_not_returned(before: str, behind: str, after: str, nothing: bool, tmp_path: pathlib.Path) -> None:
    text = CALLED.format(before=before, behind=behind, after=after)
    assert spent(tmp_path, text, "take") is nothing


def test_who_calls_matters(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "program.py"
    path.write_text("def work(q):\n    q.get()\n", encoding="utf-8")
    mine = Frame(str(path), 2, "work")
    assert gives_nothing(Texts(), [WAITS, mine, BEGINS])
    assert not gives_nothing(Texts(), [WAITS, mine, Frame(queue.__file__, 1, "?")])
    assert not gives_nothing(Texts(), [WAITS, mine, Frame(queue.__file__, 1, "?"), mine])
    assert not gives_nothing(Texts(), [WAITS])
