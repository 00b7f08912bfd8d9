"""``subprocess``: children that run other programs, the pipes to and from them, and signals by process id.

asyncio's own process objects are left alone: their pipes are read by the event loop.
"""

from __future__ import annotations

import libcst as cst

from ..model import Blocking, Key, Kind, Stream, Subprocess, Verb
from .deeds import METHODS, Deed, blocking
from .joining import spread
from .made import made
from .pauses import note_name
from .reach import expose
from .run import Run, calls, does
from .values import PLAIN, UNKNOWN, Arguments, Const, Data, Name, Pid, Ref, Value

# Where Popen's parameters stand (CPython Lib/subprocess.py).
_PIPES = {"stdin": 3, "stdout": 4, "stderr": 5}
_PIPE = -1

METHODS[Kind.SUBPROCESS] = {
    "wait": Deed(Verb.WAIT, None, (0, "timeout"), "TimeoutExpired"),
    "communicate": Deed(Verb.JOIN, None, (1, "timeout"), "TimeoutExpired"),
    "poll": Deed(Verb.POLL),
    "kill": Deed(Verb.KILL),
    "terminate": Deed(Verb.TERMINATE),
    "send_signal": Deed(Verb.TERMINATE),
}
# What reads on to the end of the pipe where no size is given, and what takes a part of it.
_READS_ALL = frozenset({"read", "readlines"})
_READS_SOME = frozenset({"readline", "read1", "readinto", "readinto1", "peek", "__next__"})
_WRITES = frozenset({"write", "writelines"})
_LOOKS = frozenset({"flush", "isatty", "readable", "writable", "seekable"})


@calls("subprocess.Popen")
def _popen(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    return Ref(_child(run, args, node, "Popen"))


@calls("subprocess.call", "subprocess.check_call")
def _call(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    child = _child(run, args, node, "call")
    child.whole = True
    timeout = args.get(None, "timeout")
    timed = timeout is not None and not (isinstance(timeout, Const) and timeout.value is None)
    run.emit(Verb.WAIT, child, node, "call", blocking=Blocking.TIMED if timed else Blocking.FOREVER)
    return PLAIN


def _child(run: Run, args: Arguments, node: cst.CSTNode, part: str) -> Subprocess:
    place = run.place(node)
    child: Subprocess = made(run, node, part, lambda: Subprocess(Kind.SUBPROCESS, place, "child"))
    for which, position in _PIPES.items():
        given = args.get(position, which)
        if _is_pipe(given):
            stream = made(run, node, which, lambda: Stream(Kind.STREAM, place, which, which=which, child=child))
            child.streams[which] = stream
            run.store(id(child), which, Ref(stream))
        elif given is not None:
            # The pipe of another child, a file: whoever is started reads or writes it from now on.
            expose(run, given)
    child.detached = child.detached or _gets_own_session(args)
    run.emit(Verb.CREATE, child, node, "Popen")
    return child


def _gets_own_session(args: Arguments) -> bool:
    """Whether a child leaves our session (CPython documentation, subprocess.Popen: ``start_new_session``)."""
    asked, before = args.get(None, "start_new_session"), args.get(None, "preexec_fn")
    if isinstance(before, Name) and before.dotted in ("os.setsid", "os.setpgrp"):
        return True
    return asked is not None and not (isinstance(asked, Const) and not asked.value)


def _is_pipe(value: Value | None) -> bool:
    if isinstance(value, Name):
        return value.dotted == "subprocess.PIPE"
    return isinstance(value, Const) and value.value == _PIPE


@does(Kind.STREAM)
def _on_stream(run: Run, ref: Ref, name: str, args: Arguments, node: cst.CSTNode) -> Value | None:
    """A method of one of the pipes' files."""
    label = f"{ref.shared.name}.{name}"
    if name in _READS_ALL:
        size = args.get(0, "size")
        rest = size is None or (isinstance(size, Const) and size.value in (None, -1))
        return read(run, ref, node, label, whole=rest)
    if name in _READS_SOME:
        return read(run, ref, node, label, whole=False)
    if name in _WRITES:
        expose(run, *args.values())
        run.emit(Verb.SEND, ref.shared, node, label, exact=ref.exact)
        return PLAIN
    if name == "close":
        run.emit(Verb.CLOSE, ref.shared, node, label, exact=ref.exact)
        return Const(None)
    if name in ("__enter__", "__iter__"):
        return ref
    if name not in _LOOKS:
        # fileno(), detach(), a selector's key: the file is used by another name.
        expose(run, ref, *args.values())
    return UNKNOWN


def read(run: Run, ref: Ref, node: cst.CSTNode, name: str, *, whole: bool) -> Value:
    """A read from a child's pipe, to its end (``whole``) or of a part."""
    key = Key.WHOLE if whole else Key.ANY
    event = run.emit(Verb.RECV, ref.shared, node, name, key=key, exact=ref.exact)
    return Data(plain=True) if whole else Data(message=event)


def printed(run: Run, args: Arguments, node: cst.CSTNode) -> None:
    """``print(..., file=child.stdin)``."""
    for sink in spread(args.get(None, "file") or UNKNOWN):
        if isinstance(sink, Ref) and sink.shared.kind is Kind.STREAM:
            run.emit(Verb.SEND, sink.shared, node, "print", exact=sink.exact)


# -- by process id


@calls("os.kill", "os.killpg")
def _kill(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    signal = args.get(1, "signal")
    probe = isinstance(signal, Const) and signal.value == 0
    for pid in spread(args.get(0, "pid") or UNKNOWN):
        if isinstance(pid, Pid):
            run.emit(Verb.POLL if probe else Verb.TERMINATE, pid.shared, node, "os.kill", exact=pid.exact)
    return PLAIN


@calls("os.waitpid")
def _waitpid(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    note_name(run, "os.waitpid", node)
    for pid in spread(args.get(0, "pid") or UNKNOWN):
        if isinstance(pid, Pid):
            options = args.get(1, "options")
            at_once = options is not None and not (isinstance(options, Const) and options.value == 0)
            run.emit(Verb.POLL if at_once else Verb.WAIT, pid.shared, node, "os.waitpid", exact=pid.exact)
    return PLAIN


@calls("os.getpgid")
def _group(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    return args.get(0, "pid") or UNKNOWN


@calls("logging.getLogger", "multiprocessing.get_logger", "multiprocessing.log_to_stderr")
def _logger(run: Run, args: Arguments, node: cst.CSTNode) -> Value:
    """A logger does what the module's own functions do: it writes, and keeps nothing."""
    return Name("logging")


__all__ = ["blocking", "printed", "read"]
