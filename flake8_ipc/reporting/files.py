"""Which files to lint, and what is in them."""

from __future__ import annotations

import io
import os
import sys
import tokenize
from collections.abc import Iterable, Iterator

from .configuration import Configuration, matches
from .unusable import Unusable


def expand(paths: Iterable[str], configuration: Configuration) -> Iterator[str]:
    """The files that these paths mean, each once, folders walked in order; raises Unusable for a path that is not there."""
    seen: set[str] = set()
    for path in paths:
        if path != "-" and not os.path.exists(path):
            raise Unusable(f"there is no file or folder {path}")
        for file in _under(path, configuration):
            if file not in seen:
                seen.add(file)
                yield file


def _under(path: str, configuration: Configuration) -> Iterator[str]:
    if path == "-":
        yield path
    elif matches(path, configuration.exclude):
        return
    elif not os.path.isdir(path):
        yield path
    else:
        for folder, folders, files in os.walk(path):
            folders[:] = sorted(name for name in folders if not matches(os.path.join(folder, name), configuration.exclude))
            for name in sorted(files):
                file = os.path.join(folder, name)
                if matches(name, configuration.filenames) and not matches(file, configuration.exclude):
                    yield file


def data_of(path: str) -> bytes:
    """The bytes of a file (``-`` is standard input)."""
    if path == "-":
        return sys.stdin.buffer.read()
    with open(path, "rb") as file:
        return file.read()


def decoded(data: bytes, path: str) -> str:
    """The text of a file by its own encoding, a byte order mark left out.

    Raises Unusable where its bytes are not text in that encoding.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return io.TextIOWrapper(io.BytesIO(data), encoding, newline="").read()
    except (SyntaxError, LookupError, UnicodeDecodeError) as error:
        raise Unusable(f"{path}: cannot be decoded: {error}") from error


def text_of(path: str) -> str:
    """The text of a file, or of standard input; raises Unusable where it cannot be decoded."""
    return decoded(data_of(path), path)
