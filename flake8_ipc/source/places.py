"""Where a libcst node stands, worked out only for the nodes that are asked about.

libcst's own PositionProvider computes every node's range and costs several times the parse; most files are clean and
need no position at all. An expression whose code the text has but once stands there, as a tree is its text to the last
character. Else one pass of code generation that notes the offsets of the wanted nodes is enough, and it goes no further
than the last node that is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState  # not exported, but what every provider of positions builds on

from ..model import Place

_NEWLINE = re.compile(r"\r\n?|\n")


class _Nothing:
    """A context that does nothing."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        pass


_NOTHING = _Nothing()


class _Offsets(CodegenState):
    """Generates the code once more and notes how many tokens stand before each wanted node."""

    def __init__(self, module: cst.Module, wanted: set[int]) -> None:
        super().__init__(default_indent=module.default_indent, default_newline=module.default_newline)
        self.wanted = wanted
        self.before: dict[int, int] = {}

    def before_codegen(self, node: cst.CSTNode) -> None:
        if id(node) in self.wanted:
            self.before[id(node)] = len(self.tokens)

    def record_syntactic_position(  # type: ignore[override]  # any context manager will do, a generator's is slow
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> _Nothing:
        if id(node) in self.wanted:
            first = start_node or node
            self.before[id(node)] = self.before.get(id(first), len(self.tokens)) if start_node else len(self.tokens)
        return _NOTHING


EMPTY = cst.Module(())


class Locator:
    """Hands out places for the nodes of one module; a look at one may settle all before it, too.

    With the module's ``text`` a single place is found sooner; without it, many are.
    """

    def __init__(self, path: str, module: cst.Module, text: str = "") -> None:
        self.path = path
        self._module = module
        self._text = text
        self._nodes: dict[Place, cst.CSTNode] = {}
        self._places: dict[int, Place] = {}
        self._found: dict[int, tuple[int, int]] = {}
        self._offsets = _Offsets(module, set())
        self._ahead: Iterator[cst.CSTNode] = iter(())
        # Line, column and number of tokens, of the node that was found last.
        self._at = (1, 0, 0)

    def place(self, node: cst.CSTNode) -> Place:
        """The place of a node; the same object for the same node."""
        place = self._places.get(id(node))
        if place is None:
            place = self._places[id(node)] = Place(self.path, locate=self)
            self._nodes[place] = node
        return place

    def forget(self) -> None:
        """Lets go of the tree, which places keep alive; none that has not been looked at by now will be."""
        self._nodes.clear()
        self._places.clear()
        self._module = EMPTY
        self._text = ""
        self._offsets = _Offsets(EMPTY, set())
        self._ahead = iter(())

    def __call__(self, place: Place) -> tuple[int, int]:
        """Line and column of a place that it handed out."""
        if place not in self._nodes:
            return 1, 0
        node = self._nodes[place]
        if id(node) not in self._found and not self._stands_alone(node):
            self._settle(node)
        return self._found.get(id(node), (1, 0))

    def _stands_alone(self, node: cst.CSTNode) -> bool:
        """Whether the text has this expression's code nowhere else; its place is known then."""
        if not self._text or not isinstance(node, (cst.Call, cst.Attribute)) or node.lpar:
            return False
        code = self._module.code_for_node(node)
        start = self._text.find(code)
        if start < 0 or self._text.find(code, start + 1) >= 0:
            return False
        before = _NEWLINE.split(self._text[:start])
        self._found[id(node)] = (len(before), len(before[-1]))
        return True

    def _settle(self, node: cst.CSTNode) -> None:
        module = self._module
        if id(node) not in self._offsets.wanted:
            self._offsets = _Offsets(module, set(map(id, self._nodes.values())))
            self._ahead = iter((*module.header, *module.body, *module.footer))
            self._at = (1, 0, 0)
        state: Any = self._offsets
        for part in self._ahead:
            part._codegen(state)
            self._note(state)
            if id(node) in self._found:
                return

    def _note(self, state: _Offsets) -> None:
        line, column, done = self._at
        for key, index in sorted(state.before.items(), key=lambda item: item[1]):
            text = "".join(state.tokens[done:index])
            done = index
            parts = _NEWLINE.split(text)
            if len(parts) > 1:
                line += len(parts) - 1
                column = 0
            column += len(parts[-1])
            self._found[key] = (line, column)
        state.before.clear()
        self._at = (line, column, done)
