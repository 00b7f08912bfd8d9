"""pylint's parseable form, which many tools read: ``path:line: [code] message``."""

from __future__ import annotations

from collections.abc import Sequence

from ..work import Remark


def render(remarks: Sequence[Remark]) -> str:
    """A line a finding."""
    return "".join(f"{one.path}:{one.line}: [{one.code}] {one.message}\n" for one in remarks)
