"""Programs that are stuck for good, and programs that are only slow: each is the text of a ``main`` and of what it runs.

``mark()`` tells the moment from which a program is stuck: the last one counts.
"""

from __future__ import annotations

PRELUDE = """\
import asyncio, os, signal, subprocess, sys, threading, time
import concurrent.futures as futures
import multiprocessing as mp
from multiprocessing.connection import wait


def mark():
    os.write(1, f"{time.monotonic()}\\n".encode())


def sleep(seconds):
    time.sleep(seconds)


def start(target, *args, **kwargs):
    process = mp.Process(target=target, args=args, **kwargs)
    process.start()
    return process


"""
END = '\n\nif __name__ == "__main__":\n    main()\n    print("done", flush=True)\n'

STUCK = {
    "get_of_nothing": """
def main():
    q = mp.Queue()
    mark()
    q.get()
""",
    "child_gets_nothing": """
def work(q):
    mark()
    q.get()

def main():
    q = mp.Queue()
    start(work, q).join()
""",
    "both_receive": """
def work(end):
    mark()
    end.recv()

def main():
    a, b = mp.Pipe()
    start(work, b)
    a.recv()
""",
    "join_before_drain": """
def work(q):
    q.put(bytes(1_000_000))
    mark()

def main():
    q = mp.Queue()
    start(work, q).join()
    q.get()
""",
    "opposite_orders": """
def work(first, second, mine, other):
    with first:
        mine.set()
        other.wait()
        mark()
        with second:
            pass

def main():
    a = mp.Lock()
    b = mp.Lock()
    x, y = mp.Event(), mp.Event()
    one = start(work, a, b, x, y)
    two = start(work, b, a, y, x)
    one.join()
    two.join()
""",
    "lock_taken_twice": """
def main():
    lock = mp.Lock()
    lock.acquire()
    mark()
    lock.acquire()
""",
    "no_end_of_file": """
def work(r, w):
    try:
        mark()
        while True:
            r.recv()
    except EOFError:
        pass

def main():
    r, w = mp.Pipe(duplex=False)
    p = start(work, r, w)
    w.close()
    p.join()
""",
    "missing_sentinel": """
def work(q):
    for item in iter(q.get, None):
        mark()

def main():
    q = mp.Queue()
    two = [start(work, q) for _ in range(2)]
    q.put(1)
    q.put(None)
    for p in two:
        p.join()
""",
    "owner_of_lock_died": """
def work(lock):
    lock.acquire()
    os._exit(0)

def main():
    lock = mp.Lock()
    start(work, lock).join()
    mark()
    lock.acquire()
""",
    "owner_of_rlock_died_while_another_works": """
def work(lock):
    lock.acquire()
    os._exit(0)

def main():
    lock = mp.RLock()
    start(sleep, 20, daemon=True)
    start(work, lock).join()
    mark()
    lock.acquire()
""",
    "full_queue": """
def main():
    q = mp.Queue(1)
    q.put(1)
    mark()
    q.put(2)
""",
    "event_never_set": """
def work(event):
    mark()
    event.wait()

def main():
    event = mp.Event()
    start(work, event).join()
""",
    "short_barrier": """
def work(barrier):
    mark()
    barrier.wait()

def main():
    barrier = mp.Barrier(3)
    two = [start(work, barrier) for _ in range(2)]
    for p in two:
        p.join()
""",
    "crossed_queues": """
def work(mine, other):
    mark()
    mine.get()
    other.put(1)

def main():
    a, b = mp.Queue(), mp.Queue()
    p = start(work, a, b)
    b.get()
    a.put(1)
    p.join()
""",
    "large_put_to_oneself": """
def main():
    q = mp.SimpleQueue()
    mark()
    q.put(bytes(1_000_000))
""",
    "condition_never_notified": """
def work(condition):
    with condition:
        mark()
        condition.wait()

def main():
    condition = mp.Condition()
    start(work, condition).join()
""",
    "thread_gets_nothing": """
def main():
    q = mp.Queue()
    t = threading.Thread(target=q.get)
    t.start()
    mark()
    t.join()
""",
    "thread_at_exit": """
def main():
    threading.Thread(target=mp.Queue().get).start()
    mark()
""",
    "task_waits": """
def prepare(event):
    global held
    held = event

def task():
    mark()
    held.wait()

def main():
    event = mp.Event()
    pool = mp.Pool(2, prepare, (event,))
    pool.apply_async(task).get()
""",
    "future_waits": """
def prepare(event):
    global held
    held = event

def task():
    mark()
    held.wait()

def main():
    event = mp.Event()
    with futures.ProcessPoolExecutor(2, mp.get_context(), prepare, (event,)) as pool:
        pool.submit(task).result()
""",
    "thread_pool_gets_nothing": """
def main():
    q = mp.Queue()
    with futures.ThreadPoolExecutor(2) as pool:
        found = pool.submit(q.get)
        mark()
        found.result()
""",
    "wait_of_silent_pipes": """
def main():
    ends = [mp.Pipe() for _ in range(2)]
    mark()
    wait([a for a, _ in ends])
""",
    "poll_without_limit": """
def main():
    a, b = mp.Pipe()
    mark()
    a.poll(None)
""",
    "managers_queue": """
def main():
    with mp.Manager() as manager:
        q = manager.Queue()
        mark()
        q.get()
""",
    "unacknowledged": """
def work(q):
    q.get()
    mark()

def main():
    q = mp.JoinableQueue()
    p = start(work, q)
    q.put(1)
    q.join()
    p.join()
""",
    "readers_of_one_queue": """
def work(q):
    mark()
    q.get()

def main():
    q = mp.Queue()
    for p in [start(work, q) for _ in range(3)]:
        p.join()
""",
    "semaphore_of_none": """
def main():
    s = mp.Semaphore(1)
    s.acquire()
    mark()
    s.acquire()
""",
    "value_under_its_plain_lock": """
def main():
    v = mp.Value("i", 0, lock=mp.Lock())
    with v.get_lock():
        mark()
        v.value += 1
""",
}

