"""The plugin as its users meet it: in real flake8 processes."""

from __future__ import annotations

import ast
import os
import pathlib
import re
import subprocess
import sys

import pytest

from flake8_ipc.plugin import Plugin

ROOT = pathlib.Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures"
ROW = re.compile(r"^(?P<path>.*?):(?P<line>\d+):(?P<col>\d+): (?P<code>[A-Z]+\d+) (?P<text>.+)$")

IMPORT = "from multiprocessing import Process, Queue\n"
# Two findings: both gets wait for each other's put.
WAITS = """

def work(q):
    q.get()
    q.put(1)


if __name__ == "__main__":
    q = Queue()
    p = Process(target=work, args=(q,))
    p.start()
    q.get()
    q.put(1)
    p.join()
"""
FOUND = [("IPC201", 5), ("IPC201", 13)]
CALM = "x = 1\n"


def flake8(
    *arguments: str, cwd: pathlib.Path, isolated: bool = True, startup: str | None = None, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Runs flake8; ``startup`` is a sitecustomize.py for it and its workers."""
    environment = dict(os.environ)
    if startup is not None:
        (cwd / "startup").mkdir(exist_ok=True)
        (cwd / "startup" / "sitecustomize.py").write_text(startup, encoding="utf-8")
        environment["PYTHONPATH"] = os.pathsep.join([str(cwd / "startup"), str(ROOT)])
    command = [sys.executable, *options, "-m", "flake8", *(["--isolated"] if isolated else []), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, timeout=120)


def rows(done: subprocess.CompletedProcess[str]) -> list[tuple[str, str, int]]:
    """Path, code and line of each finding; nothing else may stand in the output."""
    assert "Traceback" not in done.stderr, done.stderr
    assert not done.stderr, done.stderr
    found = [ROW.match(line) for line in done.stdout.splitlines()]
    assert None not in found, done.stdout
    assert done.returncode == (1 if found else 0)
    return [(row["path"].removeprefix("./"), row["code"], int(row["line"])) for row in found if row is not None]


def shifted(lines: int) -> list[tuple[str, int]]:
    return [(code, line + lines) for code, line in FOUND]


# -- texts of all sorts

ODD: dict[str, tuple[bytes, int]] = {
    "bom.py": (b"\xef\xbb\xbf" + (IMPORT + WAITS).encode(), 0),
    "crlf.py": ((IMPORT + WAITS).replace("\n", "\r\n").encode(), 0),
    "bom_crlf.py": (b"\xef\xbb\xbf" + (IMPORT + WAITS).replace("\n", "\r\n").encode(), 0),
    "form_feed.py": ((IMPORT + "\f" + WAITS).encode(), 0),
    "latin_1.py": (("# -*- coding: latin-1 -*-\n" + IMPORT + "NAME = 'caf\u00e9'\n" + WAITS).encode("latin-1"), 2),
    "no_newline.py": ((IMPORT + WAITS).rstrip("\n").encode(), 0),
    "tabs.py": ((IMPORT + WAITS).replace("    ", "\t").encode(), 0),
    "type_comments.py": (
        (IMPORT + "x = []  # type: list[int]\n\n\ndef f(a):\n    # type: (int) -> str\n    return ''  # type: ignore\n")
        .encode() + WAITS.encode(),
        6,
    ),
    "wide.py": ((IMPORT + "NAME = '\U0001f40d \u4e2d'; MORE = '\u00e9'\n" + WAITS).encode(), 1),
    "slices.py": ((IMPORT + "t = [[0]]\nt[1:5, 3:0], t[::0], t[0:1, 0:1, 0:1], t[0:2:0]\n" + WAITS).encode(), 2),
    "emptied.py": ((IMPORT + "x = list(range(9))\nwhile x:\n    while x:\n        x.pop()\n" + WAITS).encode(), 4),
    "lists.py": ((IMPORT + "x = " + "[" * 90 + "]" * 90 + "\n" + WAITS).encode(), 1),
}


def test_texts_of_all_sorts(tmp_path: pathlib.Path) -> None:
    for name, (content, _) in ODD.items():
        (tmp_path / name).write_bytes(content)
    found = rows(flake8("--select=IPC", ".", cwd=tmp_path))
    for name, (_, lines) in ODD.items():
        assert [row[1:] for row in found if row[0] == name] == shifted(lines), name


def test_calm_texts_of_all_sorts(tmp_path: pathlib.Path) -> None:
    (tmp_path / "empty.py").write_bytes(b"")
    (tmp_path / "bom_only.py").write_bytes(b"\xef\xbb\xbf")
    (tmp_path / "comment.py").write_bytes(b"# multiprocessing")
    (tmp_path / "named.py").write_bytes(b'"""multiprocessing"""\n')
    assert rows(flake8("--select=IPC,E9", ".", cwd=tmp_path)) == []


# pyflakes runs out of its own depth on these.
SHALLOW = """
from flake8.plugins.pyflakes import FlakesChecker
FlakesChecker.__init__ = lambda self, tree, filename: None
FlakesChecker.run = lambda self: iter(())
"""


def test_deep_nesting(tmp_path: pathlib.Path) -> None:
    deep = {
        "plus.py": "x = " + " + ".join(["1"] * 500) + "\n",
        "branches.py": "x = 1\nif x == 0:\n    pass\n" + "".join(f"elif x == {n}:\n    pass\n" for n in range(500)),
        "lists.py": "x = " + "[" * 90 + "]" * 90 + "\n",
        "calls.py": "x = " + "(" * 80 + "1" + ")" * 80 + "\n",
        "attributes.py": "x = y" + ".a" * 500 + "\n",
        "blocks.py": "".join(f"{' ' * n}if {n}:\n" for n in range(95)) + " " * 95 + "x = 1\n",
    }
    for name, text in deep.items():
        ast.parse(IMPORT + text)
        (tmp_path / name).write_text(IMPORT + text + WAITS, encoding="utf-8")
        (tmp_path / f"calm_{name}").write_text(text, encoding="utf-8")
    found = rows(flake8("--select=IPC", ".", cwd=tmp_path, startup=SHALLOW))
    for name, text in deep.items():
        mine = [row[1:] for row in found if row[0] == name]
        assert mine == shifted(text.count("\n")) or mine == [("IPC001", 1)], name
        assert not [row for row in found if row[0] == f"calm_{name}"]


@pytest.mark.parametrize("text", ["def broken(:\n", "x = (\n", "if x:\n\tx = 1\n    y = 2\n", "print 'multiprocessing'\n"])
def test_a_syntax_error_is_said_once(text: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "program.py").write_text(IMPORT + text, encoding="utf-8")
    found = rows(flake8("--select=IPC,E9", "program.py", cwd=tmp_path))
    # The tokenizer may have its own say (E902).
    assert [code for _, code, _ in found if code != "E902"] == ["E999"]


# -- several files, several processes

SPAWNED = "import multiprocessing\nmultiprocessing.set_start_method('spawn', force=True)\n"


@pytest.mark.parametrize("startup", [None, SPAWNED], ids=["default", "spawn"])
def test_several_files_in_two_processes(startup: str | None, tmp_path: pathlib.Path) -> None:
    unguarded = IMPORT + "\n\ndef work():\n    print(1)\n\n\np = Process(target=work)\np.start()\np.join()\n"
    for number in range(4):
        (tmp_path / f"program_{number}.py").write_text(IMPORT + WAITS, encoding="utf-8")
        (tmp_path / f"unguarded_{number}.py").write_text(unguarded, encoding="utf-8")
    found = rows(flake8("--select=IPC", "-j2", ".", cwd=tmp_path, startup=startup))
    assert sum(code == "IPC101" for _, code, _ in found) == 4
    assert [row for row in sorted(found) if row[1] != "IPC101"] == [
        (f"program_{number}.py", *row) for number in range(4) for row in FOUND
    ]
    # The options reach every worker.
    found = rows(flake8("--select=IPC", "-j2", "--ipc-start-methods=fork", ".", cwd=tmp_path, startup=startup))
    assert sorted(found) == [(f"program_{number}.py", *row) for number in range(4) for row in FOUND]


# -- options


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The one line in which a bad option is told."""
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    lines = (done.stdout + done.stderr).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("There was a critical error")
    return lines[1]


BAD = [
    ("ipc-start-methods", "fork,spoon", "ipc-start-methods: 'spoon' is not one of fork, spawn, forkserver"),
    ("ipc-start-methods", "", "ipc-start-methods: at least one start method is needed"),
    ("ipc-depth", "deep", "ipc-depth: 'deep' is not a whole number"),
    ("ipc-depth", "0", "ipc-depth: 0 is not between 1 and 50"),
    ("ipc-states", "1e3", "ipc-states: '1e3' is not a whole number"),
    ("ipc-states", "-1", "ipc-states: -1 is not between 1 and 1000000"),
    ("ipc-enable", "IPC2", "ipc-enable: 'IPC2' is not a code or prefix of the opinions IPC9xx"),
    ("ipc-enable", "E501", "ipc-enable: 'E501' is not a code or prefix of the opinions IPC9xx"),
]


@pytest.mark.parametrize(("name", "text", "line"), BAD)
def test_a_bad_value_on_the_command_line(name: str, text: str, line: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "program.py").write_text(CALM, encoding="utf-8")
    assert complaint(flake8(f"--{name}={text}", "program.py", cwd=tmp_path)) == line


@pytest.mark.parametrize("config", ["setup.cfg", "tox.ini", ".flake8"])
def test_options_from_files(config: str, tmp_path: pathlib.Path) -> None:
    unguarded = IMPORT + "\n\ndef work():\n    print(1)\n\n\np = Process(target=work)\np.start()\np.join()\n"
    (tmp_path / "program.py").write_text(unguarded, encoding="utf-8")
    (tmp_path / config).write_text("[flake8]\nselect = IPC\n", encoding="utf-8")
    assert [code for _, code, _ in rows(flake8("program.py", cwd=tmp_path, isolated=False))] == ["IPC101"]
    (tmp_path / config).write_text(
        "[flake8]\nselect = IPC\nipc-start-methods =\n    fork\nipc_depth = 3\nipc-states = 100\nipc-enable = IPC9\n",
        encoding="utf-8",
    )
    assert [code for _, code, _ in rows(flake8("program.py", cwd=tmp_path, isolated=False))] == ["IPC903", "IPC901"]
    # The command line has the last word.
    again = flake8("--ipc-start-methods=spawn", "--ipc-enable=", "program.py", cwd=tmp_path, isolated=False)
    assert [code for _, code, _ in rows(again)] == ["IPC101"]
    (tmp_path / config).write_text("[flake8]\nipc_start_methods = fork spoon\n", encoding="utf-8")
    assert complaint(flake8("program.py", cwd=tmp_path, isolated=False)) == BAD[0][2]
    (tmp_path / config).write_text("[flake8]\nipc-depth = deep\n", encoding="utf-8")
    assert complaint(flake8("-j2", "program.py", "program.py", cwd=tmp_path, isolated=False)) == BAD[2][2]


def test_fork_alone_needs_no_guard_and_inherits_globals() -> None:
    bad = sorted([*FIXTURES.glob("ipc101_*_bad.py"), *FIXTURES.glob("ipc112_*_bad.py")])
    codes = {code for _, code, _ in rows(flake8("--select=IPC101,IPC112", *map(str, bad), cwd=ROOT))}
    assert codes == {"IPC101", "IPC112"}
    assert rows(flake8("--select=IPC101,IPC112", "--ipc-start-methods=fork", *map(str, bad), cwd=ROOT)) == []


def test_too_few_states_to_tell(tmp_path: pathlib.Path) -> None:
    (tmp_path / "program.py").write_text(IMPORT + WAITS, encoding="utf-8")
    found = rows(flake8("--select=IPC", "--ipc-states=1", "program.py", cwd=tmp_path))
    assert found in ([], [("program.py", *row) for row in FOUND])


# -- faults of our own

BROKEN = """
import flake8_ipc.source.read


def programs(*arguments, **more):
    raise {error}


flake8_ipc.source.read.Reader.programs = programs
"""


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("ValueError('what went wrong\\nand more')", "what went wrong"),
        ("KeyError()", "KeyError"),
        ("RecursionError()", "RecursionError"),
        ("AssertionError('\\n')", ""),
    ],
)
def test_a_fault_of_ours_is_a_finding(error: str, reason: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "program.py").write_text(IMPORT + WAITS, encoding="utf-8")
    (tmp_path / "calm.py").write_text(CALM, encoding="utf-8")
    done = flake8("--select=IPC", "program.py", "calm.py", cwd=tmp_path, startup=BROKEN.format(error=error))
    assert rows(done) == [("program.py", "IPC001", 1)]
    assert done.stdout.startswith("program.py:1:1: IPC001 not analysed:")
    assert done.stdout.rstrip("\n").endswith(reason)


