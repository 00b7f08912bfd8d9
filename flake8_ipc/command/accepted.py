"""A baseline: the findings that a project has accepted for now, in a file that is committed.

An entry is known by its fingerprint, which no moved line changes; paths are told from the folder of the file, so that it
says the same from wherever the command is run.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..reporting.unusable import Unusable
from ..reporting.work import Remark

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """An accepted finding; ``count`` of them look alike, such as the same line twice in a file."""

    fingerprint: str
    path: str
    code: str
    message: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was accepted, and the file that says so."""

    file: str
    entries: tuple[Entry, ...]

    def compared(self, found: Iterable[Remark], files: Iterable[str]) -> tuple[list[Remark], str]:
        """The findings that are new, and a text that names the entries which are gone (empty where none is).

        ``files`` are those that were looked at: of the others nothing is known, unless they are no longer there.
        """
        left = Counter({entry.fingerprint: entry.count for entry in self.entries})
        new = []
        for one in found:
            mark = one.fingerprint_as(_inside(one.path, self.file))
            if left[mark] > 0 and _may_be_accepted(one):
                left[mark] -= 1
            else:
                new.append(one)
        looked_at = {_inside(file, self.file) for file in files}
        folder = os.path.dirname(os.path.abspath(self.file))
        gone = [
            entry
            for entry in self.entries
            if left[entry.fingerprint] > 0
            and (entry.path in looked_at or not os.path.exists(os.path.join(folder, entry.path)))
        ]
        return new, self._told(gone)

    def _told(self, gone: Sequence[Entry]) -> str:
        if not gone:
            return ""
        many = "1 entry is" if len(gone) == 1 else f"{len(gone)} entries are"
        lines = [f"{entry.path}: {entry.code} {entry.message}" for entry in gone]
        head = f"{self.file}: {many} gone; `flake8-ipc baseline --output {self.file}` writes it anew"
        return "\n".join((head, *(f"  {line}" for line in lines))) + "\n"


def accepted(found: Iterable[Remark], file: str) -> Baseline:
    """These findings as a baseline; files that could not be read or parsed are never accepted."""
    entries: dict[str, Entry] = {}
    for one in filter(_may_be_accepted, found):
        path = _inside(one.path, file)
        mark = one.fingerprint_as(path)
        count = entries[mark].count + 1 if mark in entries else 1
        entries[mark] = Entry(mark, path, one.code, one.message, count)
    return Baseline(file, tuple(sorted(entries.values(), key=lambda entry: (entry.path, entry.code, entry.fingerprint))))


def store(baseline: Baseline) -> None:
    """Writes the file: sorted, an entry a block, so that a change shows as such."""
    entries = [
        {"path": one.path, "code": one.code, "message": one.message, "fingerprint": one.fingerprint, "count": one.count}
        for one in baseline.entries
    ]
    text = json.dumps({"version": _VERSION, "findings": entries}, indent=1, ensure_ascii=False)
    with open(baseline.file, "w", encoding="utf-8", newline="\n") as file:
        file.write(text + "\n")


def load(path: str) -> Baseline:
    """The baseline in a file; raises Unusable where there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            whole = json.load(file)
        if whole["version"] != _VERSION:
            raise Unusable(f"{path}: a baseline of version {whole['version']}, and this is the tool for {_VERSION}")
        entries = tuple(
            Entry(one["fingerprint"], one["path"], one["code"], one["message"], int(one["count"]))
            for one in whole["findings"]
        )
    except OSError as error:
        raise Unusable(f"there is no baseline {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Unusable(f"{path}: this is not a baseline that `flake8-ipc baseline` wrote") from error
    return Baseline(path, entries)


def _may_be_accepted(one: Remark) -> bool:
    return one.code.startswith("IPC")


def _inside(path: str, file: str) -> str:
    """A path as the baseline's folder sees it."""
    folder = os.path.dirname(os.path.abspath(file))
    try:
        return os.path.relpath(os.path.abspath(path), folder).replace("\\", "/")
    except ValueError:
        # Another drive.
        return os.path.abspath(path).replace("\\", "/")
