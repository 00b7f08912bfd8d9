"""``flake8-ipc baseline``: accepts the findings of today, so that only new ones are reported."""

from __future__ import annotations

import argparse
import sys

from .accepted import accepted, store
from .check import add_configuration, configuration_of, gather

_FILE = ".flake8-ipc-baseline.json"


def declare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "baseline",
        help="accept the present findings",
        description="Writes the present findings to a file; `check --baseline FILE` reports only what is new.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("--output", default=_FILE, metavar="FILE", help=f"the file to write (default: {_FILE})")
    parser.add_argument("paths", nargs="*", default=["."], metavar="PATH", help="files and folders")
    add_configuration(parser)


def run(options: argparse.Namespace) -> int:
    """Writes the file; what is found is no failure here."""
    found = gather(options.paths, configuration_of(options), options.stdin_display_name)
    baseline = accepted(found, options.output)
    store(baseline)
    count = sum(entry.count for entry in baseline.entries)
    sys.stdout.write(f"{count} {'finding' if count == 1 else 'findings'} accepted in {options.output}\n")
    return 0