# -- findings


def test_findings_are_sorted_and_told_once() -> None:
    some = 0
    for path in sorted(FIXTURES.glob("*_bad.py"))[::3]:
        text = path.read_text(encoding="utf-8")
        found = [row[:3] for row in Plugin(ast.parse(text), str(path), text.splitlines(keepends=True)).run()]
        some += len(found)
        assert found == sorted(found), path.name
        assert len({(line, column, message[:6]) for line, column, message in found}) == len(found), path.name
    assert some


def test_the_same_worker_in_many_processes_is_told_once(tmp_path: pathlib.Path) -> None:
    """Every process finds the same fault in the same function; so does the function's own program."""
    more = "".join(f"    p{n} = Process(target=work, args=(q,))\n    p{n}.start()\n    p{n}.join()\n" for n in range(3))
    (tmp_path / "program.py").write_text(
        IMPORT + "\n\ndef work(q):\n    q.get()\n\n\nif __name__ == '__main__':\n    q = Queue()\n" + more, encoding="utf-8"
    )
    assert rows(flake8("--select=IPC", "program.py", cwd=tmp_path)).count(("program.py", "IPC201", 5)) == 1


# -- what is loaded


def test_the_plugin_alone_loads_nothing_heavy() -> None:
    code = "import flake8_ipc.plugin, sys; print([name for name in sys.modules if 'libcst' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.stdout == "[]\n", done.stderr


