"""The README keeps its word: every command in it runs, and what it shows to copy is right."""

from __future__ import annotations

import configparser
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib

import pytest

from test_command import ROOT, command, flake8

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^(?P<indent> *)```(?P<kind>\w+)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list[str]:
    found = [(len(block["indent"]), block["text"]) for block in BLOCK.finditer(README) if block["kind"] == kind]
    return ["".join(line[indent:] for line in text.splitlines(keepends=True)) for indent, text in found]


COMMANDS = [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]


@pytest.fixture
def project(tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder with the file that the README speaks of, and a baseline as one of its commands has left it."""
    text = (ROOT / "fixtures" / "tutorial_nobody_puts_first_bad.py").read_text(encoding="utf-8")
    (tmp_path / "wait.py").write_text(text)
    command("baseline", "--output", "known.json", cwd=tmp_path)
    return tmp_path


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 10
    kinds = {line.split()[1] for line in COMMANDS if line.startswith("flake8-ipc")}
    assert kinds == {"check", "explain", "fix", "draw", "baseline", "confirm"}


@pytest.mark.parametrize("line", COMMANDS)
def test_the_command_runs(line: str, project: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    if line.startswith("flake8-ipc fix") and importlib.util.find_spec("flake8_ipc.command.fix") is None:
        pytest.skip("the command has no fix")
    folder = tmp_path_factory.mktemp("bin")
    for name, module in (("flake8", "-m flake8"), ("flake8-ipc", "-m flake8_ipc"), ("python", "")):
        (folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n')
        (folder / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", line], cwd=project, env=environment, capture_output=True, text=True, timeout=120
    )
    if line.startswith("flake8-ipc fix"):
        # Which findings have no fix is said on standard error.
        assert done.returncode in (0, 1) and "Traceback" not in done.stderr
        return
    if line.startswith("python -m flake8_ipc.runtime"):
        # The program there is stuck, and standard output is its own.
        told = (project / "found.txt").read_text() if "--output" in line else done.stderr
        assert (done.returncode, done.stdout) == (70, "")
        assert ["wait.py:8:14:", "IPC201"] in [row.split()[:2] for row in told.splitlines()]
        return
    if line.startswith("flake8-ipc confirm"):
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.endswith("2 confirmed, 0 predicted, 0 not seen in this run, 0 beyond the linter\n")
        return
    assert done.stderr == ""
    # What finds something says so by 1; nothing may be called wrongly.
    finds = ("flake8 ", "flake8-ipc check --story", "flake8-ipc check --format")
    assert done.returncode == (1 if line.startswith(finds) else 0), done.stdout
    wrote = re.search(r"> (\S+)$", line)
    assert wrote or "--baseline" in line or done.stdout
    if wrote:
        assert (project / wrote[1]).read_text()


def test_what_is_json_or_toml_can_be_read() -> None:
    assert len(blocks("json")) == 3
    for text in blocks("json"):
        json.loads(text)
    settings = [tomllib.loads(text) for text in blocks("toml")]
    assert settings[0]["tool"]["ruff"]["lint"]["external"] == ["IPC"]


def test_what_is_set_for_flake8_is_an_option_of_ours(project: pathlib.Path) -> None:
    (ours,) = [one["tool"]["flake8"] for one in map(tomllib.loads, blocks("toml")) if "flake8" in one["tool"]]
    config = configparser.ConfigParser()
    config["flake8"] = {name: ",".join(value) for name, value in ours.items()}
    with open(project / "setup.cfg", "w", encoding="utf-8") as file:
        config.write(file)
    assert any(" IPC901 " in line for line in flake8("wait.py", cwd=project))


def test_the_problem_matcher_matches_what_flake8_prints(project: pathlib.Path) -> None:
    (matcher,) = [one["problemMatcher"][0] for one in map(json.loads, blocks("json")) if "problemMatcher" in one]
    (pattern,) = matcher["pattern"]
    lines = flake8("wait.py", cwd=project)
    assert len(lines) == 2
    for line in lines:
        found = re.match(pattern["regexp"], line)
        assert found is not None
        assert found[pattern["file"]] == "wait.py" and found[pattern["line"]] in ("8", "16")
        assert found[pattern["column"]] == "14" and found[pattern["code"]] == "IPC201"
        assert found[pattern["message"]].startswith("channel.get() can never return")


def test_reviewdog_takes_what_flake8_prints_by_the_form_in_the_readme(project: pathlib.Path) -> None:
    # As reviewdog reads it: %f is a path, %l and %c are numbers, %m is the rest.
    (form,) = re.findall(r"-efm='(.*?)'", README)
    parts = {"%f": r"(?P<path>.+?)", "%l": r"(?P<line>\d+)", "%c": r"(?P<column>\d+)", "%m": r"(?P<text>.+)"}
    pattern = "".join(parts.get(part, re.escape(part)) for part in re.split(r"(%\w)", form))
    found = [re.fullmatch(pattern, line) for line in flake8("wait.py", cwd=project)]
    assert [(one["path"], one["line"]) for one in found if one] == [("wait.py", "8"), ("wait.py", "16")]
    # And its form named flake8 would not: one letter, a number, a space.
    assert not any(re.fullmatch(r".+?:\d+:\d+: [A-Z]\d+ .+", line) for line in flake8("wait.py", cwd=project))


def test_annotations_by_flake8s_own_format(project: pathlib.Path) -> None:
    (line,) = [line for line in COMMANDS if "::warning" in line]
    (form,) = re.findall(r"--format='(.*?)'", line)
    said = flake8(f"--format={form}", "wait.py", cwd=project)
    assert len(said) == 2
    assert said[0].startswith("::warning file=wait.py,line=8,col=14,title=IPC201::channel.get() can never return")


def test_the_hooks_it_names_are_the_ones_that_are_shipped() -> None:
    shipped = re.findall(r"^- id: (\S+)$", (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"), re.MULTILINE)
    named = re.findall(r"- id: (flake8-ipc\S*)", README)
    assert shipped == named == ["flake8-ipc", "flake8-ipc-fix"]


def test_the_formats_it_names_are_the_ones_there_are() -> None:
    from flake8_ipc.reporting.formats import names

    (told,) = re.findall(r"`--format` writes (.*?)\.\n", README)
    assert set(re.findall(r"`(\w+)`", told)) == set(names())
