"""``python -m flake8_ipc.runtime [options] (SCRIPT | -m MODULE) [ARGS]``: runs a program and judges what it did."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ..command import formats
from ..command.configuration import Configuration
from ..command.work import Remark
from ..options import START_METHODS
from . import standstill
from .judge import judged
from .launcher import launch, leave, session, wait
from .monitor.watchman import Blocked


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m flake8_ipc.runtime", description="Runs a program and judges how its processes worked together."
    )
    parser.add_argument("--output", default="-", metavar="FILE", help="where findings go (default: standard error)")
    parser.add_argument("--format", choices=formats.names(), default="default", help="how findings are written")
    parser.add_argument("--start-method", choices=START_METHODS, help="run the program as if this were the default")
    parser.add_argument(
        "--on-deadlock", choices=("end", "report"), default="end", help="end a program that is stuck for good, or wait on"
    )
    parser.add_argument("--exit-zero", action="store_true", help="keep the program's exit status though there are findings")
    parser.add_argument("--select", default="", metavar="LIST", help="report only these codes or beginnings of codes")
    parser.add_argument("--ignore", default="", metavar="LIST", help="leave these out")
    parser.add_argument("-m", dest="module", action="store_true", help="run a module instead of a script")
    parser.add_argument("program", metavar="PROGRAM", help="the script, or the module with -m")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARG", help="its arguments")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """The program's exit status; 1 where that is 0 and there are findings."""
    options = _parser().parse_args(argv)
    wanted = Configuration(select=_codes(options.select), ignore=_codes(options.ignore))
    before = ["-m"] if options.module else []
    with session(options.program, options.start_method) as mine:
        program = launch(mine, [*before, options.program, *options.arguments])

        def on_stuck(stuck: tuple[Blocked, ...]) -> None:
            sys.stderr.write(standstill.told(mine, stuck))
            sys.stderr.flush()

        ending = wait(program, mine, end_stuck=options.on_deadlock == "end", on_stuck=on_stuck)
        found = [one for one in judged(mine, ending.stuck) if wanted.wants(one.code, one.path)]
    report(found, options.output, options.format)
    return leave(ending.status or (1 if found and not options.exit_zero else 0))


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code.strip() for code in text.split(",") if code.strip())


def report(found: list[Remark], output: str, form: str) -> None:
    """Writes the findings to a file or to standard error; standard output is the program's own."""
    text = formats.named(form)(found)
    if output == "-":
        sys.stderr.write(text)
    else:
        with open(output, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    sys.exit(main())
