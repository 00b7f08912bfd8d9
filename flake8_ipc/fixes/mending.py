"""Mends one text: fix after fix, each held against the rules before it is taken."""

from __future__ import annotations

import io
import re
import tokenize
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import libcst as cst

from ..finding import Finding
from ..lint import lint
from ..options import Options
from . import fix_for
from .fix import Refused
from .tree import Tree


_NEWLINE = re.compile(r"\r\n?|\n")


class Unfixable(Exception):
    """A text that cannot be written back as it was read; the message is the reason, in one line."""


@dataclass(frozen=True, slots=True)
class Left:
    """A finding that was not mended, and why: the end of a line for the user, or None where there is no fix for its code."""

    finding: Finding
    reason: str | None


@dataclass(slots=True)
class Mended:
    """What became of a text: its bytes, the findings that were mended (as they stood then), and those that were not."""

    data: bytes
    done: list[Finding] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


def mended(
    data: bytes,
    path: str,
    options: Options,
    *,
    wanted: Callable[[Finding, str], bool] = lambda finding, text: True,
    unsafe: bool = False,
) -> Mended:
    """The text with everything mended that can be.

    ``wanted`` tells, of a finding and the text it is of, whether to mend it. One cause is mended at a time and the text
    linted again; a fix that leaves its finding, brings another one or loses a comment is not taken. Raises Unfixable.
    """
    work = _Work(_parsed(data), path, options)
    result = Mended(data)
    progress = True
    while progress:
        progress, tried = False, set[tuple[str, str, int]]()
        result.left = []
        while (finding := _next(work, tried, wanted)) is not None:
            left = work.mend(finding, wanted, unsafe=unsafe)
            if left is None:
                progress = True
                result.done.append(finding)
            else:
                result.left.append(left)
    result.data = work.module.bytes
    return result


def alone(
    data: bytes, path: str, options: Options, findings: list[Finding], chosen: list[Finding]
) -> Iterator[tuple[Finding, bytes]]:
    """Each of the chosen findings that a safe fix mends, with what that fix alone makes of the text. Raises Unfixable.

    ``findings`` are all that were found in it.
    """
    work = _Work(_parsed(data), path, options, findings)
    for finding in chosen:
        if work.mend(finding, lambda one, text: one in chosen, unsafe=False) is None:
            yield finding, work.module.bytes
            work = _Work(_parsed(data), path, options, findings)


def _next(
    work: _Work, tried: set[tuple[str, str, int]], wanted: Callable[[Finding, str], bool]
) -> Finding | None:
    """The first finding that was not tried yet; known again by its code and its line's text, wherever that moved."""
    seen = Counter[tuple[str, str]]()
    lines = _NEWLINE.split(work.text)
    for finding in work.findings:
        at = finding.place.line
        text = (finding.code, lines[at - 1].strip() if at <= len(lines) else "")
        seen[text] += 1
        key = (*text, seen[text])
        if key not in tried and wanted(finding, work.text):
            tried.add(key)
            return finding
    return None


class _Work:
    """The text as it stands, with its findings."""

    def __init__(self, module: cst.Module, path: str, options: Options, findings: list[Finding] | None = None) -> None:
        self.path, self.options = path, options
        self._take(module, findings)

    def _take(self, module: cst.Module, findings: list[Finding] | None) -> None:
        self.module = module
        self.text = _text(module)
        self.findings = lint(self.text, self.path, self.options) if findings is None else findings
        self._tree: Tree | None = None

    @property
    def tree(self) -> Tree:
        """The module's nodes by their places, made at the first question."""
        if self._tree is None:
            self._tree = Tree(self.module)
        return self._tree

    def mend(self, finding: Finding, wanted: Callable[[Finding, str], bool], *, unsafe: bool) -> Left | None:
        """Mends a finding, if need be with those of the same code about the same object; else tells why not."""
        fix = fix_for(finding.code)
        if fix is None:
            return Left(finding, None)
        if not fix.safe and not unsafe:
            return Left(finding, "its fix may change behaviour: --unsafe")
        try:
            for module in fix.mend(self.tree, finding):
                if self._right(module, finding.code):
                    return None
        except Refused as reason:
            return Left(finding, str(reason))
        together = [one for one in self._siblings(finding) if wanted(one, self.text)]
        if len(together) > 1 and self._right(self._all(together), finding.code):
            return None
        return Left(finding, "its fix would not mend it here, or bring a new finding")

    def _siblings(self, finding: Finding) -> list[Finding]:
        about = set(finding.about)
        return [one for one in self.findings if one.code == finding.code and not about.isdisjoint(one.about)]

    def _all(self, findings: Sequence[Finding]) -> cst.Module:
        """The module with all these mended, from the last to the first, so that the places of the rest stay right."""
        module = self.module
        for finding in sorted(findings, key=lambda one: one.place.spot, reverse=True):
            fix = fix_for(finding.code)
            assert fix is not None
            try:
                tree = self.tree if module is self.module else Tree(cst.parse_module(module.bytes))
                module = next(fix.mend(tree, finding), module)
            except Refused:
                continue
        return module

    def _right(self, module: cst.Module, code: str) -> bool:
        """Takes a module in which this code is found less often, nothing more often, and every comment kept."""
        try:
            module = _parsed(module.bytes)
            if _comments(_text(module)) != _comments(self.text):
                return False
        except Unfixable:
            return False
        findings = lint(_text(module), self.path, self.options)
        before, after = _count(self.findings), _count(findings)
        if after[code] >= before[code] or after - before:
            return False
        self._take(module, findings)
        return True


def _count(findings: Iterable[Finding]) -> Counter[str]:
    return Counter(finding.code for finding in findings)


def _parsed(data: bytes) -> cst.Module:
    try:
        module = cst.parse_module(data)
        compile(_text(module), "<fix>", "exec", dont_inherit=True)
    except (cst.ParserSyntaxError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Unfixable(f"it cannot be read: {reason}") from error
    if module.bytes != data:
        raise Unfixable("it cannot be written back byte for byte (a form feed, or a bare carriage return)")
    return module


def _text(module: cst.Module) -> str:
    return module.bytes.decode(module.encoding, "replace").removeprefix("\ufeff")


def _comments(text: str) -> Counter[str]:
    return Counter(_comments_in(text))


def _comments_in(text: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
