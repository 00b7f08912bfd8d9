"""The run: a shim over ``multiprocessing`` that records what each process of a program does, and judges it.

A program can watch itself: ``watch()`` for a stretch of it, ``install()`` to its end. Nothing is imported before it is
asked for: this package is loaded in every watched process.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

# The folder of that name must be known before the function takes its name here.
from . import watch as _parts

if TYPE_CHECKING:
    from .embedded import Watch


__all__ = ["install", "watch"]
assert _parts


@contextmanager
def watch(*, select: str = "", ignore: str = "") -> Iterator[Watch]:
    """Watches what is done within, here and in all processes that are started meanwhile; then ``findings`` are known.

    ``select`` and ``ignore`` are lists of codes as the options have them. Processes that are left over are given two
    seconds to end. A main thread that waits for good is woken by ``StuckForGood``.
    """
    one = _new(select, ignore)
    one.begin()
    try:
        yield one
    finally:
        one.end()


def install(*, output: str = "-", format: str = "default", select: str = "", ignore: str = "") -> None:
    """Watches this process from now on, and writes the findings when it ends; its exit status stays its own."""
    from multiprocessing.util import Finalize

    from .report import Report

    one, report = _new(select, ignore), Report(output, format)
    one.begin()

    def tell() -> None:
        report.write(one.end())

    # After multiprocessing has joined what is left (CPython Lib/multiprocessing/util.py, ``_exit_function``).
    Finalize(None, tell, exitpriority=-1000)


def _new(select: str, ignore: str) -> Watch:
    import sys

    from ..reporting.configuration import Configuration, code_list
    from .embedded import Watch

    main = getattr(sys.modules.get("__main__"), "__file__", None) or sys.argv[0] or "<stdin>"
    return Watch(main, Configuration(select=code_list("select", select), ignore=code_list("ignore", ignore)))