def test_files_without_processes_load_nothing_heavy(tmp_path: pathlib.Path) -> None:
    (tmp_path / "calm.py").write_text(CALM, encoding="utf-8")
    (tmp_path / "program.py").write_text(IMPORT + WAITS, encoding="utf-8")
    calm = flake8("--select=IPC", "calm.py", cwd=tmp_path, options=("-X", "importtime"))
    assert calm.returncode == 0
    assert "flake8_ipc.options" in calm.stderr
    assert "libcst" not in calm.stderr
    assert "flake8_ipc.analysis" not in calm.stderr
    busy = flake8("--select=IPC", "program.py", cwd=tmp_path, options=("-X", "importtime"))
    assert busy.returncode == 1
    assert "libcst" in busy.stderr


def test_the_plugin_costs_less_than_3_ms_to_import() -> None:
    """Each module at its best of some tries, for others use this machine too; what flake8 loads itself is not of our making."""
    best: dict[str, int] = {}
    for _ in range(8):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", "import flake8.main.cli, flake8_ipc; import flake8_ipc.plugin"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        rows = re.findall(r"^import time: +(\d+) \| +\d+ \| *(\S+)$", done.stderr, re.MULTILINE)
        names = [name for _, name in rows]
        for took, name in rows[names.index("flake8_ipc") + 1 : names.index("flake8_ipc.plugin") + 1]:
            best[name] = min(best.get(name, int(took)), int(took))
    assert "flake8_ipc.lint" in best
    assert sum(best.values()) < 3_000, best
