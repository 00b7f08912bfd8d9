"""``flake8-ipc explain``: a rule's own text."""

from __future__ import annotations

import argparse
import json
import re
import sys

from ..fixes import fix_for
from ..lint import NOT_ANALYSED
from ..rules import Rule, rules
from .unusable import Unusable


# How examples name what is reported at their lines.
_WANTED = re.compile(r"# want: ")
_NOT_ANALYSED = {
    "markdown": "# {} {}\n\nIt says that {}.\n".format(*NOT_ANALYSED),
    "json": json.dumps([dict(zip(("code", "name", "summary"), NOT_ANALYSED, strict=True))], indent=2) + "\n",
}


def declare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("explain", help="tell what a code means", description="Tells what rules find and why.")
    parser.set_defaults(run=run)
    parser.add_argument("codes", nargs="*", metavar="CODE", help="codes, names of rules, or the beginning of a code")
    parser.add_argument("--all", action="store_true", help="every rule")
    parser.add_argument("--format", choices=("markdown", "json"), default="markdown", help="how it is written")


def run(options: argparse.Namespace) -> int:
    """Writes the rules' texts; raises Unusable where a code means none."""
    if not options.codes and not options.all:
        raise Unusable("which rule? Give a code such as IPC201, a rule's name, or --all")
    if [word.upper() for word in options.codes] == [NOT_ANALYSED[0]]:
        # The tool's own code: it has no examples, and is no rule that could be switched off for good reason.
        sys.stdout.write(_NOT_ANALYSED[options.format])
        return 0
    chosen = list(rules()) if options.all else [rule for code in options.codes for rule in meant(code)]
    if options.format == "json":
        sys.stdout.write(json.dumps([_plain(rule) for rule in chosen], indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(markdown(rule) for rule in chosen))
    return 0


def meant(word: str) -> list[Rule]:
    """The rules that a word of the user's means; raises Unusable where there is none."""
    wanted = word.strip()
    found = [rule for rule in rules() if rule.name == wanted.lower() or rule.code.startswith(wanted.upper())]
    if not found or not wanted:
        raise Unusable(f"there is no rule {word!r}; `flake8-ipc explain --all` tells them all")
    return found


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


def _plain(rule: Rule) -> dict[str, object]:
    fix = fix_for(rule.code)
    return {
        "code": rule.code,
        "name": rule.name,
        "summary": rule.summary,
        "why": rule.why,
        "bad": rule.bad,
        "good": rule.good,
        "silent": list(rule.silent),
        "default": rule.default,
        "fix": None if fix is None else {"safe": fix.safe, "summary": fix.summary},
    }
