"""The default context: what asks for it, and who chooses its start method (CPython Lib/multiprocessing/context.py)."""

from __future__ import annotations

import libcst as cst

from ..model import UNTOLD, Constant, Kind, Shared, Verb
from .run import Run
from .values import Arguments, Const, Context, Value


def default_context(run: Run, node: cst.CSTNode) -> Shared:
    """The default context of the program, as an object."""
    if "default context" not in run.made:
        run.made["default context"] = Shared(Kind.CONTEXT, run.place(node), "the default context")
    found: Shared = run.made["default context"]
    return found


def get_context(run: Run, args: Arguments, node: cst.CSTNode, method: str | None) -> Context:
    """``get_context(...)``: a context of its own, or the default one, which is fixed from then on."""
    wanted = args.get(0, "method")
    if wanted is None or (isinstance(wanted, Const) and wanted.value is None):
        if method is None and not args.open:
            run.emit(Verb.FIX, default_context(run, node), node, "get_context")
        return Context(method)
    if isinstance(wanted, Const) and isinstance(wanted.value, str):
        return Context(wanted.value)
    run.program.chosen = True
    return Context(UNTOLD)


def get_start_method(run: Run, args: Arguments, node: cst.CSTNode) -> None:
    """``get_start_method()``: fixes the default too, unless it may give None."""
    if args.get(0, "allow_none") is None and not args.open:
        run.emit(Verb.FIX, default_context(run, node), node, "get_start_method")


def set_start_method(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """``set_start_method(...)``: chooses the default; what the file must work under is what it may choose."""
    wanted, force = args.get(0, "method"), args.get(1, "force")
    known = wanted.value if isinstance(wanted, Const) and isinstance(wanted.value, str) else None
    gentle = (force is None or (isinstance(force, Const) and not force.value)) and not args.open
    run.emit(
        Verb.CHOOSE if gentle else Verb.OVERRIDE,
        default_context(run, node),
        node,
        "set_start_method",
        payload=Constant(known) if known is not None else None,
    )
    run.program.chosen = True
    supported = run.made.setdefault("supported methods", run.program.methods)
    chosen = run.made.setdefault("chosen methods", set())
    chosen.add(known)
    if known is None:
        run.program.methods = supported
    elif None not in chosen and supported.intersection(chosen):
        run.program.methods = supported.intersection(chosen)
    return Const(None)
