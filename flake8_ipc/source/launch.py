"""How processes and threads are made and started: what they are given, and the role each becomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import libcst as cst

from ..model import (
    Blocking,
    Handover,
    Kind,
    Place,
    Pool,
    Process,
    ProcessClass,
    Role,
    RoleKind,
    Shared,
    Verb,
)
from . import contents
from .attributes import THREAD_BASES, base_context, get_attribute
from .deeds import do, result_used
from .handover import all_handed, argument_of, handed, handover_of
from .keeping import forget_given, given
from .joining import spread
from .lifetimes import hand_to_child
from .made import made
from .names import HARMLESS
from .project import force
from .reach import expose, reachable
from .run import Frame, Run
from .scanning import ends_with
from .statements import last_name
from .values import (
    NOTHING,
    UNKNOWN,
    Arguments,
    Cls,
    Coll,
    Const,
    Foreign,
    Func,
    Inst,
    Method,
    Name,
    OneOf,
    Partial,
    Ref,
    Scope,
    Value,
    fresh_key,
)


@dataclass(slots=True)
class Spec:
    """What a process was made with, until it is started."""

    target: Value | None = None
    args: Arguments = field(default_factory=Arguments)
    inst: Inst | None = None
    loops: tuple[int, ...] = ()
    parameters: dict[Shared, Place] = field(default_factory=dict)
    handover: Handover | None = None
    node: cst.CSTNode | None = None
    making: bool = False
    first: Arguments | None = None


def spec_of(run: Run, process: Shared) -> Spec:
    """The spec of a process, made anew with it."""
    spec: Spec = run.made.setdefault(("spec", id(process)), Spec())
    return spec


def make_process(
    run: Run, node: cst.CSTNode, base: str | None, cls: Cls | None, *, method: str | None = None
) -> Process:
    """The process (or thread) object of this allocation site."""
    kind = Kind.THREAD if base in THREAD_BASES else Kind.PROCESS
    place = run.place(node)
    context = method if cls is None else base_context(cls)
    process: Process = made(
        run, node, "process", lambda: Process(kind, place, cls.name if cls else kind.value, context=context)
    )
    spec = spec_of(run, process)
    spec.loops = run.loops
    spec.node, spec.making = node, True
    if cls is not None:
        process.subclass = run.made.get(("class", cls.key))
    run.emit(Verb.CREATE, process, node, process.kind.value)
    return process


def call_base(run: Run, owner: Value, name: str, args: Arguments, node: cst.CSTNode, *, timer: bool = False) -> Value:
    """A method of the library's Process or Thread, called on an object: ``super().__init__(...)`` and its like."""
    shared = owner.shared if isinstance(owner, (Inst, Ref)) else None
    if not isinstance(shared, Process):
        if shared is not None and shared.kind is Kind.MANAGER and name != "__init__":
            return do(run, Ref(shared), name, args, node)
        expose(run, *args.values())
        return UNKNOWN
    if name != "__init__":
        return do(run, Ref(shared), name, args, node)
    spec = spec_of(run, shared)
    target = args.find(1, "function" if timer else "target")
    spec.target = target[0] if target else None
    group = args.get(0, "group")
    shared.group_given = not timer and isinstance(group, (Func, Partial, Cls, Method))
    given, named = args.find(2 if timer else 3, "args"), args.find(3 if timer else 4, "kwargs")
    inner = handover_of(run, node, target, given, named, process=shared)
    unseen = args.open and (given is None or named is None)
    inner.complete = inner.complete and not unseen
    if spec.handover is not None and target is None:
        # What a subclass's own __init__ was given is what the process is handed.
        inner.arguments += spec.handover.arguments
    spec.handover = inner
    spec.args = _spec_arguments(run, given, named)
    spec.args.open = spec.args.open or unseen
    daemon = args.get(None, "daemon")
    if daemon is not None:
        shared.daemon = bool(daemon.value) if isinstance(daemon, Const) else None
    return Const(None)


