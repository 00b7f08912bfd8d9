"""A rule's own text, as it is read on a terminal, in a report and in an editor."""

from __future__ import annotations

import re

from ..fixes import fix_for
from ..rules import Rule

# How examples name what is reported at their lines.
_WANTED = re.compile(r"# want: ")


def markdown(rule: Rule) -> str:
    """The rule's text as it is read."""
    silent = "".join(f"- {reason}\n" for reason in rule.silent)
    parts = [
        f"# {rule.code} {rule.name}\n",
        f"{rule.summary}\n",
        f"{rule.why}\n",
        f"## Bad\n\n```python\n{_WANTED.sub('# reported: ', rule.bad)}```\n",
        f"## Good\n\n```python\n{rule.good}```\n",
    ]
    if silent:
        parts.append(f"## It is silent where\n\n{silent}")
    fix = fix_for(rule.code)
    if fix is not None:
        option = "" if fix.safe else " --unsafe"
        risk = "" if fix.safe else " That may change behaviour."
        parts.append(f"## It can be fixed\n\n`flake8-ipc fix{option}` {fix.summary}.{risk}\n")
    if not rule.default:
        parts.append(f"An opinion, off by default: `--ipc-enable {rule.code}` switches it on.\n")
    return "\n".join(parts)
