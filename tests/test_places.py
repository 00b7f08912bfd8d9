"""Where nodes stand: as Python's own parser tells it, however the place is worked out."""

from __future__ import annotations

import ast
import pathlib
from collections.abc import Iterator

import libcst as cst
import pytest

from flake8_ipc.source.places import Locator

FIXTURES = sorted((pathlib.Path(__file__).parent.parent / "fixtures").glob("*.py"))
ODD = {
    "windows": "import os\r\n\r\nif os.name:\r\n    print(os.getpid(),\r\n          os.getppid())\r\nprint(1)\r\n",
    "tabs and form feeds": "\f\nif True:\n\tprint(abs(-1))\n\f\nprint((abs)(-2), (abs(-3)))\n",
    "twice": "abs(1); abs(1)\nabs(2)\n# abs(2)\nabs(3)\n'''abs(3)'''\n",
    "continued": "print(\\\n  abs(\n1))\nx = \\\n  max(1,\n 2)",
    "characters": "print('\u00e9\u00e9', abs(1))\n",
}


def calls(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    if isinstance(node, cst.Call):
        yield node
    for child in node.children:
        yield from calls(child)


def spots(text: str, hint: str) -> list[tuple[int, int]]:
    module = cst.parse_module(text)
    locator = Locator("example.py", module, hint)
    places = [locator.place(node) for node in calls(module)]
    return sorted((place.line, place.column) for place in places)


def told_by_python(text: str) -> list[tuple[int, int]]:
    lines = text.replace("\r\n", "\n").split("\n")
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return sorted((one.lineno, len(lines[one.lineno - 1].encode()[: one.col_offset].decode())) for one in nodes)


@pytest.mark.parametrize("name", ODD)
def test_odd_texts(name: str) -> None:
    text = ODD[name]
    assert spots(text, text) == spots(text, "") == told_by_python(text) != []


def test_fixtures() -> None:
    """Texts with f-strings aside: of the calls in them Python 3.11 tells other places than later ones."""
    for path in FIXTURES:
        text = path.read_text(encoding="utf-8")
        found = spots(text, text)
        assert found == spots(text, "")
        if 'f"' not in text:
            assert found == told_by_python(text), path.name
