"""What other tools read: SARIF against its schema, GitLab's and reviewdog's forms by their required fields."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from test_command import RACE, ROOT, command

DATA = pathlib.Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def everything() -> str:
    """The SARIF log of all our fixtures: every rule speaks in it."""
    return command("check", "--isolated", "--ipc-enable=IPC9", "--format=sarif", "fixtures", cwd=ROOT).stdout


def test_sarif_is_valid(everything: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((DATA / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    assert [error.message for error in validator.iter_errors(json.loads(everything))] == []
    broken = json.loads(everything)
    broken["runs"][0]["results"][0]["level"] = "dreadful"
    assert not validator.is_valid(broken)


def test_an_empty_sarif_log_is_valid_too(tmp_path: pathlib.Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((DATA / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    log = json.loads(command("check", "--format=sarif", cwd=tmp_path).stdout)
    jsonschema.Draft202012Validator(schema).validate(log)
    assert log["runs"][0]["results"] == []


def test_every_sarif_result_names_a_rule_that_is_told(everything: str) -> None:
    (run,) = json.loads(everything)["runs"]
    told: dict[str, Any] = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} == set(told)
    for result in run["results"]:
        assert told[result["ruleId"]]["help"]["markdown"].startswith(f"# {result['ruleId']} ")
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["partialFingerprints"]
    assert any(result.get("codeFlows") for result in run["results"])
    assert any(result.get("relatedLocations") for result in run["results"])


def test_sarif_paths_are_relative_uris(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a race.py").write_text(RACE)
    log = json.loads(command("check", "--format=sarif", cwd=tmp_path).stdout)
    (result,) = log["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20race.py"


def test_gitlab_has_what_it_requires(tmp_path: pathlib.Path) -> None:
    (tmp_path / "race.py").write_text(RACE.replace("        total.value += 1\n", "        total.value += 1\n" * 2))
    found = json.loads(command("check", "--format=gitlab", cwd=tmp_path).stdout)
    assert len(found) == 2
    for one in found:
        assert isinstance(one["description"], str) and one["check_name"] == "IPC401"
        assert one["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert one["location"]["path"] == "race.py" and one["location"]["lines"]["begin"] in (6, 7)
    assert len({one["fingerprint"] for one in found}) == 2


def test_reviewdog_columns_count_bytes(tmp_path: pathlib.Path) -> None:
    text = RACE.replace("        total.value += 1", "        'ä'; total.value += 1")
    (tmp_path / "race.py").write_text(text, encoding="utf-8")
    result = json.loads(command("check", "--format=rdjson", cwd=tmp_path).stdout)
    (one,) = result["diagnostics"]
    assert one["location"]["range"]["start"] == {"line": 6, "column": 15}