SLOW = {
    "producer_sleeps": """
def work(q):
    sleep(4)
    q.put(1)

def main():
    q = mp.Queue()
    p = start(work, q)
    q.get()
    p.join()
""",
    "consumer_sleeps": """
def work(q):
    sleep(4)
    for _ in range(3):
        q.get()

def main():
    q = mp.Queue(1)
    p = start(work, q)
    for i in range(3):
        q.put(i)
    p.join()
""",
    "lock_is_held": """
def work(lock, taken):
    with lock:
        taken.set()
        sleep(4)

def main():
    lock, taken = mp.Lock(), mp.Event()
    p = start(work, lock, taken)
    taken.wait()
    with lock:
        p.join()
""",
    "rlock_is_held": """
def work(lock, taken):
    with lock, lock:
        taken.set()
        sleep(4)

def main():
    lock, taken = mp.RLock(), mp.Event()
    p = start(work, lock, taken)
    taken.wait()
    with lock:
        p.join()
""",
    "lock_is_handed_over": """
def gate(lock):
    sleep(4)
    lock.release()

def work(lock):
    with lock:
        pass

def main():
    lock = mp.Lock()
    lock.acquire()
    other = start(gate, lock)
    start(work, lock).join()
    other.join()
""",
    "child_computes": """
def work(end):
    until = time.monotonic() + 4
    while time.monotonic() < until:
        sum(range(1000))
    end.send(1)

def main():
    a, b = mp.Pipe()
    p = start(work, b)
    a.recv()
    p.join()
""",
    "foreign_writer": """
def main():
    a, b = mp.Pipe(duplex=False)
    text = "import os, time; time.sleep(4); os.write(%d, bytes([0, 0, 0, 4]) + bytes([128, 2, 78, 46]))" % b.fileno()
    p = subprocess.Popen([sys.executable, "-c", text], pass_fds=[b.fileno()])
    b.close()
    a.recv()
    p.wait()
""",
    "timer_puts": """
def main():
    q = mp.Queue()
    threading.Timer(4, q.put, (1,)).start()
    q.get()
""",
    "alarm_puts": """
def main():
    a, b = mp.Pipe()
    signal.signal(signal.SIGALRM, lambda *args: b.send(1))
    signal.alarm(4)
    a.recv()
""",
    "signal_of_a_child": """
def work(pid):
    sleep(4)
    os.kill(pid, signal.SIGUSR1)

def main():
    a, b = mp.Pipe()
    signal.signal(signal.SIGUSR1, lambda *args: b.send(1))
    p = start(work, os.getpid())
    a.recv()
    p.join()
""",
    "handler_sleeps": """
def work(pid):
    sleep(1)
    os.kill(pid, signal.SIGUSR1)

def handler(*args):
    sleep(4)
    b.send(1)

def main():
    global b
    a, b = mp.Pipe()
    signal.signal(signal.SIGUSR1, handler)
    p = start(work, os.getpid())
    a.recv()
    p.join()
""",
    "idle_pool": """
def main():
    with mp.Pool(2) as pool:
        sleep(4)
        pool.map(abs, [1])
""",
    "idle_executor": """
def main():
    with futures.ProcessPoolExecutor(2) as pool:
        pool.submit(abs, 1).result()
        sleep(4)
""",
    "long_task": """
def main():
    with mp.Pool(2) as pool:
        pool.apply_async(sleep, (4,)).get()
""",
    "long_future": """
def main():
    with futures.ProcessPoolExecutor(2) as pool:
        pool.submit(sleep, 4).result()
""",
    "watchdog": """
def work(a, b):
    a.recv()

def main():
    p = start(work, *mp.Pipe())
    sleep(4)
    p.terminate()
    p.join()
""",
    "watchdog_thread": """
def work(a, b):
    a.recv()

def main():
    p = start(work, *mp.Pipe())
    threading.Timer(4, p.terminate).start()
    p.join()
""",
    "event_set_late": """
def work(event):
    sleep(4)
    event.set()

def main():
    event = mp.Event()
    p = start(work, event)
    event.wait()
    p.join()
""",
    "late_party": """
def work(barrier):
    sleep(4)
    barrier.wait()

def main():
    barrier = mp.Barrier(2)
    p = start(work, barrier)
    barrier.wait()
    p.join()
""",
    "notified_late": """
def work(condition):
    sleep(4)
    with condition:
        condition.notify()

def main():
    condition = mp.Condition()
    with condition:
        p = start(work, condition)
        condition.wait()
    p.join()
""",
    "managers_queue_filled_late": """
def work(q):
    sleep(4)
    q.put(1)

def main():
    with mp.Manager() as manager:
        q = manager.Queue()
        p = start(work, q)
        q.get()
        p.join()
""",
    "child_comes_up_slowly": """
if __name__ != "__main__":
    sleep(4)

def work(event):
    event.set()

def main():
    event = mp.Event()
    p = start(work, event)
    event.wait()
    p.join()
""",
    "late_among_several": """
def work(end):
    sleep(4)
    end.send(1)

def main():
    ends = [mp.Pipe() for _ in range(2)]
    p = start(work, ends[1][1])
    wait([a for a, _ in ends])
    p.join()
""",
    "thread_sleeps": """
def main():
    t = threading.Thread(target=sleep, args=(4,))
    t.start()
    t.join()
""",
    "semaphore_released_late": """
def main():
    s = mp.Semaphore(0)
    threading.Timer(4, s.release).start()
    s.acquire()
""",
    "limited_waits": """
def main():
    q = mp.Queue()
    for _ in range(4):
        try:
            q.get(timeout=1)
        except Exception:
            pass
""",
    "grandchild_of_fork_puts": """
def main():
    a, b = mp.Pipe()
    if os.fork() == 0:
        if os.fork() == 0:
            sleep(4)
            b.send(1)
        os._exit(0)
    os.wait()
    a.recv()
""",
    "event_loop": """
async def late(q):
    await asyncio.sleep(4)
    q.put(1)

async def both(q):
    await asyncio.gather(late(q), asyncio.to_thread(q.get))

def main():
    asyncio.run(both(mp.Queue()))
""",
    "forked_beside_spawned": """
def gate(s):
    sleep(4)
    s.release()

def work(s):
    s.acquire()

def main():
    spawn = mp.get_context("spawn")
    s = spawn.Semaphore(0)
    forked = mp.get_context("fork").Process(target=gate, args=(s,))
    forked.start()
    spawned = spawn.Process(target=work, args=(s,))
    spawned.start()
    spawned.join()
    forked.join()
""",
    "client_from_elsewhere": """
CLIENT = '''
import os, sys, time
from multiprocessing.managers import BaseManager
if os.fork():
    os._exit(0)
os.setsid()
time.sleep(4)
BaseManager.register("queue")
manager = BaseManager(("127.0.0.1", int(sys.argv[1])), b"key")
manager.connect()
manager.queue().put(1)
'''

def queue(found=[]):
    import queue
    return found[0] if found else found.append(queue.Queue()) or found[0]

def main():
    from multiprocessing.managers import BaseManager
    BaseManager.register("queue", queue)
    manager = BaseManager(("127.0.0.1", 0), b"key")
    manager.start()
    subprocess.run([sys.executable, "-c", CLIENT, str(manager.address[1])])
    manager.queue().get()
    manager.shutdown()
""",
    "killed_by_a_sibling": """
def work(a, b):
    a.recv()

def watchdog(pid):
    sleep(4)
    os.kill(pid, signal.SIGTERM)

def main():
    p = start(work, *mp.Pipe())
    w = start(watchdog, p.pid)
    p.join()
    w.join()
""",
    "handler_waits_with_a_limit": """
def work(pid):
    sleep(1)
    os.kill(pid, signal.SIGUSR1)

def handler(*args):
    mp.Queue().empty()
    threading.Event().wait(2)
    mp.Lock().acquire(timeout=1)
    lock.acquire(timeout=1)
    mp.Pipe()[0].poll(1)
    b.send(1)

def main():
    global b, lock
    lock = mp.Lock()
    lock.acquire()
    a, b = mp.Pipe()
    signal.signal(signal.SIGUSR1, handler)
    p = start(work, os.getpid())
    a.recv()
    p.join()
""",
    "lock_of_a_parent_that_works": """
def work(lock):
    with lock:
        pass

def main():
    lock = mp.Lock()
    with lock:
        p = start(work, lock)
        sleep(4)
    p.join()
""",
}


def text(body: str) -> str:
    """A whole program."""
    return PRELUDE + body.lstrip("\n") + END
