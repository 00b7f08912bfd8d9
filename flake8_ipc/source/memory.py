"""Blocks of shared memory, lists over them, and the resource tracker that hears of them."""

from __future__ import annotations

import libcst as cst

from ..model import Constant, Key, Kind, Memory, Shared, Verb
from .joining import from_values
from .made import made
from .run import Run, calls
from .values import PLAIN, UNKNOWN, Arguments, BlockName, Const, Data, Method, Name, Ref, Value, View

_TRACKER = "multiprocessing.resource_tracker"


@calls("multiprocessing.shared_memory.SharedMemory")
def _shared_memory(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    create, name = args.get(1, "create"), args.get(0, "name")
    track = args.get(None, "track")
    tracked = not (isinstance(track, Const) and not track.value)
    if isinstance(create, Const) and create.value:
        return _create(run, Kind.SHARED_MEMORY, name, node, tracked=tracked)
    fresh = create is not None and not isinstance(create, Const)
    return _attach(run, Kind.SHARED_MEMORY, name, node, tracked=tracked, known=not fresh and not args.open)


@calls("multiprocessing.shared_memory.ShareableList")
def _shareable_list(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    sequence, name = args.get(0, "sequence"), args.get(None, "name")
    if sequence is None or (isinstance(sequence, Const) and sequence.value is None):
        return _attach(run, Kind.SHAREABLE_LIST, name, node, tracked=True, known=True)
    return _create(run, Kind.SHAREABLE_LIST, name, node, tracked=True)


def served_block(run: Run, manager: Shared, kind: Kind, node: cst.CSTNode) -> Value:
    """What a SharedMemoryManager makes: a block that is unlinked with it."""
    place = run.place(node)
    block: Memory = made(run, node, kind, lambda: Memory(kind, place, raw=True, fresh=True, keeper=manager))
    run.emit(Verb.CREATE, block, node, "SharedMemory", payload=Constant(True))
    return Ref(block)


def _create(run: Run, kind: Kind, name: Value | None, node: cst.CSTNode, *, tracked: bool) -> Value:
    place = run.place(node)
    block: Memory = made(run, node, kind, lambda: Memory(kind, place, raw=True, fresh=True, tracked=tracked))
    run.emit(Verb.CREATE, block, node, "SharedMemory", payload=Constant(True))
    key = _label(name)
    if key is not None:
        run.made[key] = block
        for handle in run.made.get(("waits for", key), ()):
            handle.of, handle.open = block, False
    return Ref(block)


def _attach(run: Run, kind: Kind, name: Value | None, node: cst.CSTNode, *, tracked: bool, known: bool) -> Value:
    """Attaches a block by its name; one of a name that is not known may be any."""
    place = run.place(node)
    handle: Memory = made(run, node, kind, lambda: Memory(kind, place, raw=True, open=True, tracked=tracked))
    key = _label(name)
    if isinstance(name, BlockName) and isinstance(name.shared, Memory):
        handle.of = name.shared
    elif key in run.made:
        handle.of = run.made[key]
    elif key is not None:
        run.made.setdefault(("waits for", key), []).append(handle)
    handle.open = handle.of is None
    run.emit(Verb.ATTACH, handle, node, "SharedMemory", payload=Constant(False), exact=known)
    return Ref(handle)


def _label(name: Value | None) -> tuple[str, object] | None:
    """What a block's name is known by: its text, or the very value that both sides were given."""
    if isinstance(name, Const) and isinstance(name.value, str):
        return ("block", name.value)
    if isinstance(name, Data) and name is not UNKNOWN and name is not PLAIN:
        return ("block", id(name))
    return None


# -- what is done with a block


def attribute(run: Run, ref: Ref, name: str, node: cst.CSTNode) -> Value:
    """``block.buf``, ``block.name``, ``items.shm`` and methods."""
    block = ref.shared
    if isinstance(ref, View):
        return Method(ref, name)
    if name == "shm" and block.kind is Kind.SHAREABLE_LIST:
        return ref
    if name == "name" and isinstance(block, Memory):
        return BlockName(block.origin)
    if name == "buf":
        run.emit(Verb.QUERY, block, node, f"{block.name}.buf", inherited=ref.inherited, exact=ref.exact)
        return View(block, ref.inherited, ref.exact)
    return PLAIN if name in ("size", "format") else Method(ref, name)


def call_view(run: Run, view: View, name: str, args: Arguments, node: cst.CSTNode) -> Value:
    """A method of the memoryview over a block."""
    from .elements import read
    if name in ("cast", "toreadonly", "__enter__"):
        return view
    if name in ("tobytes", "tolist", "hex"):
        return read(run, view, Key.WHOLE, node, f"buf.{name}")
    return from_values(args.values())


# -- the resource tracker


def tracker(run: Run, node: cst.CSTNode) -> Shared:
    """The resource tracker that a process and its later children share."""
    found: Shared | None = run.made.get("tracker")
    if found is None:
        found = run.made["tracker"] = Shared(Kind.TRACKER, run.place(node), "the resource tracker")
    return found


@calls(*(f"{_TRACKER}.{name}" for name in ("ensure_running", "register", "getfd", "_resource_tracker.ensure_running")))
def _starts_tracker(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    run.emit(Verb.START, tracker(run, node), node, "resource_tracker")
    return PLAIN


@calls(f"{_TRACKER}.unregister")
def _unregisters(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    run.emit(Verb.DROP, tracker(run, node), node, "resource_tracker.unregister")
    return PLAIN


def patches_tracker(run: Run, owner: Value, node: cst.CSTNode) -> bool:
    """``resource_tracker.register = ...``: what the tracker hears of is the program's own affair."""
    if isinstance(owner, Name) and owner.dotted.startswith(_TRACKER):
        run.emit(Verb.DROP, tracker(run, node), node, owner.dotted)
        return True
    return False
