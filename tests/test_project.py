"""Other files of a project: followed where a process needs them, and not kept for ever."""

from __future__ import annotations

import pathlib

import libcst
import pytest

from flake8_ipc.lint import lint
from flake8_ipc.options import Options
from flake8_ipc.source import project

WORKER = """\
def work{number}(channel):
    channel.get()
"""

MAIN = """\
import multiprocessing
from worker{number} import work{number}

if __name__ == "__main__":
    channel = multiprocessing.Queue()
    process = multiprocessing.Process(target=work{number}, args=(channel,))
    process.start()
    process.join()
"""


def test_only_so_much_text_is_kept(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read for one file helps the next, until it is more than the bound; what is read anew is judged as before."""
    monkeypatch.setattr(project, "_READ", {})
    monkeypatch.setattr(project, "_KEPT", 3 * len(WORKER))
    for number in [*range(8), 0]:
        (tmp_path / f"worker{number}.py").write_text(WORKER.format(number=number))
        main = tmp_path / f"main{number}.py"
        main.write_text(MAIN.format(number=number))
        assert [finding.code for finding in lint(main.read_text(), str(main), Options())] == ["IPC201"]
    kept = [pathlib.Path(path).name for path, _ in project._READ]
    assert kept == ["worker6.py", "worker7.py", "worker0.py"]


def test_what_was_read_for_another_file_is_not_parsed_again(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless its text is another one, as an editor's is before it is saved; and it is still there for the next file."""
    monkeypatch.setattr(project, "_READ", {})
    parsed: list[str] = []
    parse = libcst.parse_module

    def noting(code: bytes | str) -> libcst.Module:
        parsed.append(code if isinstance(code, str) else code.decode())
        return parse(code)

    monkeypatch.setattr(libcst, "parse_module", noting)
    worker = tmp_path / "worker0.py"
    text = WORKER.format(number=0) + "\n\n" + MAIN.format(number=0).partition("\n")[0] + "\n"
    worker.write_text(text)
    main = tmp_path / "main0.py"
    main.write_text(MAIN.format(number=0))
    for unsaved in (text, text + "lock = multiprocessing.Lock()\n"):
        for path, shown in ((main, main.read_text()), (worker, unsaved), (main, main.read_text())):
            codes = [finding.code for finding in lint(shown, str(path), Options())]
            assert codes == (["IPC201"] if path is main else [])
    assert parsed.count(text) == 1
    assert len(parsed) == 6


CIRCLE = {
    "baker.py": """\
import multiprocessing

from miller import grind


def bake(flour):
    print(flour.get())


def open_shop():
    flour = multiprocessing.Queue()
    oven = multiprocessing.Process(target=bake, args=(flour,))
    oven.start()
    oven.join()
    grind(flour)
""",
    "miller.py": """\
import multiprocessing

from baker import bake


def grind(flour):
    flour.put("rye")


def deliver():
    flour = multiprocessing.Queue()
    oven = multiprocessing.Process(target=bake, args=(flour,))
    oven.start()
    oven.join()
    grind(flour)
""",
}


def test_findings_do_not_hang_on_which_file_came_first(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files that import each other are judged alike, whichever was read for the other before."""
    for name, text in CIRCLE.items():
        (tmp_path / name).write_text(text)
    found = []
    for names in (["baker.py", "miller.py", "baker.py"], ["miller.py", "baker.py", "miller.py"]):
        monkeypatch.setattr(project, "_READ", {})
        told = [(name, lint(CIRCLE[name], str(tmp_path / name), Options())) for name in names]
        found.append({(name, str([(one.code, one.place.line) for one in findings])) for name, findings in told})
    assert found[0] == found[1] == {("baker.py", "[('IPC201', 7)]"), ("miller.py", "[('IPC201', 12)]")}
