"""Annotations of GitHub Actions.

Source: GitHub documentation, "Workflow commands for GitHub Actions", setting a warning message and escaping of data.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..work import Remark


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def render(remarks: Sequence[Remark]) -> str:
    """A command a finding."""
    return "".join(
        f"::warning file={_value(one.path)},line={one.line},col={one.column},title={one.code}::{_data(one.message)}\n"
        for one in remarks
    )