def _spec_arguments(
    run: Run, given: tuple[Value, cst.CSTNode] | None, named: tuple[Value, cst.CSTNode] | None
) -> Arguments:
    found = Arguments()
    if given is not None:
        items = contents.elements(run, given[0])[0]
        if items is None:
            found.open = True
            expose(run, contents.elements(run, given[0])[1])
        else:
            found.positional = [(item, given[1]) for item in items]
    if named is not None:
        content = run.content(named[0]) if isinstance(named[0], Coll) else None
        if content is None or content.items is None:
            found.open = True
            expose(run, named[0])
        else:
            found.named = {str(key): (value, named[1]) for key, value in content.items.items()}
    return found


def note_parameters(run: Run, process: Shared, bound: Value, args: Arguments, inst: Inst) -> None:
    """Which parameter of a subclass's ``__init__`` each shared object comes in by."""
    spec = spec_of(run, process)
    if not isinstance(bound, Func):
        return
    params = bound.node.params
    names = [*params.posonly_params, *params.params][1:]
    by_name = {param.name.value: param for param in (*names, *params.kwonly_params)}
    pairs = [(param, value) for param, (value, _) in zip(names, args.positional)]
    pairs += [(by_name[name], value) for name, (value, _) in args.named.items() if name in by_name]
    locator = bound.scope.module.locator
    for param, value in pairs:
        for shared in reachable(run, value):
            spec.parameters.setdefault(shared, locator.place(param.name))
    spec.handover = Handover(run.place(bound.node), None, [argument_of(run, value, node) for value, node in args.positional])
    spec.handover.arguments += [argument_of(run, value, node, name) for name, (value, node) in args.named.items()]


def complete(run: Run, process: Process, inst: Inst | None) -> None:
    """The process object is ready: what it was made with is known."""
    spec = spec_of(run, process)
    spec.inst, spec.making = inst, False
    if inst is not None and isinstance(process.subclass, ProcessClass) and spec.handover is None:
        spec.handover = Handover(process.place)
    process.handover = spec.handover


# -- starting


def start(run: Run, shared: Shared, node: cst.CSTNode, ref: Ref) -> Value:
    """``p.start()``: an event here, and a role of its own."""
    run.emit(
        Verb.START,
        shared,
        node,
        f"{shared.name}.start",
        used=result_used(run, "start", node),
        exact=ref.exact,
        inherited=ref.inherited,
        blocking=Blocking.NEVER,
        early=isinstance(shared, Process) and spec_of(run, shared).making and not _ends_final(run, node),
    )
    if isinstance(shared, Process) and ("role", shared) not in run.made:
        run.made["role", shared] = True
        spec_of(run, shared).first = spec_of(run, shared).args
        _lower_process(run, shared, node)
    elif isinstance(shared, Process):
        _vary(run, shared)
    spec = spec_of(run, shared)
    hand_to_child(run, shared, node)
    given(run, shared, [*spec.args.values(), *([spec.target] if spec.target is not None else [])], node)
    return Const(None)


def _vary(run: Run, process: Process) -> None:
    """Started once more, in a later turn: of what it is given else now, who uses which is not told."""
    spec = spec_of(run, process)
    first = spec.first.values() if spec.first is not None else []
    for one, other in zip(first, spec.args.values()):
        before, now = ({part.shared for part in spread(value) if isinstance(part, Ref)} for value in (one, other))
        for shared in before | now if before != now else ():
            shared.open = True


def _ends_final(run: Run, node: cst.CSTNode) -> bool:
    """Whether this is the last statement of the ``__init__`` of a class that allows no subclass."""
    func = run.frame.func
    if func is None or func.owner is None or func.name != "__init__" or isinstance(func.node, cst.Lambda):
        return False
    return ends_with(func.node, node) and any(last_name(one.decorator) == "final" for one in func.owner.node.decorators)


