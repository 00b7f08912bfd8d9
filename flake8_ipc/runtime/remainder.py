"""What the text has left to do where a thread waits for good: whether any of it could have let somebody go on.

Only what is plain counts as nothing: taking, waiting and looking, and built-in functions of Python's own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence, Set

from .dumps import Frame
from .places import is_library
from .sources import FUNCTIONS, Source
from .texts import Texts

# Methods that give nothing to anybody.
_TAKING = frozenset(
    """get get_nowait recv recv_bytes join wait acquire is_alive is_set empty qsize poll append extend insert add update
    items keys values copy index count sort format strip split upper lower startswith endswith""".split()
)
_BUILT_IN = frozenset(
    """print len sum sorted reversed range list dict set tuple str int float bool bytes enumerate zip max min abs repr round
    isinstance any all iter next""".split()
)
# What a process's own flow is called by.
_RUNNERS = tuple(
    f"multiprocessing/{name}.py"
    for name in ("process", "context", "popen_fork", "popen_forkserver", "forkserver", "spawn", "popen_spawn_posix")
)
_STATEMENTS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def gives_nothing(texts: Texts, stack: Sequence[Frame]) -> bool:
    """Whether all that a thread would do from here on, in the functions that it stands in, lets nobody go on."""
    frames = [frame for frame in reversed(stack) if not frame.ours]
    while frames and is_library(frames[0].path):
        if not frames.pop(0).path.replace("\\", "/").endswith(_RUNNERS):
            return False
    own = [frame for frame in frames if not is_library(frame.path)]
    # Below the last of its own come the library's, which wait; between them they may call anything.
    if not own or frames[: len(own)] != own:
        return False
    called = [*(frame.function.rpartition(".")[2] for frame in own[1:]), ""]
    return all(_is_plain(texts.source(frame.path), frame, inner) for frame, inner in zip(own, called))


def _is_plain(source: Source, frame: Frame, called: str) -> bool:
    """The same for one function, which has ``called`` another one that has not returned yet."""
    function = _function(source, frame)
    if function is None or isinstance(function, ast.AsyncFunctionDef):
        return False
    defined = {node.name for node in source.parents if isinstance(node, _STATEMENTS)}
    left = [node for statement in _left(function.body, frame.line) for node in _own(statement)]
    under_way = {node for node in left if _is_call(node, called, frame.line) and not _turns(source, node)}
    return all(node in under_way or _is_nothing(node, defined) for node in left)


def _is_call(node: ast.AST, name: str, line: int) -> bool:
    return isinstance(node, ast.Call) and node.lineno == line and _name(node) == name


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _turns(source: Source, node: ast.AST) -> bool:
    """Whether a node stands in a loop of its function."""
    for above in source.above(node):
        if isinstance(above, FUNCTIONS):
            return False
        if isinstance(above, (ast.While, ast.For, ast.AsyncFor)):
            return True
    return False


def _function(source: Source, frame: Frame) -> ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The function that a frame is of; what a comprehension does is done in the one around it."""
    if source.tree is None or frame.function == "<module>":
        return source.tree
    found = [
        node
        for node in ast.walk(source.tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.lineno <= frame.line <= (node.end_lineno or 0)
    ]
    inner = max(found, key=lambda node: node.lineno, default=None)
    named = inner is not None and inner.name == frame.function.rpartition(".")[2]
    return inner if named or frame.function.endswith("comp>") else None


def _left(body: Sequence[ast.stmt], line: int) -> Iterator[ast.stmt]:
    """The statements that come after a line, and the one that stands there; of a loop all, for it may turn again."""
    for statement in body:
        if (statement.end_lineno or 0) < line or (isinstance(statement, _STATEMENTS) and statement.lineno < line):
            continue
        if isinstance(statement, ast.If) and statement.lineno < line:
            taken = statement.orelse if (statement.body[-1].end_lineno or 0) < line else statement.body
            yield from _left(taken, line)
        elif isinstance(statement, ast.Try) and statement.lineno < line:
            handlers = (one for handler in statement.handlers for one in handler.body)
            for part in (statement.body, [*handlers], statement.orelse, statement.finalbody):
                yield from _left(part, line)
        else:
            yield statement


def _own(statement: ast.stmt) -> Iterator[ast.AST]:
    """Every node of a statement but those of functions that it defines."""
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, FUNCTIONS):
            pending += ast.iter_child_nodes(node)


def _is_nothing(node: ast.AST, defined: Set[str]) -> bool:
    """Whether a node gives nothing to anybody; what the text itself has ``defined`` may."""
    if isinstance(node, (ast.With, ast.AsyncWith, ast.Yield, ast.YieldFrom, ast.Await, ast.Delete)):
        return False
    if not isinstance(node, ast.Call):
        return True
    known = _TAKING if isinstance(node.func, ast.Attribute) else _BUILT_IN
    return _name(node) in known and _name(node) not in defined
