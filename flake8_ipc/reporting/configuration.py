"""What the user configured for flake8, read without flake8: setup.cfg, tox.ini or .flake8, section ``[flake8]``.

Source: flake8 documentation, "Configuring Flake8": the first of these files that has the section, searched from the
working directory upwards.
"""

from __future__ import annotations

import configparser
import fnmatch
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..options import BadOption, Options, checked
from .unusable import Unusable

_FILES = ("setup.cfg", "tox.ini", ".flake8")
_EXCLUDE = (".svn", "CVS", ".bzr", ".hg", ".git", "__pycache__", ".tox", ".nox", ".eggs", "*.egg")
_SEPARATOR = re.compile(r"[,\s]")
_CODE = re.compile(r"[A-Z]{1,3}[0-9]{0,3}$")


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings that bear on us.

    ``select`` and ``ignore`` are prefixes of codes (``select`` empty: all), ``exclude`` and ``filenames`` are patterns
    of file names, ``per_file`` are patterns with the prefixes they ignore.
    """

    options: Options = Options()
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = _EXCLUDE
    filenames: tuple[str, ...] = ("*.py",)
    per_file: tuple[tuple[str, tuple[str, ...]], ...] = ()
    noqa: bool = True

    def wants(self, code: str, path: str) -> bool:
        """Whether a finding of this code is to be told for this file: the longer prefix of the two lists wins."""
        chosen = _longest(code, (*self.select, *self.extend_select))
        refused = _longest(code, (*self.ignore, *self.ignored_in(path)))
        if refused:
            return chosen > refused
        return bool(chosen) or not self.select

    def ignored_in(self, path: str) -> tuple[str, ...]:
        """The prefixes that are ignored in this file only."""
        return tuple(code for pattern, codes in self.per_file if matches(path, (pattern,)) for code in codes)


def _longest(code: str, prefixes: tuple[str, ...]) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=0)


def matches(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether a path's last part or its absolute form matches one of these patterns."""
    name = os.path.basename(path)
    if name not in (".", "..") and any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
        return True
    return any(fnmatch.fnmatch(os.path.abspath(path), pattern) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Settings:
    """The raw values of one configuration file, and the folder that its paths are relative to."""

    values: Mapping[str, str] = field(default_factory=dict)
    folder: str = "."

    def words(self, *names: str) -> tuple[str, ...] | None:
        """The values of a list; None where none of these names is set."""
        found = [self.values[name] for name in names if name in self.values]
        return tuple(word for value in found for word in _SEPARATOR.split(value) if word) if found else None


def find(start: str = ".") -> Settings:
    """The settings of the nearest configuration file with a section for flake8."""
    folder, home = os.path.abspath(start), os.path.expanduser("~")
    while True:
        for name in _FILES:
            values = _section(os.path.join(folder, name))
            if values is not None:
                return Settings(values, folder)
        above = os.path.dirname(folder)
        if above in (folder, home):
            return Settings()
        folder = above


def load(path: str) -> Settings:
    """The settings of a file that the user names; raises Unusable where it cannot be read."""
    if not os.path.exists(path) or os.path.isdir(path):
        raise Unusable(f"there is no configuration file {path}")
    return Settings(_section(path) or {}, os.path.dirname(os.path.abspath(path)))


def _section(path: str) -> Mapping[str, str] | None:
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (UnicodeDecodeError, configparser.Error):
        return None
    if not parser.has_section("flake8"):
        return None
    return {name.replace("_", "-"): value for name, value in parser.items("flake8")}


def configured(settings: Settings, given: Settings) -> Configuration:
    """The configuration that these settings and the command line's (``given``, which win) make.

    Raises Unusable where a value makes no sense.
    """
    values = Settings({**settings.values, **given.values}, settings.folder)
    excluded = values.words("exclude")
    exclude = (*(_EXCLUDE if excluded is None else excluded), *(values.words("extend-exclude") or ()))
    try:
        return Configuration(
            _options(values),
            _codes(values, "select"),
            _codes(values, "extend-select"),
            _codes(values, "ignore", "extend-ignore"),
            tuple(_settled(pattern, settings.folder) for pattern in exclude),
            values.words("filename") or ("*.py",),
            tuple(_per_file(values)),
            values.values.get("disable-noqa", "false").lower() not in ("1", "true", "yes", "on"),
        )
    except BadOption as error:
        raise Unusable(str(error)) from error


def _options(values: Settings) -> Options:
    default = Options()
    return checked(
        list(values.words("ipc-start-methods") or default.methods),
        list(values.words("ipc-enable") or ()),
        values.values.get("ipc-depth", default.depth),
        values.values.get("ipc-states", default.states),
    )


def code_list(name: str, text: str) -> tuple[str, ...]:
    """The codes and beginnings of codes in a list as an option has it; raises Unusable for what is none."""
    return _codes(Settings({name: text}), name)


def _codes(values: Settings, *names: str) -> tuple[str, ...]:
    found = values.words(*names) or ()
    for code in found:
        if not _CODE.match(code):
            raise Unusable(f"{names[0]}: {code!r} is not a code or the beginning of one")
    return found


def _settled(pattern: str, folder: str) -> str:
    inside = os.sep in pattern or pattern == "."
    return (os.path.abspath(os.path.join(folder, pattern)) if inside else pattern).rstrip(os.sep)


def _per_file(values: Settings) -> list[tuple[str, tuple[str, ...]]]:
    found: list[tuple[str, tuple[str, ...]]] = []
    text = values.values.get("per-file-ignores", "")
    words = [word for word in _SEPARATOR.split(text.replace(":", " : ")) if word]
    patterns: list[str] = []
    codes: list[str] = []
    telling = False
    for word in [*words, ""]:
        if word == ":":
            telling = True
        elif telling and _CODE.match(word):
            codes.append(word)
        else:
            if telling:
                found += [(_settled(pattern, values.folder), tuple(codes)) for pattern in patterns]
                patterns, codes, telling = [], [], False
            patterns.append(word)
    return found
