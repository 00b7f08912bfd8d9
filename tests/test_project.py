"""Other files of a project: followed where a process needs them, and not kept for ever."""

from __future__ import annotations

import pathlib

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
