"""What a fix is: a value with its codes, what it does, and one function that does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst

from ..finding import Finding
from .tree import Tree


class Refused(Exception):
    """Why a finding cannot be mended by its fix; the message is the end of a line for the user."""


@dataclass(frozen=True, slots=True)
class Fix:
    """One fix for the findings of some codes.

    ``safe``: the mended program does what was meant and nothing else. ``summary`` ends the sentence "it ...". ``mend``
    yields modules in which the finding may be mended, the likeliest first, or raises Refused; whether one is right is
    not for it to judge: the text is linted again, and only one without the finding, and without a new one, is taken.
    ``reveals``: the mended program gets further than before, so that what was wrong with it all along may come to light.
    """

    codes: tuple[str, ...]
    safe: bool
    summary: str
    mend: Callable[[Tree, Finding], Iterator[cst.Module]]
    reveals: bool = False
