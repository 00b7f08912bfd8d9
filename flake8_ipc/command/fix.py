"""``flake8-ipc fix``: mends what can be mended."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections import Counter

from ..finding import Finding
from ..fixes.mending import Mended, Unfixable, mended
from ..reporting.configuration import Configuration
from ..reporting.files import data_of, decoded, expand
from ..reporting.unusable import Unusable
from ..reporting.work import not_python, wanted
from .check import add_configuration, configuration_of


def declare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "fix",
        help="mend findings",
        description="Mends findings in files; the text is linted again after each fix, and one that does not help is not made.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("paths", nargs="*", default=["."], metavar="PATH", help="files, folders, or - for standard input")
    parser.add_argument("--diff", action="store_true", help="change nothing, show what would be changed")
    parser.add_argument("--unsafe", action="store_true", help="make fixes that may change behaviour, too")
    add_configuration(parser)


def run(options: argparse.Namespace) -> int:
    """Mends, or shows how; 1 where findings are left, with ``--diff`` where there is a difference."""
    configuration = configuration_of(options)
    left = changed = 0
    for path in expand(options.paths, configuration):
        shown = options.stdin_display_name if path == "-" else path
        before = b""
        try:
            before = data_of(path)
            done = _mended(before, shown, configuration, unsafe=options.unsafe)
            if not options.diff:
                _write(path, before, done.data)
        except (OSError, Unusable, Unfixable) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            print(f"{shown}: not mended: {reason.removeprefix(f'{shown}: ')}", file=sys.stderr)
            left += 1
            if path == "-" and not options.diff:
                _write(path, before, before)
            continue
        left += len(done.left)
        changed += done.data != before
        if options.diff:
            sys.stdout.buffer.write(_difference(shown, before, done.data))
        _tell(shown, done, showing=options.diff)
    return 1 if (changed if options.diff else left) else 0


def _mended(data: bytes, path: str, configuration: Configuration, *, unsafe: bool) -> Mended:
    """What becomes of a file; raises Unusable or Unfixable where it can't be mended at all."""
    text = decoded(data, path)
    fault = not_python(text)
    if fault is not None:
        raise Unusable(f"SyntaxError: {fault.msg} (line {fault.lineno or 1})")

    def chosen(finding: Finding, now: str) -> bool:
        return any(wanted([finding], now, path, configuration))

    return mended(data, path, configuration.options, wanted=chosen, unsafe=unsafe)


def _difference(path: str, before: bytes, after: bytes) -> bytes:
    """A unified diff of the bytes as they are, which ``patch`` and ``git apply`` take."""
    name = path.encode(errors="surrogateescape")
    lines = difflib.diff_bytes(
        difflib.unified_diff, before.splitlines(keepends=True), after.splitlines(keepends=True), name, name
    )
    return b"".join(line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n" for line in lines)


def _write(path: str, before: bytes, after: bytes) -> None:
    if path == "-":
        sys.stdout.buffer.write(after)
    elif after != before:
        with open(path, "wb") as file:
            file.write(after)


def _tell(path: str, done: Mended, *, showing: bool) -> None:
    """One line for each finding that its fix leaves, one for those without a fix, one for what was mended."""
    strange = 0
    for left in done.left:
        place = left.finding.place
        if left.reason is None:
            strange += 1
        else:
            print(f"{path}:{place.line}:{place.column + 1}: {left.finding.code} not mended: {left.reason}", file=sys.stderr)
    if strange and not showing:
        many = "1 finding" if strange == 1 else f"{strange} findings"
        print(f"{path}: {many} for which there is no fix; `flake8-ipc check` tells", file=sys.stderr)
    if done.done:
        counts = Counter(finding.code for finding in done.done)
        told = ", ".join(f"{count} {code}" for code, count in sorted(counts.items()))
        print(f"{path}: {'would be mended' if showing else 'mended'}: {told}", file=sys.stderr)
