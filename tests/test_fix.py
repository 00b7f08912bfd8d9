"""The fixes: golden files, what is refused, and the command around them."""

from __future__ import annotations

import ast
import pathlib
import re
import subprocess
import sys
from collections import Counter

import pytest

from flake8_ipc.fixes import fix_for, fixes
from flake8_ipc.fixes.mending import Unfixable, mended
from flake8_ipc.lint import lint
from flake8_ipc.options import Options
from flake8_ipc.rules import rules

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = sorted(path for path in (ROOT / "tests" / "fixes").glob("ipc*.py") if not path.name.endswith(".fixed.py"))
# Long enough for a program that starts a few processes on a busy machine.
_LIMIT = 60


def fixed(text: str, *, unsafe: bool = True) -> str:
    return mended(text.encode(), "example.py", Options(), unsafe=unsafe).data.decode()


def reasons(text: str, *, unsafe: bool = True) -> list[str]:
    return [left.reason for left in mended(text.encode(), "example.py", Options(), unsafe=unsafe).left]


def command(*arguments: str, cwd: pathlib.Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "flake8_ipc", "fix", *arguments], cwd=cwd, input=data, capture_output=True, timeout=120
    )


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_files(path: pathlib.Path) -> None:
    wanted = path.with_name(f"{path.stem}.fixed.py")
    code = path.name[:6].upper()
    before = lint(path.read_text(), path.name, Options())
    assert code in {finding.code for finding in before}
    done = mended(path.read_bytes(), path.name, Options(), unsafe=True)
    assert done.data.decode() == wanted.read_text()
    assert lint(wanted.read_text(), path.name, Options()) == []
    fix = fix_for(code)
    assert fix is not None
    if not fix.safe:
        assert mended(path.read_bytes(), path.name, Options()).data == path.read_bytes()


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_fixing_twice_changes_nothing(path: pathlib.Path) -> None:
    wanted = path.with_name(f"{path.stem}.fixed.py").read_bytes()
    assert mended(wanted, path.name, Options(), unsafe=True).data == wanted


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_fixed_programs_run(path: pathlib.Path, tmp_path: pathlib.Path) -> None:
    program = tmp_path / path.name
    program.write_bytes(path.with_name(f"{path.stem}.fixed.py").read_bytes())
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=_LIMIT)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "fixtures").glob("ipc*_bad.py")), ids=lambda path: path.stem)
def test_fixtures_get_no_new_finding_and_lose_no_comment(path: pathlib.Path) -> None:
    data = path.read_bytes()
    done = mended(data, path.name, Options(), unsafe=True)
    before, after = (Counter(one.code for one in lint(each.decode(), path.name, Options())) for each in (data, done.data))
    assert not after - before
    assert Counter(re.findall(r"#.*", done.data.decode())) == Counter(re.findall(r"#.*", data.decode()))
    assert bool(done.done) == (done.data != data)
    ast.parse(done.data)


def test_every_fix_is_for_rules_and_has_a_golden_file() -> None:
    known = {rule.code for rule in rules()}
    codes = [code for fix in fixes() for code in fix.codes]
    assert set(codes) <= known and len(set(codes)) == len(codes)
    assert {path.name[:6].upper() for path in GOLDEN} == set(codes)


WAITING = """\
from multiprocessing import Process


def f(x):
    print(x)

{middle}
if __name__ == "__main__":
    p = Process(target=f, args=({value}))
    p.start()
    p.join()
"""


def test_line_ends_indentation_and_encoding_stay() -> None:
    text = (ROOT / "tests" / "fixes" / "ipc402_votes.py").read_text().replace("    ", "\t").replace("\n", "\r\n")
    done = fixed(text)
    assert "\t\twith votes.get_lock():\r\n\t\t\tvotes[seen] += 1\r\n" in done
    assert done.count("\n") == done.count("\r\n")
    latin = ("# coding: latin-1\n" + WAITING.format(value="'é'", middle="")).encode("latin-1")
    assert b"args=('\xe9',)" in mended(latin, "latin.py", Options()).data
    marked = b"\xef\xbb\xbf" + WAITING.format(value="'e'", middle="").encode()
    assert mended(marked, "marked.py", Options()).data == marked.replace(b"('e')", b"('e',)")


