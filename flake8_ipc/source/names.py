"""The vocabulary: which dotted names mean multiprocessing, under whatever library and module they are imported from."""

from __future__ import annotations

# Drop-in replacements: their names mean what multiprocessing's mean.
_TWINS = ("torch.multiprocessing", "multiprocess", "billiard")

# Where the classes live, and what the package itself calls them (CPython Lib/multiprocessing/context.py).
_HOMES = {
    "multiprocessing.pool.Pool": "multiprocessing.Pool",
    "multiprocessing.queues.Queue": "multiprocessing.Queue",
    "multiprocessing.queues.JoinableQueue": "multiprocessing.JoinableQueue",
    "multiprocessing.queues.SimpleQueue": "multiprocessing.SimpleQueue",
    "multiprocessing.synchronize.Lock": "multiprocessing.Lock",
    "multiprocessing.synchronize.RLock": "multiprocessing.RLock",
    "multiprocessing.synchronize.Semaphore": "multiprocessing.Semaphore",
    "multiprocessing.synchronize.BoundedSemaphore": "multiprocessing.BoundedSemaphore",
    "multiprocessing.synchronize.Condition": "multiprocessing.Condition",
    "multiprocessing.synchronize.Event": "multiprocessing.Event",
    "multiprocessing.synchronize.Barrier": "multiprocessing.Barrier",
    "multiprocessing.process.BaseProcess": "multiprocessing.Process",
    "multiprocessing.process.Process": "multiprocessing.Process",
    "multiprocessing.process.current_process": "multiprocessing.current_process",
    "multiprocessing.process.parent_process": "multiprocessing.parent_process",
    "multiprocessing.process.active_children": "multiprocessing.active_children",
    "multiprocessing.context.Process": "multiprocessing.Process",
    "multiprocessing.context.ForkProcess": "multiprocessing.ForkProcess",
    "multiprocessing.context.SpawnProcess": "multiprocessing.SpawnProcess",
    "multiprocessing.context.ForkServerProcess": "multiprocessing.ForkServerProcess",
    "multiprocessing.context.BaseContext": "multiprocessing.BaseContext",
    "multiprocessing.connection.Pipe": "multiprocessing.Pipe",
    "multiprocessing.connection.Connection": "multiprocessing.Connection",
    "multiprocessing.connection.PipeConnection": "multiprocessing.Connection",
    "multiprocessing.sharedctypes.Value": "multiprocessing.Value",
    "multiprocessing.sharedctypes.Array": "multiprocessing.Array",
    "multiprocessing.sharedctypes.RawValue": "multiprocessing.RawValue",
    "multiprocessing.sharedctypes.RawArray": "multiprocessing.RawArray",
    "multiprocessing.sharedctypes.Synchronized": "multiprocessing.Synchronized",
    "multiprocessing.sharedctypes.SynchronizedArray": "multiprocessing.SynchronizedArray",
    "multiprocessing.sharedctypes.SynchronizedString": "multiprocessing.SynchronizedArray",
    "multiprocessing.managers.Manager": "multiprocessing.Manager",
    "concurrent.futures.process.ProcessPoolExecutor": "concurrent.futures.ProcessPoolExecutor",
    "concurrent.futures.thread.ThreadPoolExecutor": "concurrent.futures.ThreadPoolExecutor",
    "multiprocessing.util.os": "os",
}

# Functions that keep nothing of what they are given (builtins and everyday library calls).
HARMLESS = frozenset(
    """print len isinstance issubclass id repr str int float bool bytes bytearray sum min max any all abs round divmod
    hash type dir callable format ord chr hex bin oct vars hasattr range pow
    time.sleep time.time time.monotonic time.perf_counter time.process_time os.getpid os.getppid os.cpu_count
    os.kill os.waitpid os.path.join os.path.exists os.listdir os.remove os.makedirs os.environ.get os.urandom
    random.random random.randint random.randrange random.choice random.uniform random.seed random.sample
    multiprocessing.cpu_count multiprocessing.active_children multiprocessing.freeze_support
    multiprocessing.log_to_stderr multiprocessing.get_logger multiprocessing.util.log_to_stderr
    math.sqrt math.sin math.cos json.dumps pickle.dumps sys.getsizeof sys.stdout.write sys.stdout.flush
    sys.stderr.write logging.debug logging.info logging.warning logging.error logging.exception logging.critical
    logging.log warnings.warn traceback.print_exc pprint.pprint gc.collect copy.deepcopy
    asyncio.sleep asyncio.gather asyncio.run contextlib.suppress textwrap.dedent pprint.pformat inspect.isclass
    multiprocessing.connection.wait string.Template os.sched_getaffinity""".split()
)

# What these give back is surely neither callable nor shared.
PLAIN_RESULTS = frozenset(
    """print len str int float bool bytes sum abs round ord chr hex bin oct hash repr format isinstance input
    time.sleep time.time time.monotonic os.getpid os.cpu_count random.random random.randint random.randrange
    multiprocessing.cpu_count os.system os.getcwd""".split()
)

# Builtins that raise where their argument is not what they expect; modules whose functions have nothing to raise about.
_RAISING = frozenset("open int float next eval exec __import__".split())
_CALM = frozenset(
    """time datetime random logging threading itertools functools collections multiprocessing math operator contextlib
    typing dataclasses sys gc uuid platform copy pprint traceback warnings enum secrets string textwrap statistics""".split()
)
# Functions that never come back; the value tells whether clean-up is skipped (CPython os._exit, sys.exit).
ENDINGS = {"sys.exit": False, "exit": False, "quit": False, "os._exit": True, "os.abort": True}
# What ends a test does it by an exception that is no Exception (pytest, _pytest/outcomes.py).
ENDINGS.update(dict.fromkeys(("pytest.exit", "pytest.fail", "pytest.skip", "pytest.xfail"), False))


def may_raise(dotted: str) -> bool:
    """Whether a call of something imported or built in fails on bad data, a missing file, a lost connection.

    >>> may_raise("json.loads"), may_raise("print"), may_raise("time.sleep")
    (True, False, False)
    """
    module, dot, _ = dotted.partition(".")
    return module not in _CALM and dotted not in HARMLESS if dot else dotted in _RAISING


def canonical(dotted: str) -> str:
    """The one name by which a dotted name is known here.

    >>> canonical("torch.multiprocessing.queues.Queue")
    'multiprocessing.Queue'
    """
    for twin in _TWINS:
        if dotted == twin or dotted.startswith(f"{twin}."):
            dotted = "multiprocessing" + dotted[len(twin) :]
            break
    return _HOMES.get(dotted, dotted)
