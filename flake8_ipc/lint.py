"""One file's findings: what every door asks for, and what none of them may fail at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .source.scan import speaks_of_processes

if TYPE_CHECKING:
    from .finding import Finding
    from .options import Options

# What the table and ``explain`` say of the code that is the tool itself.
NOT_ANALYSED = (
    "IPC001",
    "not-analysed",
    "the file speaks of processes, but could not be analysed; the reason is given",
)


def lint(text: str, path: str, options: Options) -> list[Finding]:
    """The findings of one file, sorted by place; a fault of ours, or a text libcst cannot take, is IPC001.

    Raises nothing of its own: whatever goes wrong while reading or judging is told in that one finding.
    """
    if not speaks_of_processes(text):
        return []
    try:
        from .rules import judge
        from .source.read import read

        programs = read(text, path, methods=options.methods, depth=options.depth)
        return judge(programs, enabled=options.enabled, states=options.states)
    except Exception as error:
        from .finding import Finding
        from .model import Place

        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return [Finding(NOT_ANALYSED[0], Place(path, 1, 0), f"not analysed: {reason}")]
