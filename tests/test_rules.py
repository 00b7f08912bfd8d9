"""Each rule file is the whole rule: its text, its examples, its place in the README and the fixtures."""

from __future__ import annotations

import dataclasses
import pathlib
import re

import pytest

from flake8_ipc import readme
from flake8_ipc.finding import Finding
from flake8_ipc.rules import Rule, judge, rules
from flake8_ipc.source.read import read

ROOT = pathlib.Path(__file__).parent.parent
WANT = re.compile(r"#\s*want:\s*([A-Z0-9 ]+?)\s*$")


def found_in(text: str, *enabled: str) -> list[Finding]:
    return judge(read(text, "example.py"), enabled=enabled)


def rows(findings: list[Finding]) -> set[tuple[int, str]]:
    return {(finding.place.line, finding.code) for finding in findings}


def wanted(text: str) -> set[tuple[int, str]]:
    marks = ((number, WANT.search(line)) for number, line in enumerate(text.splitlines(), 1))
    return {(number, code) for number, mark in marks if mark for code in mark[1].split()}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_examples(rule: Rule) -> None:
    assert any(code == rule.code for _, code in wanted(rule.bad))
    enabled = () if rule.default else (rule.code,)
    assert rows(found_in(rule.bad, *enabled)) == wanted(rule.bad)
    assert found_in(rule.good, *enabled) == []
    assert rule.default or found_in(rule.bad) == []


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_messages_are_one_plain_line(rule: Rule) -> None:
    for finding in found_in(rule.bad, rule.code):
        assert "\n" not in finding.message
        assert not finding.message.endswith(".")


def test_a_rule_finds_nothing_where_nothing_of_its_concern_occurs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left unasked would have said nothing."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "fixtures").glob("*.py"))]
    asked = [rows(found_in(text)) for text in texts]
    assert sum(map(len, asked)) > 400
    everywhere = tuple(dataclasses.replace(rule, concerns=frozenset()) for rule in rules())
    monkeypatch.setattr("flake8_ipc.rules.rules", lambda: everywhere)
    assert [rows(found_in(text)) for text in texts] == asked


def test_files_are_named_after_their_rules() -> None:
    names = {path.stem for path in (ROOT / "flake8_ipc" / "rules").glob("ipc*.py")}
    assert names == {f"{rule.code.lower()}_{rule.name.replace('-', '_')}" for rule in rules()}
    assert len({rule.code for rule in rules()}) == len(rules())


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_every_rule_has_fixtures(rule: Rule) -> None:
    names = [path.name for path in (ROOT / "fixtures").glob(f"{rule.code.lower()}_*.py")]
    assert any(name.endswith("_bad.py") for name in names)
    assert any(name.endswith("_good.py") for name in names)


def test_the_readme_has_the_rules_as_they_are() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.renewed(text, ROOT / "fixtures") == text
