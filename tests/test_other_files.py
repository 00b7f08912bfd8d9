"""Faults that lie in another file of the project: each is told once, where its objects and processes are made."""

from __future__ import annotations

import pathlib

import pytest

from flake8_ipc.lint import lint
from flake8_ipc.options import Options

_OFFICE = """\
from multiprocessing import Process, Queue
from subprocess import PIPE, Popen


class Office:
    def open(self):
        def work():
            print("open")

        clerk = Process(target=work)
        clerk.start()
        clerk.join()

    def letters(self):
        for letter in self.bag():
            print(letter)


def call():
    phone = Popen(["phone"], stdout=PIPE, stderr=PIPE)
    yield from phone.stdout
    phone.wait()


def read_all(phone):
    for line in phone.stdout:
        yield line


def stamp(letters):
    print(letters.get())
    letters.put("stamped")
"""


@pytest.fixture
def project(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "office.py").write_text(_OFFICE, encoding="utf-8")
    return tmp_path


def found(folder: pathlib.Path, text: str) -> list[tuple[int, str]]:
    path = folder / "town.py"
    path.write_text(text, encoding="utf-8")
    return [(finding.place.line, finding.code) for finding in lint(text, str(path), Options())]


def test_a_fault_is_told_in_its_own_file(project: pathlib.Path) -> None:
    codes = [(one.place.line, one.code) for one in lint(_OFFICE, str(project / "office.py"), Options())]
    assert codes == [(10, "IPC104"), (21, "IPC801")]


def test_who_only_calls_it_is_left_alone(project: pathlib.Path) -> None:
    text = "from office import Office, call\nimport multiprocessing\n\n\ndef go():\n    Office().open()\n    list(call())\n"
    assert found(project, text) == []


def test_a_fault_in_what_is_made_here_is_told_here(project: pathlib.Path) -> None:
    text = (
        "from subprocess import PIPE, Popen\n\nfrom office import Office, read_all\n\n\n"
        "class Town(Office):\n    def bag(self):\n"
        '        phone = Popen(["phone"], stdout=PIPE, stderr=PIPE)\n        yield from read_all(phone)\n        phone.wait()\n'
    )
    assert found(project, text) == [(9, "IPC801")]


def test_a_generator_from_another_file_is_told_by_the_loop_over_it(project: pathlib.Path) -> None:
    (project / "base.py").write_text(
        "class Base:\n    def cat(self):\n        for piece in self.pieces():\n            yield piece\n", encoding="utf-8"
    )
    text = (
        "from subprocess import PIPE, Popen\n\nfrom base import Base\nfrom office import read_all\n\n\n"
        "class Town(Base):\n    def pieces(self):\n"
        '        phone = Popen(["phone"], stdout=PIPE, stderr=PIPE)\n'
        "        for line in read_all(phone):\n            yield line\n        phone.wait()\n"
    )
    assert found(project, text) == [(10, "IPC801")]


def test_a_worker_in_another_file_is_told_where_its_process_is_made(project: pathlib.Path) -> None:
    text = (
        "from multiprocessing import Process, Queue\n\nfrom office import stamp\n\nif __name__ == '__main__':\n"
        "    letters = Queue()\n    clerk = Process(target=stamp, args=(letters,))\n    clerk.start()\n"
        "    print(letters.get())\n    clerk.join()\n"
    )
    assert found(project, text) == [(7, "IPC201"), (9, "IPC201")]
