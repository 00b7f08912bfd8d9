"""flake8's door: options in, findings out. Imports nothing heavy; libcst is loaded for files that need it."""

from __future__ import annotations

import ast
from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from . import __version__
from .options import BadOption, Options, checked
from .source.scan import speaks_of_processes

if TYPE_CHECKING:
    from flake8.options.manager import OptionManager

Row = tuple[int, int, str, type["Plugin"]]


class Plugin:
    """What flake8 makes for each file. Options live on the class: every worker process sets its own."""

    name = "flake8-ipc"
    version = __version__
    options: ClassVar[Options] = Options()

    def __init__(self, tree: ast.AST, filename: str, lines: list[str]) -> None:
        self.filename = filename
        self.lines = lines

    @classmethod
    def add_options(cls, manager: OptionManager) -> None:
        """Declares the options to flake8."""
        manager.add_option(
            "--ipc-start-methods",
            default="fork,spawn,forkserver",
            parse_from_config=True,
            comma_separated_list=True,
            help="start methods that the code must work under (default: fork,spawn,forkserver)",
        )
        manager.add_option(
            "--ipc-enable",
            default="",
            parse_from_config=True,
            comma_separated_list=True,
            help="codes or prefixes of the opinions (IPC9xx) to switch on",
        )
        manager.add_option(
            "--ipc-depth", default="8", parse_from_config=True, help="how many calls deep functions are followed"
        )
        manager.add_option(
            "--ipc-states", default="800", parse_from_config=True, help="how many states are explored per program"
        )

    @classmethod
    def parse_options(cls, options: Namespace) -> None:
        """Takes the options; flake8 ends with one line where a value makes no sense."""
        from flake8.exceptions import ExecutionError

        try:
            cls.options = checked(
                options.ipc_start_methods, options.ipc_enable, options.ipc_depth, options.ipc_states
            )
        except BadOption as error:
            raise ExecutionError(str(error)) from error

    def run(self) -> Iterator[Row]:
        """The findings of this file, sorted; a fault of ours is one of them (IPC001), never a traceback."""
        text = "".join(self.lines)
        if not speaks_of_processes(text):
            return
        try:
            rows = self._rows(text)
        except Exception as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            rows = [(1, 0, f"IPC001 not analysed: {reason}", type(self))]
        yield from rows

    def _rows(self, text: str) -> list[Row]:
        from .rules import judge
        from .source.read import read

        options = self.options
        programs = read(text, self.filename, methods=options.methods, depth=options.depth)
        found = judge(programs, enabled=options.enabled, states=options.states)
        return [
            (finding.place.line, finding.place.column, f"{finding.code} {finding.message}", type(self))
            for finding in found
        ]
