"""Runs the user's program as ``__main__``, watched: ``python program.py FOLDER (SCRIPT | -m MODULE) ARGS``.

The program must not notice: ``sys.argv``, ``sys.path[0]`` and ``__main__`` are as python itself sets them.
"""

from __future__ import annotations

import importlib.util
import io
import os
import sys
from types import CodeType, ModuleType
from typing import Any


def main(folder: str, arguments: list[str]) -> None:
    """Runs the program; what it raises goes through, as does its exit."""
    from flake8_ipc.runtime import doors, record
    from flake8_ipc.runtime.session import Session

    session = Session.load(f"{folder}/session.json")
    code, module = _module(arguments[1], arguments) if arguments[0] == "-m" else _script(arguments)
    sys.modules["__main__"] = module
    doors.enter(folder)
    if session.start_method is not None:
        _prefer(session.start_method)
    try:
        exec(code, module.__dict__)
    except BaseException as error:
        doors.told(error)
        raise
    finally:
        mine = record.current()
        if mine is not None:
            mine.close()


def _first(folder: str) -> None:
    """Python's own first place to import from (the option ``-P`` leaves it out)."""
    if not sys.flags.safe_path:
        sys.path.insert(0, folder)


def _script(arguments: list[str]) -> tuple[CodeType, ModuleType]:
    path = arguments[0]
    sys.argv[:] = arguments
    _first(os.path.dirname(os.path.realpath(path)))
    path = os.path.abspath(path)
    module = _fresh(path)
    with io.open_code(path) as file:
        return compile(file.read(), path, "exec"), module


def _module(name: str, arguments: list[str]) -> tuple[CodeType, ModuleType]:
    _first(os.getcwd())
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = importlib.util.find_spec(f"{name}.__main__")
    if spec is None or spec.origin is None or spec.loader is None or not hasattr(spec.loader, "get_code"):
        raise SystemExit(f"{sys.executable}: no module named {name} that can be run")
    sys.argv[:] = [spec.origin, *arguments[2:]]
    module = _fresh(spec.origin, spec=spec, package=spec.parent, loader=spec.loader)
    code = spec.loader.get_code(spec.name)
    return code, module


def _fresh(path: str, spec: Any = None, package: str | None = None, loader: Any = None) -> ModuleType:
    module = ModuleType("__main__")
    module.__dict__.update(
        __file__=path, __spec__=spec, __package__=package, __loader__=loader, __builtins__=__builtins__, __cached__=None
    )
    return module


def _prefer(method: str) -> None:
    """Makes a start method the default, as if it were this platform's own: the program may still choose another."""
    from multiprocessing import context

    default = context._default_context
    default._default_context = context._concrete_contexts[method]  # type: ignore[attr-defined]


if __name__ == "__main__":
    # Beside this file lie modules that must not be importable by their bare names.
    if not sys.flags.safe_path:
        del sys.path[0]
    _packages = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if _packages not in map(os.path.abspath, sys.path):
        sys.path.append(_packages)
    try:
        main(sys.argv[1], sys.argv[2:])
    except BaseException as _error:
        # A traceback begins in the program; a bare raise does not add this frame again (Python/ceval.c).
        _kept = vars(BaseException)["__traceback__"]
        while (_at := _kept.__get__(_error)) is not None and _at.tb_frame.f_code.co_filename == __file__:
            _kept.__set__(_error, _at.tb_next)
        raise
