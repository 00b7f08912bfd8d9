"""What the command line of a run asks for, checked before the program is started: one clear line for what makes no sense."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from ..reporting import formats
from ..reporting.configuration import Configuration, code_list
from ..reporting.unusable import Unusable
from ..options import START_METHODS


class _Parser(argparse.ArgumentParser):
    """One that tells what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        raise Unusable(message)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of a run."""
    parser.add_argument("--output", default="-", metavar="FILE", help="where findings go (default: standard error)")
    parser.add_argument("--format", choices=formats.names(), default="default", help="how findings are written")
    parser.add_argument("--start-method", choices=START_METHODS, help="run the program as if this were the default")
    parser.add_argument(
        "--on-deadlock",
        choices=("end", "report"),
        default="end",
        help="end a program that is stuck for good and report (the default), or report and let it wait",
    )
    parser.add_argument("--exit-zero", action="store_true", help="keep the program's exit status though there are findings")
    parser.add_argument("--select", default="", metavar="LIST", help="report only these codes or beginnings of codes")
    parser.add_argument("--ignore", default="", metavar="LIST", help="leave these out")


def _add_trace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--trace", metavar="FILE", help="write what was done and waited for, for Perfetto or chrome://tracing")


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The options; ``command`` is the program as Python is to be called for it. Raises Unusable."""
    parser = _Parser(
        prog="python -m flake8_ipc.runtime",
        usage="python -m flake8_ipc.runtime [options] (SCRIPT | -m MODULE) [ARG ...]",
        description="Runs a program and judges how its processes worked together.",
        allow_abbrev=False,
    )
    add_options(parser)
    _add_trace(parser)
    parser.add_argument("-m", dest="module", action="store_true", help="run a module instead of a script")
    parser.add_argument("command", nargs=argparse.PARSER, metavar="PROGRAM", help="the program, and its own arguments")
    options = parser.parse_args(argv)
    # Only what stands before the program is ours: from there on, it is the program's to read.
    if options.command[0] == "--":
        del options.command[0]
    if not options.command:
        parser.error("the following arguments are required: PROGRAM")
    check(options)
    options.program = options.command[0]
    if options.module:
        options.command.insert(0, "-m")
    return options


def check(options: argparse.Namespace) -> None:
    """Refuses what cannot be done, before anything is run."""
    options.wanted = Configuration(select=code_list("select", options.select), ignore=code_list("ignore", options.ignore))
    writable("output", options.output)
    if options.trace is not None:
        writable("trace", options.trace)
    program = options.command[0]
    if not options.module:
        if not os.path.exists(program) or os.path.isdir(program):
            raise Unusable(f"there is no script {program}")
    elif not _is_module(program):
        raise Unusable(f"there is no module {program} that can be run")


def _is_module(name: str) -> bool:
    """Whether ``-m`` finds it, from the working directory first."""
    sys.path.insert(0, os.getcwd())
    try:
        return importlib.util.find_spec(name.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False
    finally:
        del sys.path[0]


def writable(option: str, path: str) -> None:
    """Refuses a file that could not be written when the run is over; one that is there stays as it is till then."""
    if path == "-":
        return
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path):
        raise Unusable(f"{option}: {path} is a folder")
    if not os.path.isdir(folder):
        raise Unusable(f"{option}: there is no folder {folder}")
    if not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise Unusable(f"{option}: {path} cannot be written")
