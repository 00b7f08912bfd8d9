"""The command ``flake8-ipc``: the same findings without flake8, told in more ways."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .. import __version__
from . import baseline, check, draw, explain, fix
from .unusable import Unusable

_COMMANDS = (check, explain, fix, baseline, draw)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; the exit status is 0 for clean, 1 for findings, 2 for bad usage or a fault of ours."""
    parser = argparse.ArgumentParser(prog="flake8-ipc", description="Finds misuse of inter-process communication in Python.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.declare(commands)
    options = parser.parse_args(argv)
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
    except (Unusable, OSError) as error:
        print(f"flake8-ipc: {error}", file=sys.stderr)
        return 2