@pytest.mark.parametrize(("odd", "last"), [("\fy = 1\n", ""), ("", "y = 1\r")])
def test_what_cannot_be_written_back_is_refused(odd: str, last: str) -> None:
    with pytest.raises(Unfixable, match="byte for byte"):
        mended((WAITING.format(value="'e'", middle=odd) + last).encode(), "odd.py", Options())


MODULE = """\
from multiprocessing import Pool


def grind(sack):
    return sack - 1

{above}
{start}
{below}
"""


@pytest.mark.parametrize(
    ("above", "start", "below", "says"),
    [
        ("def report():\n    return mill.map(grind, [3])\n", "mill = Pool(2)", "print(report())", "functions use mill"),
        ("class Mill:\n    def work(self):\n        return mill\n", "mill = Pool(2)", "", "functions use mill"),
        ("show = lambda: mill", "mill = Pool(2)", "", "functions use mill"),
        ("", "mill = Pool(2)", "def rest():\n    pass", "a definition or import"),
        ("", "mill = Pool(2)", "import json\nprint(json.dumps(mill.map(grind, [3])))", "a definition or import"),
        ("__all__ = ['mill']", "mill = Pool(2)", "", "functions use mill"),
    ],
)
def test_the_guard_takes_nothing_along_that_others_need(above: str, start: str, below: str, says: str) -> None:
    text = MODULE.format(above=above, start=start, below=below)
    assert fixed(text, unsafe=False) == text
    assert any(says in reason for reason in reasons(text, unsafe=False))


def test_the_guard_leaves_a_parameter_of_the_same_name_alone() -> None:
    text = MODULE.format(above="def work(mill):\n    return mill.map(grind, [3])\n", start="mill = Pool(2)", below="work(mill)")
    assert 'if __name__ == "__main__":\n    mill = Pool(2)\n    work(mill)\n' in fixed(text, unsafe=False)


COUNTING = """\
from multiprocessing import Lock, Process, Value


def count(total):
{update}

if __name__ == "__main__":
    total = Value("i", 0{lock})
    workers = [Process(target=count, args=(total,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
"""


@pytest.mark.parametrize(
    ("update", "lock", "says"),
    [
        ("    total.value += 1\n", ", lock=Lock()", "not recursive"),
        ("    if total.value < 9:\n        total.value += 1\n", "", "a test above reads it"),
        ("    now = total.value\n    total.value = now + 1\n", "", "not one statement"),
        ("    def me():\n        return total\n    me().value += 1\n", "", "twice"),
    ],
)
def test_updates_that_a_lock_around_one_statement_does_not_mend(update: str, lock: str, says: str) -> None:
    text = COUNTING.format(update=update, lock=lock)
    assert fixed(text) == text
    assert [reason for reason in reasons(text) if says in reason]


def test_an_index_that_is_a_call_is_evaluated_once_as_before() -> None:
    text = COUNTING.format(update="    total[ord('b') - ord('a')] += 1\n", lock="").replace("Value(\"i\", 0)", "Array('i', 9)")
    text = text.replace("Value", "Array")
    assert "    with total.get_lock():\n        total[ord('b') - ord('a')] += 1\n" in fixed(text)


SENDING = """\
from multiprocessing import Pipe, Process


def take(ear{more}):
    try:
        while True:
            print(ear.recv())
    except EOFError:
        pass


{other}
if __name__ == "__main__":
    ear, mouth = Pipe(duplex=False)
    taker = Process({start})
    taker.start()
    ear.close()
    mouth.send("word")
    mouth.close()
    taker.join()
"""


@pytest.mark.parametrize(
    ("more", "other", "start"),
    [
        ("", "def again(ear):\n    take(ear)\n\n\n", "target=take, args=(ear,)"),
        (", *rest", "", "target=take, args=(ear,)"),
        (", loud=False", "", "target=take, args=(ear,)"),
        ("", "", "target=take, args=[ear]"),
        ("", "GIVEN = ()\n\n", "target=take, args=(ear, *GIVEN)"),
        ("", "", "None, take, args=(ear,)"),
        ("", "", "target=take, kwargs={'ear': ear}"),
    ],
)
def test_only_a_function_of_its_own_is_given_the_other_end(more: str, other: str, start: str) -> None:
    text = SENDING.format(more=more, other=other, start=start)
    assert fixed(text) == text
    assert "IPC301" in {finding.code for finding in lint(text, "example.py", Options())}
    assert any("the other end, as its last argument" in reason for reason in reasons(text))


