"""JSON: a list of findings, each with its story."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..work import Remark


def render(remarks: Sequence[Remark]) -> str:
    """One list."""
    found = [
        {
            "path": one.path,
            "line": one.line,
            "column": one.column,
            "code": one.code,
            "message": one.message,
            "fingerprint": one.fingerprint,
            "story": [
                {"path": step.path, "line": step.line, "column": step.column, "text": step.text} for step in one.steps
            ],
        }
        for one in remarks
    ]
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
