"""The command ``flake8-ipc``: the same findings without flake8, told in more ways."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from .. import __version__
from ..reporting.unusable import Unusable

# By the names of their modules: only the one that is called is loaded, for some bring libcst with them.
_COMMANDS = ("check", "explain", "fix", "baseline", "draw", "confirm")


class _Parser(argparse.ArgumentParser):
    """One that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Ends the command with 2."""
        self.exit(2, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; the exit status is 0 for clean, 1 for findings, 2 for bad usage or a fault of ours."""
    parser = _Parser(prog="flake8-ipc", description="Finds misuse of inter-process communication in Python.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    words = sys.argv[1:] if argv is None else list(argv)
    for name in words[:1] if words and words[0] in _COMMANDS else _COMMANDS:
        importlib.import_module(f"{__name__}.{name}").declare(commands)
    options = parser.parse_args(words)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter's own flush at exit must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    except Unusable as error:
        reason = str(error)
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
    print(f"flake8-ipc: {reason}", file=sys.stderr)
    return 2
