"""``flake8-ipc check``: the findings."""

from __future__ import annotations

import argparse
import functools
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TextIO

from ..reporting import formats
from ..reporting.configuration import Configuration, Settings, configured, find, load
from ..reporting.files import expand
from ..reporting.unusable import Unusable
from ..reporting.work import Remark, remarks
from .accepted import load as load_baseline
from .story import tell

# Below this many files, processes cost more than they bring.
_FEW = 8


def declare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("check", help="report findings", description="Reports the findings in files and folders.")
    parser.set_defaults(run=run)
    parser.add_argument("paths", nargs="*", default=["."], metavar="PATH", help="files, folders, or - for standard input")
    parser.add_argument("--baseline", metavar="FILE", help="report only what is not in this file of `flake8-ipc baseline`")
    parser.add_argument("--format", choices=formats.names(), default="default", help="how findings are written")
    parser.add_argument("--story", action="store_true", help="show the code and the steps that lead to each finding")
    parser.add_argument("--statistics", action="store_true", help="count the findings of each code on standard error")
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 though there are findings")
    parser.add_argument("-j", "--jobs", type=_jobs, default=0, metavar="N", help="processes to work with (default: as needed)")
    add_configuration(parser)


def add_configuration(parser: argparse.ArgumentParser) -> None:
    """Adds what ``configuration_of`` asks for: the options that every command which lints has."""
    parser.add_argument("--stdin-display-name", default="stdin", metavar="NAME", help="what - is called")
    parser.add_argument("--config", metavar="FILE", help="the file to read instead of setup.cfg, tox.ini or .flake8")
    parser.add_argument("--isolated", action="store_true", help="read no configuration file")
    parser.add_argument("--disable-noqa", action="store_true", help="report what # noqa silences, too")
    for name, text in _LISTS.items():
        parser.add_argument(f"--{name}", metavar="LIST", help=text)
    for name, text in _NUMBERS.items():
        parser.add_argument(f"--{name}", metavar="N", help=text)


_LISTS = {
    "select": "report only these codes or beginnings of codes",
    "extend-select": "report these, too",
    "ignore": "leave these out",
    "extend-ignore": "leave these out, too",
    "exclude": "leave files and folders of these patterns out",
    "extend-exclude": "leave these out, too",
    "ipc-start-methods": "start methods that the code must work under (default: fork,spawn,forkserver)",
    "ipc-enable": "opinions (IPC9xx) to switch on",
}
_NUMBERS = {
    "ipc-depth": "how many calls deep functions are followed (default: 8)",
    "ipc-states": "how many states are explored for one program (default: 500)",
}


def _jobs(text: str) -> int:
    if text == "auto":
        return 0
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is neither auto nor a whole number from 1")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Lints and tells; 1 where there are findings."""
    if options.story and options.format != "default":
        raise Unusable("--story is a form of its own and goes with no --format")
    known = load_baseline(options.baseline) if options.baseline else None
    configuration = configuration_of(options)
    mending = options.format in formats.MENDING
    found = list(gather(options.paths, configuration, options.stdin_display_name, options.jobs, mending=mending))
    if known is not None:
        files = (options.stdin_display_name if path == "-" else path for path in expand(options.paths, configuration))
        found, gone = known.compared(found, files)
        sys.stderr.write(gone)
    if options.story:
        sys.stdout.write(tell(found, colour=_colours(sys.stdout)))
    else:
        sys.stdout.write(formats.named(options.format)(found))
    if options.statistics:
        counts = Counter(remark.code for remark in found)
        sys.stderr.write("".join(f"{counts[code]:<8}{code}\n" for code in sorted(counts)))
    return 1 if found and not options.exit_zero else 0


def _colours(stream: TextIO) -> bool:
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def configuration_of(options: argparse.Namespace) -> Configuration:
    """The configuration that the command line and the configuration file make together."""
    given = {name: value for name in (*_LISTS, *_NUMBERS) if (value := getattr(options, name.replace("-", "_"))) is not None}
    if options.disable_noqa:
        given["disable-noqa"] = "true"
    if options.isolated:
        settings = Settings()
    else:
        settings = load(options.config) if options.config else find()
    return configured(settings, Settings(given))


def gather(
    paths: Sequence[str],
    configuration: Configuration,
    stdin_name: str = "stdin",
    jobs: int = 0,
    *,
    mending: bool = False,
) -> Iterator[Remark]:
    """The findings of all these files, in the order of the files; ``mending``: with the edits of safe fixes."""
    files = list(expand(paths, configuration))
    work = functools.partial(_remarks, configuration=configuration, stdin_name=stdin_name, mending=mending)
    jobs = min(jobs or (os.cpu_count() or 1), len(files))
    with Progress(len(files), sys.stderr) as progress:
        if jobs < 2 or len(files) < _FEW or "-" in files:
            yield from _told(map(work, files), progress)
        else:
            with ProcessPoolExecutor(jobs) as executor:
                yield from _told(executor.map(work, files, chunksize=max(1, min(16, len(files) // (4 * jobs)))), progress)


def _remarks(path: str, *, configuration: Configuration, stdin_name: str, mending: bool) -> list[Remark]:
    shown = stdin_name if path == "-" else path
    return remarks(path, shown, configuration, mending=mending)


def _told(batches: Iterable[list[Remark]], progress: Progress) -> Iterator[Remark]:
    for batch in batches:
        progress.step()
        yield from batch


class Progress:
    """A line on a terminal that says how far the work is, once it takes longer than a second."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self._total, self._stream = total, stream
        self._done = 0
        self._begun = time.monotonic()
        self._shown = False

    def __enter__(self) -> Progress:
        return self

    def step(self) -> None:
        """One more file is done."""
        self._done += 1
        if self._stream.isatty() and time.monotonic() - self._begun > 1:
            self._shown = True
            self._stream.write(f"\r{self._done} of {self._total} files")
            self._stream.flush()

    def __exit__(self, *exc: object) -> None:
        if self._shown:
            self._stream.write("\r\033[K")
            self._stream.flush()
