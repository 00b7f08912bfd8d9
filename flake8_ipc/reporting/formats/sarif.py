"""SARIF 2.1.0, which code scanning and many editors read.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; sections are named where they matter.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence
from urllib.parse import quote

from ... import __version__
from ...rules import Rule, rules
from ..edits import Edit
from ..explanation import markdown
from ..work import Remark, Spot

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def _uri(path: str) -> str:
    pure = pathlib.PurePath(path)
    return pure.as_uri() if pure.is_absolute() else quote(pure.as_posix())


def _location(path: str, line: int, column: int, text: str | None = None) -> dict[str, object]:
    where: dict[str, object] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(path)},
            "region": {"startLine": line, "startColumn": column},
        }
    }
    return where if text is None else {**where, "message": {"text": text}}


def _flow(steps: Sequence[Spot]) -> dict[str, object]:
    """The story in order (3.36 codeFlow, 3.38 threadFlowLocation)."""
    return {
        "threadFlows": [
            {"locations": [{"location": _location(step.path, step.line, step.column, step.text)} for step in steps]}
        ]
    }


def _result(one: Remark, codes: Sequence[str]) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": one.code,
        "ruleIndex": codes.index(one.code),
        "level": "warning",
        "message": {"text": one.message},
        "locations": [_location(one.path, one.line, one.column)],
        "partialFingerprints": {"flake8-ipc/v1": one.fingerprint},
    }
    if one.steps:
        result["relatedLocations"] = [
            {"id": number, **_location(step.path, step.line, step.column, step.text)}
            for number, step in enumerate(one.steps, 1)
        ]
        result["codeFlows"] = [_flow(one.steps)]
    if one.edit is not None:
        result["fixes"] = [_fix(one.edit, one.path)]
    return result


def _fix(edit: Edit, path: str) -> dict[str, object]:
    """The edit by whole lines (3.55 fix, 3.57 replacement); a region that ends at column 1 holds the line's end before it."""
    replacements = [
        {
            "deletedRegion": {"startLine": one.first, "startColumn": 1, "endLine": one.last, "endColumn": one.column},
            "insertedContent": {"text": one.text},
        }
        for one in edit.changes
    ]
    change = {"artifactLocation": {"uri": _uri(path)}, "replacements": replacements}
    return {"description": {"text": edit.summary}, "artifactChanges": [change]}


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.code,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.why}\n\nBad:\n\n{rule.bad}\nGood:\n\n{rule.good}", "markdown": markdown(rule)},
        "defaultConfiguration": {"level": "warning"},
    }


def _rules(codes: Sequence[str]) -> list[dict[str, object]]:
    """The descriptions of these codes; E999 and the like have no text of ours."""
    known = {rule.code: rule for rule in rules()}
    return [_rule(known[code]) if code in known else {"id": code} for code in codes]


def render(remarks: Sequence[Remark]) -> str:
    """One log with one run; columns count characters (3.14.17 columnKind)."""
    codes = sorted({one.code for one in remarks})
    driver = {"name": "flake8-ipc", "version": __version__, "rules": _rules(codes)}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, codes) for one in remarks],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"
