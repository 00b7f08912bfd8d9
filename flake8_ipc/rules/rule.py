"""What a rule is: a value with its text, its examples and one check."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..analysis.study import Study
from ..finding import Finding
from ..model import Kind


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, whole: README, ``explain`` and the tests read nothing else.

    ``summary`` and ``why`` are plain sentences; ``bad`` and ``good`` are programs that the tests lint, with
    ``# want:`` on the lines that are reported; ``silent`` are the conditions under which it says nothing. ``check``
    may only look at the study and yield findings. ``yields_to`` are the codes that name the same cause better: a
    finding is dropped where one of them stands at the same place, or is about the same object. ``concerns`` are the
    kinds of objects that it is about: a program in which none of them occurs need not be checked (none: every program
    is). ``default`` is False for an opinion, which is off until asked for.
    """

    code: str
    name: str
    summary: str
    why: str
    bad: str
    good: str
    check: Callable[[Study], Iterable[Finding]]
    silent: tuple[str, ...] = ()
    yields_to: tuple[str, ...] = ()
    concerns: frozenset[Kind] = frozenset()
    default: bool = True
