"""Reviewdog's diagnostic format.

Source: reviewdog, proto/rdf: DiagnosticResult; its columns count bytes of UTF-8.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..edits import Edit
from ..work import Remark


def _suggestions(edit: Edit) -> list[dict[str, object]]:
    """The edit, if it is one stretch of lines; several suggestions are alternatives, so more than one cannot be told."""
    if len(edit.changes) != 1:
        return []
    (one,) = edit.changes
    until = {"line": one.last, "column": one.bytes}
    return [{"range": {"start": {"line": one.first, "column": 1}, "end": until}, "text": one.text}]


def _diagnostic(one: Remark) -> dict[str, object]:
    column = len(one.source[: one.column - 1].encode()) + 1 if one.source else one.column
    return {
        "message": one.message,
        "location": {"path": one.path, "range": {"start": {"line": one.line, "column": column}}},
        "severity": "WARNING",
        "code": {"value": one.code},
        "related_locations": [
            {
                "message": step.text,
                "location": {"path": step.path, "range": {"start": {"line": step.line, "column": step.column}}},
            }
            for step in one.steps
        ],
        "suggestions": _suggestions(one.edit) if one.edit is not None else [],
    }


def render(remarks: Sequence[Remark]) -> str:
    """One result with all findings."""
    whole = {"source": {"name": "flake8-ipc"}, "severity": "WARNING", "diagnostics": [_diagnostic(one) for one in remarks]}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
