"""``flake8-ipc confirm``: what became of the linter's findings in a run, and what the run found beyond them."""

from __future__ import annotations

import json
import pathlib
import textwrap

from test_command import command
from test_runtime import PROGRAMS

PROGRAM = """
    import sys
    from multiprocessing import Process, Value

    def add(count):
        count.value += 1

    if __name__ == "__main__":
        count = Value("i", 0)
        processes = [Process(target=add, args=(count,)) for _ in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        if len(sys.argv) > 1:
            nothing = Process(target=print).start()
            print(nothing)
        print("done")
    """


def confirm(folder: pathlib.Path, text: str, *options: str, arguments: tuple[str, ...] = ()) -> tuple[str, str, int]:
    (folder / "program.py").write_text(textwrap.dedent(text), encoding="utf-8")
    ended = command("confirm", "--start-method", "fork", *options, "program.py", *arguments, cwd=folder)
    return ended.stdout, ended.stderr, ended.returncode


def test_predicted_and_not_seen(tmp_path: pathlib.Path) -> None:
    out, err, status = confirm(tmp_path, PROGRAM)
    assert (out, status) == ("done\n", 1)
    told = {line.split(":")[1]: line for line in err.splitlines() if line.startswith("program.py:")}
    assert "IPC401" in told["6"] and told["6"].endswith("[predicted]")
    assert "IPC107" in told["16"] and told["16"].endswith("[not seen in this run]")
    assert err.splitlines()[-1] == "0 confirmed, 1 predicted, 1 not seen in this run, 0 beyond the linter"


def test_confirmed_with_stacks(tmp_path: pathlib.Path) -> None:
    out, err, status = confirm(tmp_path, PROGRAMS["IPC201"])
    assert (out, status) == ("", 1)
    assert "stuck for good" in err
    assert [line for line in err.splitlines() if ": IPC201 " in line][0].endswith("[confirmed]")


def test_what_only_the_run_sees(tmp_path: pathlib.Path) -> None:
    text = PROGRAM.replace("target=add", "target=globals()['add']")
    out, err, status = confirm(tmp_path, text)
    assert (out, status) == ("done\n", 1)
    assert [line for line in err.splitlines() if "IPC401" in line][0].endswith("[predicted, beyond the linter]")


def test_what_follows_the_script_is_its_own(tmp_path: pathlib.Path) -> None:
    arguments = ("--output", "x", "-m")
    assert confirm(tmp_path, "import sys\nprint(*sys.argv[1:])\n", arguments=arguments)[0] == "--output x -m\n"


def test_nothing_to_say(tmp_path: pathlib.Path) -> None:
    assert confirm(tmp_path, "print('quiet')\n") == (
        "quiet\n",
        "0 confirmed, 0 predicted, 0 not seen in this run, 0 beyond the linter\n",
        0,
    )


def test_as_data(tmp_path: pathlib.Path) -> None:
    out, err, status = confirm(tmp_path, PROGRAM, "--format", "json", "--output", "told.json")
    assert (out, err, status) == ("done\n", "", 1)
    told = json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))
    assert [one["code"] for one in told] == ["IPC401", "IPC107"]


def test_refuses(tmp_path: pathlib.Path) -> None:
    ended = command("confirm", "gone.py", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (2, "flake8-ipc: there is no script gone.py\n")
