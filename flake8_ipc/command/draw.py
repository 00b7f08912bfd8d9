"""``flake8-ipc draw``: a file's processes and what they share, or how a finding comes about, as a picture."""

from __future__ import annotations

import argparse
import sys

from ..drawing import mermaid
from ..drawing.page import page
from ..drawing.sequence import sequence
from ..drawing.sketch import sketch
from ..finding import Finding
from ..model import Program
from ..reporting.configuration import Configuration
from ..reporting.files import text_of
from ..reporting.unusable import Unusable
from ..reporting.work import not_python, wanted
from ..rules import judge
from ..source.read import NotAnalysed, read
from .check import add_configuration, configuration_of


def declare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "draw",
        help="draw processes and what they share",
        description="Draws who starts whom and which object each process uses in which direction, in Mermaid's language.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("--finding", type=int, metavar="N", help="draw how the Nth finding of `check FILE` gets stuck")
    parser.add_argument("--html", action="store_true", help="write a page that needs nothing else, instead of Mermaid")
    parser.add_argument("path", metavar="FILE", help="the file, or - for standard input")
    add_configuration(parser)


def run(options: argparse.Namespace) -> int:
    """Writes the picture; raises Unusable where there is none."""
    path: str = options.path
    shown = options.stdin_display_name if path == "-" else path
    programs, findings = _studied(path, shown, configuration_of(options))
    numbered = list(enumerate(findings, 1))
    if options.finding is not None:
        if not 1 <= options.finding <= len(findings):
            raise Unusable(f"{shown} has no finding {options.finding}; it has {len(findings)}")
        numbered = [numbered[options.finding - 1]]
    told = [(number, finding, sequence(finding, programs)) for number, finding in numbered]
    if options.finding is not None and told[0][2] is None:
        raise Unusable(f"{told[0][1].code} at line {told[0][1].place.line} has no story that could be drawn")
    sketches = [one for one in map(sketch, programs) if one is not None]
    if options.html:
        sys.stdout.write(page(shown, sketches if options.finding is None else (), told))
    elif options.finding is not None and told[0][2] is not None:
        sys.stdout.write(mermaid.diagram(told[0][2]))
    elif sketches:
        sys.stdout.write(mermaid.flowchart(sketches))
    else:
        raise Unusable(f"{shown} starts no process; there is nothing to draw")
    return 0


def _studied(path: str, shown: str, configuration: Configuration) -> tuple[list[Program], list[Finding]]:
    """The programs of a file, and its findings in the order in which ``check`` reports them."""
    text = text_of(path)
    fault = not_python(text)
    if fault is not None:
        raise Unusable(f"{shown}:{fault.lineno or 1}: {fault.msg}")
    options = configuration.options
    try:
        programs = read(text, shown, methods=options.methods, depth=options.depth)
    except NotAnalysed as error:
        raise Unusable(f"{shown}: not analysed: {error}") from error
    found = judge(programs, enabled=options.enabled, states=options.states)
    return programs, list(wanted(found, text, shown, configuration))