def test_calls_with_arguments_are_not_taken_apart() -> None:
    text = WAITING.format(value="1,", middle="").replace("target=f, args=(1,)", "target=f(1)")
    assert fixed(text) == text
    assert reasons(text) == ["the call has arguments, and where they belong is for you to say"]


def test_command_mends_in_place(tmp_path: pathlib.Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(WAITING.format(value="'e'", middle=""))
    done = command("program.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr == b"program.py: mended: 1 IPC103\n"
    assert "args=('e',)" in program.read_text()
    again = command(cwd=tmp_path)
    assert (again.returncode, again.stdout, again.stderr) == (0, b"", b"")


def test_command_shows_a_difference_that_can_be_applied(tmp_path: pathlib.Path) -> None:
    program = tmp_path / "program.py"
    text = WAITING.format(value="'e'", middle="").rstrip("\n")
    program.write_text(text.replace("    p.start()\n    p.join()", "    p.start(); p.join()"))
    before = program.read_bytes()
    done = command("--diff", "program.py", cwd=tmp_path)
    assert done.returncode == 1 and program.read_bytes() == before
    assert b"-    p = Process(target=f, args=('e'))\n+    p = Process(target=f, args=('e',))\n" in done.stdout
    subprocess.run(["git", "apply", "-p0", "-"], cwd=tmp_path, input=done.stdout, check=True, timeout=60)
    assert program.read_bytes() == before.replace(b"('e')", b"('e',)")
    assert command("--diff", "program.py", cwd=tmp_path).returncode == 0


def test_command_reads_standard_input(tmp_path: pathlib.Path) -> None:
    text = WAITING.format(value="'e'", middle="").encode()
    done = command("-", "--stdin-display-name", "buffer.py", cwd=tmp_path, data=text)
    assert (done.returncode, done.stdout) == (0, text.replace(b"('e')", b"('e',)"))
    assert done.stderr == b"buffer.py: mended: 1 IPC103\n"
    broken = b"import multiprocessing\ndef f(:\n"
    done = command("-", cwd=tmp_path, data=broken)
    assert (done.returncode, done.stdout) == (1, broken)
    assert done.stderr.startswith(b"stdin: not mended: SyntaxError: ")


def test_command_leaves_alone_what_is_not_chosen_or_silenced(tmp_path: pathlib.Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(WAITING.format(value="'e'", middle=""))
    assert command("--select", "IPC2", "--diff", cwd=tmp_path).stdout == b""
    (tmp_path / "setup.cfg").write_text("[flake8]\nextend-ignore = IPC103\n")
    assert command("--diff", cwd=tmp_path).stdout == b""
    (tmp_path / "setup.cfg").unlink()
    program.write_text(program.read_text().replace("('e'))", "('e'))  # noqa: IPC103"))
    assert command("--diff", cwd=tmp_path).stdout == b""
    assert command("--diff", "--disable-noqa", cwd=tmp_path).returncode == 1


def test_command_tells_what_it_leaves(tmp_path: pathlib.Path) -> None:
    (tmp_path / "join.py").write_bytes((ROOT / "tests" / "fixes" / "ipc202_archive.py").read_bytes())
    done = command("join.py", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == b"join.py:15:5: IPC202 not mended: its fix may change behaviour: --unsafe\n"
    (tmp_path / "feed.py").write_text(WAITING.format(value="'e'", middle="\fy = 1\n"))
    done = command("feed.py", cwd=tmp_path)
    assert done.returncode == 1 and b"feed.py: not mended: it cannot be written back byte for byte" in done.stderr
    assert command("nowhere.py", cwd=tmp_path).returncode == 2


def test_explain_tells_whether_a_rule_can_be_fixed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flake8_ipc", "explain", "IPC103", "IPC202", "IPC201"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
    )
    assert "`flake8-ipc fix` makes a tuple of the single value: (x) becomes (x,).\n" in done.stdout
    assert "`flake8-ipc fix --unsafe` moves the join" in done.stdout
    assert done.stdout.count("## It can be fixed") == 2
