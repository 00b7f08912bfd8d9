"""``flake8-ipc explain``: a rule's own text."""

from __future__ import annotations

import argparse
import json
import sys

from ..fixes import fix_for
from ..lint import NOT_ANALYSED
from ..reporting.explanation import markdown
from ..reporting.unusable import Unusable
from ..rules import Rule, rules

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