def run_here(run: Run, shared: Shared, node: cst.CSTNode, ref: Ref) -> Value:
    """``p.run()``: runs in the caller; from inside the class it is the base's way to call the target."""
    inside = run.frame.func is not None and run.frame.func.owner is not None and run.frame.func.name == "run"
    if not inside and isinstance(shared, Process) and shared.kind is Kind.PROCESS:
        run.emit(Verb.RUN, shared, node, f"{shared.name}.run", exact=ref.exact)
    spec = spec_of(run, shared)
    if spec.target is not None:
        from .calls import call_value

        call_value(run, spec.target, spec.args, node)
    return Const(None)


def _lower_process(run: Run, process: Process, node: cst.CSTNode) -> None:
    spec = spec_of(run, process)
    thread = process.kind is Kind.THREAD
    kind = RoleKind.THREAD if thread else RoleKind.PROCESS
    role = Role(process.name, kind, process.place, process=process, parent=run.role, many=process.many)
    # A handler of signals is inherited by whoever is forked.
    role.heeds = run.role.heeds and process.context in (None, "fork")
    target, args, landing = _entry_of(run, process, spec, node)
    if target is None:
        role.known = process.subclass is not None and process.subclass.runs is not None
        run.program.roles.append(role)
        for shared in reachable(run, *spec.args.values(), *([spec.inst] if spec.inst else [])):
            role.given.setdefault(shared, None)
        return
    role.given = dict(spec.parameters)
    run.program.roles.append(role)
    lower_role(run, role, target, args, spec.node or node, spec.loops, landing, inst=spec.inst)
    # A child that cannot be called dies at once: what it would have done is nobody's guide.
    role.known = role.known and not _dies(spec.handover)


def _dies(handover: Handover | None) -> bool:
    if handover is None or handover.callee is None:
        return False
    signature = handover.callee.signature
    if handover.not_a_sequence is not None:
        return True
    if signature is None or not handover.complete:
        return False
    names = tuple(argument.keyword for argument in handover.arguments if argument.keyword is not None)
    return signature.misfit(len(handover.arguments) - len(names), names) is not None


def _entry_of(
    run: Run, process: Process, spec: Spec, node: cst.CSTNode
) -> tuple[Value | None, Arguments, bool]:
    """What the process runs, with which arguments; whether these land in the target's own parameters."""
    if spec.inst is not None:
        method = get_attribute(run, spec.inst, "run", node)
        if isinstance(method, Func):
            return method, Arguments(), False
    stored = run.load(id(process), "run")
    if stored is not None:
        return stored, Arguments(), False
    if isinstance(spec.target, Foreign):
        return force(run, spec.target) or spec.target, spec.args, True
    return spec.target, spec.args, True


def lower_role(
    run: Run,
    role: Role,
    target: Value,
    args: Arguments,
    node: cst.CSTNode,
    loops: tuple[int, ...] = (),
    landing: bool = True,
    first: Callable[[], None] | None = None,
    inst: Inst | None = None,
) -> None:
    """Reads what a role does, in a state of its own."""
    inner, target = all_handed(args, loops), handed(target, loops)
    for shared in reachable(run, target, *inner.values()):
        role.given.setdefault(shared, None)
    if landing:
        _note_landing(run, role, target, inner)
    own = list(run.held(inst.key).values()) if inst is not None else []
    bare = [target, *inner.values()] if not isinstance(target, Partial) else [*target.args, *inner.values()]
    role.within = frozenset(role.given) - contents.bare(run, *bare, *own)
    outer = _Outer(run)
    run.role = role
    if run.vars is not None:
        run.vars = run.vars.copy()
        if inst is not None and loops:
            for name, value in list(run.held(inst.key).items()):
                run.vars.set(inst.key, name, handed(value, loops))
        if not role.thread:
            forget_given(run)
            run.birth, run.origin, run.born = run.vars.copy(), outer.kept[1], fresh_key()
            run.dull, run.handed = {}, tuple(inner.values())
    scope = run.frame.scope
    run.frame = Frame(Scope("function", scope.module.scope, scope.module))
    if scope.module is not run.home and run.abroad is None:
        run.abroad = role.place
    run.calls, run.path = (), (*run.path, id(role))
    run.loops, run.counts, run.controls = (), (), NOTHING
    run.guarded, run.in_async, run.rank = True, False, None
    try:
        with run.writing() as sequence:
            role.known = _enter(run, role, target, inner, node, first)
    finally:
        outer.restore(run)
    role.flow = sequence


