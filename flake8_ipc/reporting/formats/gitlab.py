"""GitLab's code quality report.

Source: GitLab documentation, "Code Quality", the report's required fields.
"""

from __future__ import annotations

import json
import pathlib
from collections import Counter
from collections.abc import Sequence

from ..work import Remark


def render(remarks: Sequence[Remark]) -> str:
    """One list; a fingerprint that comes twice in it is told apart by its turn."""
    turns: Counter[str] = Counter()
    found = []
    for one in remarks:
        turns[one.fingerprint] += 1
        turn = turns[one.fingerprint]
        found.append(
            {
                "description": f"{one.code} {one.message}",
                "check_name": one.code,
                "fingerprint": one.fingerprint if turn == 1 else f"{one.fingerprint}-{turn}",
                "severity": "major",
                "location": {"path": pathlib.PurePath(one.path).as_posix(), "lines": {"begin": one.line}},
            }
        )
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
