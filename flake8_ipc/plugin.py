"""flake8's door: options in, findings out. Imports nothing heavy; libcst is loaded for files that need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import __version__
from .lint import lint
from .options import BadOption, Options, checked

if TYPE_CHECKING:
    import ast
    from argparse import Namespace
    from collections.abc import Iterator
    from typing import ClassVar

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
            "--ipc-states", default="500", parse_from_config=True, help="how many states are explored per program"
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
        for finding in lint("".join(self.lines), self.filename, self.options):
            yield finding.place.line, finding.place.column, f"{finding.code} {finding.message}", type(self)