def _enter(
    run: Run, role: Role, target: Value, args: Arguments, node: cst.CSTNode, first: Callable[[], None] | None
) -> bool:
    """Runs the target; False where it cannot be seen."""
    from .calls import call_value

    if first is not None:
        first()
    func = target.func if isinstance(target, Partial) else target
    known = isinstance(func, (Func, Inst, Method, Cls)) or (
        isinstance(func, OneOf) and all(isinstance(option, (Func, Inst)) for option in func.options)
    )
    if isinstance(func, Name):
        # A library's function can do nothing with what it is not given.
        known = func.dotted in HARMLESS or (not role.given and role.daemon is False)
    if isinstance(func, Func) and func.node in run.stack:
        expose(run, *args.values())
        return False
    call_value(run, target, args, node)
    return known


class _Outer:
    """What is put back when a role has been read."""

    def __init__(self, run: Run) -> None:
        self.kept = (run.role, run.vars, run.birth, run.frame, run.calls, run.path)
        self.also = (run.loops, run.counts, run.controls, run.guarded, run.in_async, run.abroad, run.rank)
        self.birth, self.copies = (run.origin, run.born, run.dull, run.handed), len(run.copies)

    def restore(self, run: Run) -> None:
        run.role, run.vars, run.birth, run.frame, run.calls, run.path = self.kept
        run.loops, run.counts, run.controls, run.guarded, run.in_async, run.abroad, run.rank = self.also
        run.origin, run.born, dull, run.handed = self.birth
        # What did nothing so far may now read what the child has changed.
        run.dull = dull if len(run.copies) == self.copies else {}


def _note_landing(run: Run, role: Role, target: Value, args: Arguments) -> None:
    """Where the target's signature names each object it is given."""
    func = target
    if isinstance(func, Partial) or not isinstance(func, Func):
        return
    params = func.node.params
    names = [*params.posonly_params, *params.params]
    if func.bound is not None:
        names = names[1:]
    locator = func.scope.module.locator
    by_name = {param.name.value: param for param in (*names, *params.kwonly_params)}
    pairs = [(param, value) for param, (value, _) in zip(names, args.positional)]
    pairs += [(by_name[name], value) for name, (value, _) in args.named.items() if name in by_name]
    for param, value in pairs:
        place = locator.place(param.name)
        if func.scope.module is not run.home:
            place = role.place.leading_to(place)
        for shared in reachable(run, value):
            role.given[shared] = place


def pool_initializer(run: Run, pool: Pool, kind: Kind, args: Arguments, node: cst.CSTNode) -> None:
    """What each worker of a pool runs first."""
    # ThreadPool and ThreadPoolExecutor have it in different places: there by name only.
    first_at, given_at = {Kind.POOL: (1, 2), Kind.EXECUTOR: (2, 3)}.get(kind, (None, None))
    first = args.find(first_at, "initializer")
    given = args.find(given_at, "initargs")
    if first is None or (isinstance(first[0], Const) and first[0].value is None):
        return
    pool.initializer = handover_of(run, node, first, given, None, process=pool)
    inner = _spec_arguments(run, given, None)
    if args.open and given is None:
        # They may come in with what is unpacked.
        pool.initializer.complete, inner.open = False, True
    run.made["initializer", pool] = (first[0], inner)
