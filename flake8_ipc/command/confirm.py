"""``flake8-ipc confirm``: both witnesses on one program, the linter's findings and what became of them in a run."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from ..options import START_METHODS
from ..reporting import formats
from ..reporting.unusable import Unusable
from ..reporting.work import Remark, remarks
from .check import add_configuration, configuration_of

CONFIRMED, PREDICTED, UNSEEN, BEYOND = "confirmed", "predicted", "not seen in this run", "beyond the linter"


def declare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "confirm",
        help="run a script and see which findings come true",
        description="Lints a script, runs it under the watch, and says what became of each finding.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("--output", default="-", metavar="FILE", help="where this goes (default: standard error)")
    parser.add_argument("--format", choices=formats.names(), default="default", help="how it is written")
    parser.add_argument("--start-method", choices=START_METHODS, help="run the program as if this were the default")
    add_configuration(parser)
    parser.add_argument("path", metavar="PATH", help="the script")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARG", help="its arguments")


def run(options: argparse.Namespace) -> int:
    """Lints, runs and compares; 1 where either witness has anything to say."""
    from ..runtime import standstill
    from ..runtime.arguments import writable
    from ..runtime.judge import judged
    from ..runtime.launcher import launch, session, wait
    from ..runtime.monitor.watchman import Blocked

    path = options.path
    if not os.path.isfile(path):
        raise Unusable(f"there is no script {path}")
    writable("output", options.output)
    configuration = configuration_of(options)
    linted = remarks(path, path, configuration)
    with session(path, options.start_method) as mine:

        def stuck(blocked: tuple[Blocked, ...]) -> bool:
            sys.stderr.write(standstill.told(mine, blocked))
            return True

        ending = wait(launch(mine, [path, *options.arguments]), mine, stuck)
        seen = judged(mine, ending.stuck, configuration)
    found = list(compared(linted, seen))
    text = formats.named(options.format)(found)
    if options.output == "-":
        sys.stderr.write(text)
    else:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(text)
    if options.format == "default":
        sys.stderr.write(_summary(found))
    return 1 if found else 0


def compared(linted: list[Remark], seen: list[Remark]) -> Iterator[Remark]:
    """Each finding of the linter with what became of it, then what only the run has found; each message says which."""
    from ..runtime.judge import PROVEN, certainty

    met = set()
    for one in linted:
        same = [other for other in seen if _same(one, other)]
        met.update(same)
        sure = {certainty(other) for other in same}
        yield _marked(one, CONFIRMED if PROVEN in sure else PREDICTED if sure else UNSEEN)
    for other in seen:
        if other not in met:
            yield _marked(other, f"{certainty(other)}, {BEYOND}")


def _same(one: Remark, other: Remark) -> bool:
    """Whether both tell one fault: at one line, or at two of one story."""
    if one.code != other.code:
        return False
    lines = {(os.path.abspath(other.path), other.line)}
    lines |= {(os.path.abspath(step.path), step.line) for step in other.steps}
    return (os.path.abspath(one.path), one.line) in lines


def _marked(one: Remark, mark: str) -> Remark:
    from ..runtime.judge import certainty

    sure = certainty(one)
    return replace(one, message=f"{one.message.removesuffix(f' [{sure}]')} [{mark}]")


def _summary(found: list[Remark]) -> str:
    marks = [one.message.rpartition("[")[2].rstrip("]") for one in found]
    counts = Counter(BEYOND if mark.endswith(BEYOND) else mark for mark in marks)
    return ", ".join(f"{counts[mark]} {mark}" for mark in (CONFIRMED, PREDICTED, UNSEEN, BEYOND)) + "\n"
