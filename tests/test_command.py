"""The command: what it prints, how it ends, and that it says what flake8 says."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"

RACE = """\
from multiprocessing import Process, Value


def count(total):
    for _ in range(100):
        total.value += 1


if __name__ == "__main__":
    total = Value("i", 0)
    workers = [Process(target=count, args=(total,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
"""


def command(*arguments: str, cwd: pathlib.Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the command as a user would, in a folder of their own."""
    return subprocess.run(
        [sys.executable, "-m", "flake8_ipc", *arguments], cwd=cwd, input=text, capture_output=True, text=True, timeout=120
    )


def flake8(*arguments: str, cwd: pathlib.Path) -> list[str]:
    """What flake8 with the plugin prints."""
    done = subprocess.run(
        [sys.executable, "-m", "flake8", "--select=IPC,E999", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout.splitlines()


@pytest.fixture
def project(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "race.py").write_text(RACE)
    (tmp_path / "clean.py").write_text("print('nothing here')\n")
    return tmp_path


def test_says_what_flake8_says() -> None:
    said = command("check", "--isolated", "fixtures", cwd=ROOT)
    assert said.returncode == 1
    assert sorted(said.stdout.splitlines()) == sorted(flake8("--isolated", "fixtures", cwd=ROOT))


def test_ends_with_0_where_nothing_is_found(project: pathlib.Path) -> None:
    done = command("check", "clean.py", cwd=project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_ends_with_1_where_something_is_found_and_0_if_asked(project: pathlib.Path) -> None:
    assert command("check", cwd=project).returncode == 1
    assert command("check", "--exit-zero", cwd=project).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check", "nowhere.py"], "there is no file or folder nowhere.py"),
        (["check", "--ipc-depth", "many"], "ipc-depth: 'many' is not a whole number"),
        (["check", "--ipc-start-methods", "fork,teleport"], "'teleport' is not one of"),
        (["check", "--select", "ipc2"], "'ipc2' is not a code"),
        (["check", "--config", "nothing.cfg"], "there is no configuration file nothing.cfg"),
        (["explain", "IPC999"], "there is no rule 'IPC999'"),
        (["explain"], "which rule?"),
        ([], "the following arguments are required: COMMAND"),
        (["chekc"], "invalid choice: 'chekc'"),
        (["check", "--format", "xml"], "invalid choice: 'xml'"),
        (["check", "--story", "--format", "json"], "goes with no --format"),
        (["check", "-j", "0"], "'0' is neither auto nor a whole number from 1"),
        (["check", "--baseline"], "expected one argument"),
        (["draw", "."], ".: Is a directory"),
        (["draw"], "the following arguments are required: FILE"),
        (["fix", "nowhere.py"], "there is no file or folder nowhere.py"),
        (["baseline", "--output", "nowhere/known.json"], "nowhere/known.json: No such file or directory"),
    ],
)
def test_bad_usage_is_one_clear_line_and_2(arguments: list[str], says: str, project: pathlib.Path) -> None:
    done = command(*arguments, cwd=project)
    assert done.returncode == 2
    assert done.stdout == ""
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_standard_input_by_its_display_name(project: pathlib.Path) -> None:
    done = command("check", "-", "--stdin-display-name", "editor/buffer.py", cwd=project, text=RACE)
    assert re.fullmatch(r"editor/buffer\.py:6:9: IPC401 .*\n", done.stdout)


def test_broken_syntax_is_told_as_flake8_tells_it(project: pathlib.Path) -> None:
    (project / "broken.py").write_text("import multiprocessing\ndef f(:\n")
    done = command("check", "broken.py", cwd=project)
    assert done.returncode == 1
    assert re.fullmatch(r"broken\.py:2:\d+: E999 SyntaxError: .*\n", done.stdout)


def test_a_file_that_cannot_be_decoded_stops_nothing(project: pathlib.Path) -> None:
    (project / "bytes.py").write_bytes(b"import multiprocessing\nname = '\xff\xfe'\n")
    done = command("check", "bytes.py", "race.py", cwd=project)
    assert "bytes.py:1:1: E902" in done.stdout
    assert "race.py:6:9: IPC401" in done.stdout


def test_files_that_are_no_programs_are_told_one_by_one(project: pathlib.Path) -> None:
    (project / "zero.py").write_bytes(b"a\0b")
    (project / "loop.py").symlink_to("loop.py")
    (project / "empty.py").write_bytes(b"")
    (project / "folder.py").mkdir()
    done = command("check", cwd=project)
    said = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (1, "")
    assert said[0].startswith("./loop.py:1:1: E902 ") and said[1].startswith("./race.py:6:9: IPC401 ")
    # Python 3.14 refuses it before it is decoded.
    assert re.fullmatch(r"./zero.py:1:1: (E999 SyntaxError|E902 cannot be decoded): source code.* null bytes", said[2])
    assert len(said) == 3


def test_messages_quote_code_without_its_comments(project: pathlib.Path) -> None:
    said = command("check", str(ROOT / "tests" / "fixes" / "ipc103_courier.py"), cwd=project).stdout
    assert 'args is "a lamp" itself' in said and "#" not in said


def test_works_with_libcst_alone(project: pathlib.Path) -> None:
    alone = "import sys; sys.modules['flake8'] = None; from flake8_ipc.command import main; sys.exit(main())"
    for arguments in (["check"], ["fix", "--diff"], ["explain", "IPC401"], ["draw", "race.py"], ["baseline"]):
        done = subprocess.run(
            [sys.executable, "-c", alone, *arguments], cwd=project, capture_output=True, text=True, timeout=120
        )
        assert done.returncode in (0, 1) and done.stdout and "Traceback" not in done.stderr, done.stderr


def test_files_without_processes_load_nothing_heavy(project: pathlib.Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "flake8_ipc", "check", "clean.py"],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "flake8_ipc.command.accepted" in done.stderr
    assert not re.search(r"libcst|flake8_ipc\.(model|rules|fixes|drawing)", done.stderr)


def test_noqa_holds_for_the_whole_statement(project: pathlib.Path) -> None:
    for comment in ("# noqa", "# noqa: IPC401", "# NOQA:E501,IPC4"):
        (project / "race.py").write_text(RACE.replace("value += 1", f"value += 1  {comment}"))
        assert command("check", "race.py", cwd=project).stdout == "", comment
        assert flake8("race.py", cwd=project) == [], comment
        assert command("check", "--disable-noqa", "race.py", cwd=project).returncode == 1
    (project / "race.py").write_text(RACE.replace("value += 1", "value += 1  # noqa: IPC402"))
    assert command("check", "race.py", cwd=project).returncode == 1
    (project / "race.py").write_text("# flake8: noqa\n" + RACE)
    assert command("check", "race.py", cwd=project).stdout == ""


@pytest.mark.parametrize("name", ["setup.cfg", "tox.ini", ".flake8"])
@pytest.mark.parametrize(
    "settings", ["extend-ignore = IPC4", "exclude = race.py", "per-file-ignores = race.py:IPC401", "select = IPC1"]
)
def test_reads_what_is_configured_for_flake8(name: str, settings: str, project: pathlib.Path) -> None:
    (project / name).write_text(f"[flake8]\n{settings}\n")
    assert command("check", cwd=project).stdout == ""
    assert flake8(cwd=project) == [] or settings.startswith("select")


def test_all_processes_together_say_what_one_says() -> None:
    one, many = (command("check", "--isolated", "-j", jobs, "fixtures", cwd=ROOT).stdout for jobs in ("1", "3"))
    assert one == many != ""


def test_json_tells_the_story(project: pathlib.Path) -> None:
    (found,) = json.loads(command("check", "--format", "json", cwd=project).stdout)
    assert (found["path"], found["line"], found["column"], found["code"]) == ("./race.py", 6, 9, "IPC401")
    assert found["fingerprint"]


def test_fingerprints_stay_when_lines_move(project: pathlib.Path) -> None:
    before = json.loads(command("check", "--format", "gitlab", cwd=project).stdout)
    (project / "race.py").write_text("# a line more\n\n" + RACE)
    after = json.loads(command("check", "--format", "gitlab", cwd=project).stdout)
    assert [one["fingerprint"] for one in before] == [one["fingerprint"] for one in after] != []
    assert {"description", "check_name", "fingerprint", "severity", "location"} <= before[0].keys()


def test_github_annotations_escape_what_they_must(project: pathlib.Path) -> None:
    (project / "race, 100%.py").write_text(RACE)
    said = command("check", "--format", "github", "race, 100%.py", cwd=project).stdout
    assert said.startswith("::warning file=race%2C 100%25.py,line=6,col=9,title=IPC401::")


def on_a_terminal(*arguments: str, cwd: pathlib.Path, **environment: str) -> tuple[str, str]:
    """What the command writes to a terminal: standard output, and standard error."""
    ours, theirs = zip(*(os.openpty() for _ in range(2)), strict=True)
    usual = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    whole = {**usual, "TERM": "xterm", **environment}
    running = subprocess.Popen(
        [sys.executable, "-m", "flake8_ipc", *arguments], cwd=cwd, env=whole, stdout=theirs[0], stderr=theirs[1]
    )
    for end in theirs:
        os.close(end)
    with ThreadPoolExecutor(2) as readers:
        told = list(readers.map(_all_of, ours))
    running.wait(120)
    return told[0], told[1]


def _all_of(end: int) -> str:
    data = b""
    with contextlib.suppress(OSError):  # which is how the end of a terminal is told
        while part := os.read(end, 1 << 16):
            data += part
    os.close(end)
    return data.decode().replace("\r\n", "\n")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs terminals")
class TestOnATerminal:
    def test_colour_only_there_and_only_if_it_is_wanted(self, project: pathlib.Path) -> None:
        said, _ = on_a_terminal("check", "--story", "race.py", cwd=project)
        assert "\033[1m\033[31mIPC401\033[0m" in said
        plain = command("check", "--story", "race.py", cwd=project).stdout
        assert re.sub(r"\033\[\d+m", "", said) == plain
        assert on_a_terminal("check", "--story", "race.py", cwd=project, NO_COLOR="1")[0] == plain
        assert on_a_terminal("check", "--story", "race.py", cwd=project, TERM="dumb")[0] == plain

    def test_progress_after_a_second_and_nothing_left_of_it(self) -> None:
        files = [str(path) for path in sorted((ROOT / "fixtures").glob("ipc*_bad.py"))]
        said, line = on_a_terminal("check", "--isolated", "-j1", "--exit-zero", *files, cwd=ROOT)
        assert "files" not in said and said.count("\n") >= len(files)
        counts = re.findall(rf"\r(\d+) of {len(files)} files", line)
        assert counts and counts == sorted(counts, key=int)
        assert line.endswith("\r\033[K") and "\n" not in line

    def test_no_progress_within_a_second_or_elsewhere(self, project: pathlib.Path) -> None:
        assert on_a_terminal("check", "clean.py", cwd=project) == ("", "")
        files = [str(path) for path in sorted((ROOT / "fixtures").glob("ipc20[12]*_bad.py"))]
        assert command("check", "--isolated", "-j1", *files, cwd=ROOT).stderr == ""


def test_story_shows_the_code(project: pathlib.Path) -> None:
    said = command("check", "--story", "race.py", cwd=project).stdout
    assert "     6 |         total.value += 1\n       |         ^\n" in said
    assert "\033[" not in said


def test_statistics_on_standard_error(project: pathlib.Path) -> None:
    assert command("check", "--statistics", cwd=project).stderr == "1       IPC401\n"


def test_explain_is_the_rules_own_text(project: pathlib.Path) -> None:
    said = command("explain", "IPC201", cwd=project).stdout
    assert said.startswith("# IPC201 get-before-put\n")
    assert "## Bad" in said and "## Good" in said and "## It is silent where" in said
    assert command("explain", "get-before-put", cwd=project).stdout == said


def test_explain_as_json_tells_every_rule(project: pathlib.Path) -> None:
    told = json.loads(command("explain", "--all", "--format", "json", cwd=project).stdout)
    codes = [rule["code"] for rule in told]
    for rule in told:
        assert rule["summary"] and rule["why"] and rule["bad"] and rule["good"] and rule["silent"], rule["code"]
        assert rule["fix"] is None or isinstance(rule["fix"]["safe"], bool) and rule["fix"]["summary"]
    assert {rule["code"] for rule in told if not rule["default"]} == {code for code in codes if code.startswith("IPC9")}
    assert codes == sorted(codes) and len(codes) == len(list((ROOT / "flake8_ipc" / "rules").glob("ipc*.py")))


def test_explain_tells_what_is_no_rule(project: pathlib.Path) -> None:
    assert "could not be analysed" in command("explain", "ipc001", cwd=project).stdout
    (told,) = json.loads(command("explain", "IPC001", "--format", "json", cwd=project).stdout)
    assert told["name"] == "not-analysed"


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    whole = f"{sys.executable} -m flake8_ipc explain --all | head -1"
    done = subprocess.run(["bash", "-c", whole], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("# IPC") and done.stderr == ""
