"""Reviewdog's diagnostic format.

Source: reviewdog, proto/rdf: DiagnosticResult; its columns count bytes of UTF-8.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..work import Remark


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
    }


def render(remarks: Sequence[Remark]) -> str:
    """One result with all findings."""
    whole = {"source": {"name": "flake8-ipc"}, "severity": "WARNING", "diagnostics": [_diagnostic(one) for one in remarks]}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
