"""What the run tells of the parts of multiprocessing beside processes, queues, pipes, locks and cells: real programs."""

from __future__ import annotations

import pathlib

import pytest
from test_runtime import METHODS, Watched

FINDS = {
    "IPC311": """
        from multiprocessing import Process
        from multiprocessing.connection import Client, Listener

        def ring(address):
            with Client(address) as line:  # want: IPC311
                line.send("hello")

        if __name__ == "__main__":
            with Listener(("127.0.0.1", 0)) as desk:  # want: IPC311
                bell = Process(target=ring, args=(desk.address,))
                bell.start()
                with desk.accept() as visitor:
                    print(visitor.recv())
                bell.join()
    """,
    "IPC111 asked": """
        import multiprocessing

        if __name__ == "__main__":
            print(multiprocessing.get_start_method() in ("fork", "spawn", "forkserver"))
            multiprocessing.set_start_method("spawn")  # want: IPC111
    """,
    "IPC111 a queue before": """
        import multiprocessing

        if __name__ == "__main__":
            letters = multiprocessing.Queue()
            multiprocessing.set_start_method("spawn")  # want: IPC111
            letters.put("never")
    """,
    "IPC409 IPC410": """
        from multiprocessing import Process
        from multiprocessing.shared_memory import ShareableList, SharedMemory

        def look(name):
            picture = SharedMemory(name=name)
            print(picture.buf[0])
            picture.close()

        if __name__ == "__main__":
            picture = SharedMemory(create=True, size=16)  # want: IPC409
            picture.buf[0] = 7
            viewer = Process(target=look, args=(picture.name,))
            viewer.start()
            viewer.join()
            picture.close()
            names = ShareableList(["ann", "bob"])
            names.shm.close()
            names.shm.unlink()
            try:
                print(picture.buf[0])  # want: IPC410
            except TypeError:
                print("closed")
    """,
    "IPC410 a name that is gone": """
        from multiprocessing.shared_memory import SharedMemory

        if __name__ == "__main__":
            picture = SharedMemory(create=True, size=16)
            name = picture.name
            picture.close()
            picture.unlink()
            try:
                SharedMemory(name)  # want: IPC410
            except FileNotFoundError:
                print("gone")
    """,
    "IPC403 memory": """
        from multiprocessing import Process
        from multiprocessing.shared_memory import SharedMemory

        def count(picture):
            for _ in range(100):
                picture.buf[0] = (picture.buf[0] + 1) % 256  # want: IPC403

        if __name__ == "__main__":
            picture = SharedMemory(create=True, size=16)
            counters = [Process(target=count, args=(picture,)) for _ in range(2)]
            for counter in counters:
                counter.start()
            for counter in counters:
                counter.join()
            picture.close()
            picture.unlink()
    """,
    "IPC403 list": """
        from multiprocessing import Process
        from multiprocessing.shared_memory import ShareableList

        def count(scores):
            for _ in range(100):
                scores[0] += 1  # want: IPC403

        if __name__ == "__main__":
            scores = ShareableList([0, 0])
            counters = [Process(target=count, args=(scores,)) for _ in range(2)]
            for counter in counters:
                counter.start()
            for counter in counters:
                counter.join()
            scores.shm.close()
            scores.shm.unlink()
    """,
    "IPC801 for good": """
        import subprocess
        import sys

        LISTING = "for number in range(50_000): print(number)"

        if __name__ == "__main__":
            lister = subprocess.Popen([sys.executable, "-c", LISTING], stdout=subprocess.PIPE, text=True)
            if lister.wait() == 0:  # want: IPC801
                print(len(lister.stdout.readlines()))
    """,
    "IPC801 two pipes": """
        import subprocess
        import sys

        NOISE = "import sys; [print(number, file=sys.stderr) for number in range(50_000)]; print('done')"

        if __name__ == "__main__":
            tool = subprocess.Popen([sys.executable, "-c", NOISE], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            print(tool.stdout.read())  # want: IPC801
            print(tool.stderr.read())
    """,
    "IPC801 IPC802 IPC803": """
        import subprocess
        import sys

        PROBE = "import time; time.sleep(20)"

        if __name__ == "__main__":
            few = subprocess.Popen([sys.executable, "-c", "print(1)"], stdout=subprocess.PIPE)
            few.wait()  # want: IPC801
            print(few.stdout.read())
            code = subprocess.call([sys.executable, "-c", "print(1)"], stdout=subprocess.PIPE)  # want: IPC802
            probe = subprocess.Popen([sys.executable, "-c", PROBE])
            try:
                print("exit code", probe.wait(timeout=0.3))  # want: IPC803
            except subprocess.TimeoutExpired:
                print("no answer", code)
    """,
    "IPC701 IPC702": """
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import Pool

        def invert(number):
            return 1 / number

        if __name__ == "__main__":
            pool = Pool(2)  # want: IPC701
            print(pool.map(invert, [1, 2]))
            lost = pool.apply_async(invert, (0,))  # want: IPC702
            lost.wait()
            with ProcessPoolExecutor(2) as executor:
                executor.submit(invert, 0)  # want: IPC702
                executor.submit(invert, 3)
    """,
    "IPC703": """
        import time
        from multiprocessing import Pool

        def slow(number):
            time.sleep(0.4)
            return number

        if __name__ == "__main__":
            with Pool(2) as pool:
                result = pool.apply_async(slow, (7,))
            print(result.get())  # want: IPC703
    """,
    "IPC104 IPC117 IPC118": """
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import Pool, Queue

        def weigh(parcel, scale=None):
            return len(parcel)

        if __name__ == "__main__":
            scales = Queue()
            with Pool(2) as pool:
                try:
                    pool.map(lambda parcel: len(parcel), ["a", "b"])  # want: IPC104
                except Exception as error:
                    print(type(error).__name__)
                try:
                    pool.apply(
                        weigh,
                        ("a", scales),  # want: IPC117
                    )
                except RuntimeError as error:
                    print(type(error).__name__)
                try:
                    pool.apply(weigh, ("a", None, 3))  # want: IPC118
                except TypeError as error:
                    print(type(error).__name__)
            with ProcessPoolExecutor(2) as executor:
                try:
                    executor.submit(weigh, lambda: 0).result()  # want: IPC104
                except Exception as error:
                    print(type(error).__name__)
    """,
    "IPC109": """
        from multiprocessing import Pool

        def inner(number):
            with Pool(1) as pool:  # want: IPC109
                return pool.map(abs, [number])

        if __name__ == "__main__":
            with Pool(1) as pool:
                try:
                    pool.map(inner, [1])
                except AssertionError as error:
                    print(error)
    """,
    "IPC401": """
        import time
        from multiprocessing import Pool, Value

        total = None

        def begin(shared):
            global total
            total = shared

        def count(number):
            total.value += number  # want: IPC401
            time.sleep(0.2)

        if __name__ == "__main__":
            shared = Value("i", 0)
            with Pool(2, begin, (shared,)) as pool:
                pool.map(count, [1, 2, 3, 4], chunksize=1)
            print(shared.value)
    """,
    "IPC501 IPC502": """
        from multiprocessing import Manager, Process

        def sign_up(teams, counts, who):
            for _ in range(20):
                teams["red"].append(who)  # want: IPC501
                counts["red"] = counts.get("red", 0) + 1  # want: IPC502
            players = teams["blue"]
            players.append(who)  # want: IPC501

        if __name__ == "__main__":
            with Manager() as manager:
                teams, counts = manager.dict({"red": [], "blue": []}), manager.dict()
                clerks = [Process(target=sign_up, args=(teams, counts, who)) for who in ("Ada", "Bob")]
                for clerk in clerks:
                    clerk.start()
                for clerk in clerks:
                    clerk.join()
                print(len(teams["red"]))
    """,
    "IPC503": """
        from multiprocessing import Manager, Process

        def note(lines):
            lines.append("begun")

        if __name__ == "__main__":
            writer = Process(target=note, args=(Manager().list(),))  # want: IPC503
            writer.start()
            writer.join()
    """,
    "IPC504 IPC505": """
        from multiprocessing import Manager, Process

        def show(prices):
            try:
                for item in prices:  # want: IPC505
                    print(item)
            except AttributeError:
                print("no manager")

        if __name__ == "__main__":
            with Manager() as manager:
                prices = manager.dict({"tea": 3})
                shower = Process(target=show, args=(prices,))
                shower.start()
                shower.join()
            try:
                print(prices["tea"])  # want: IPC504
            except OSError:
                print("gone")
    """,
    "IPC109 a manager": """
        from multiprocessing import Manager, Process

        def keep():
            try:
                with Manager() as manager:  # want: IPC109
                    print(manager.list())
            except AssertionError as error:
                print(error)

        if __name__ == "__main__":
            keeper = Process(target=keep, daemon=True)
            keeper.start()
            keeper.join()
    """,
    "IPC209": """
        from multiprocessing import Process, Queue

        def count(blocks):
            print(sum(len(block) for block in iter(blocks.get, None)))

        if __name__ == "__main__":
            blocks = Queue()
            counter = Process(target=count, args=(blocks,))
            counter.start()
            for start in range(3):
                block = list(range(start, start + 10))
                blocks.put(block)
                block.clear()  # want: IPC209
            blocks.put(None)
            counter.join()
    """,
    "IPC606": """
        from multiprocessing import Lock, Pool

        lock = None

        def keep(given):
            global lock
            lock = given

        def weigh(parcel):
            with lock:
                return len(parcel)

        if __name__ == "__main__":
            given = Lock()
            with Pool(1, keep, (given,)) as pool:
                with given:
                    weight = pool.apply_async(weigh, ("a",))
                    print(weight.get())  # want: IPC606
    """,
}

LEAVES = {
    "managers": """
        import queue
        from multiprocessing import Manager, Process
        from multiprocessing.managers import BaseManager

        class Till:
            def __init__(self):
                self.total = 0

            def add(self, number):
                self.total += number
                return self.total

        class Shop(BaseManager):
            pass

        Shop.register("Till", Till)

        def work(names, lines, lock, tasks, done, space, number, till):
            while True:
                name = tasks.get()
                if name is None:
                    break
                with lock:
                    names[name] = names.get(name, 0) + 1
                    lines.append(name)
                    number.value += 1
                    space.count += 1
                till.add(1)
                tasks.task_done()
            kept = names["list"]
            kept.append(1)
            names[f"list {done.is_set()}"] = kept
            for key, value in names.items():
                value
            done.set()

        if __name__ == "__main__":
            with Manager() as manager, Shop() as shop:
                names, lines = manager.dict({"list": []}), manager.list()
                space, number = manager.Namespace(), manager.Value("i", 0)
                space.count = 0
                lock, tasks, done, till = manager.RLock(), manager.Queue(), manager.Event(), shop.Till()
                given = (names, lines, lock, tasks, done, space, number, till)
                workers = [Process(target=work, args=given) for _ in range(2)]
                for worker in workers:
                    worker.start()
                for name in ["ann", "bob"] * 4:
                    tasks.put(name)
                tasks.join()
                for _ in workers:
                    tasks.put(None)
                done.wait()
                for worker in workers:
                    worker.join()
                print(dict(names)["ann"], len(lines), space.count, number.value, till.add(0))
                try:
                    tasks.get(timeout=0.1)
                except queue.Empty:
                    print("empty")
                barrier, condition = manager.Barrier(1), manager.Condition()
                barrier.wait()
                with condition:
                    condition.notify_all()
    """,
    "pools": """
        import asyncio
        from concurrent.futures import ProcessPoolExecutor, as_completed
        from multiprocessing import Pool, Value
        from multiprocessing.pool import ThreadPool

        total = None

        def begin(shared):
            global total
            total = shared

        def add(number, more=0):
            with total.get_lock():
                total.value += number + more
            return number

        def invert(number):
            return 1 / number

        async def wait_for(executor):
            return await asyncio.get_running_loop().run_in_executor(executor, invert, 4)

        if __name__ == "__main__":
            shared = Value("i", 0)
            with Pool(2, begin, (shared,)) as pool:
                print(pool.map(add, range(4)), pool.starmap(add, [(1, 2)]), pool.apply(add, (1,), {"more": 2}))
                print(list(pool.imap(add, range(6), chunksize=2)), sorted(pool.imap_unordered(add, [1, 2])))
                late = pool.apply_async(add, (1,))
                failed = pool.apply_async(invert, (0,), error_callback=print)
                pool.close()
                pool.join()
            print(late.get(), shared.value)
            with ProcessPoolExecutor(2) as executor:
                futures = [executor.submit(invert, number) for number in range(2)]
                print(sorted(type(one.exception()).__name__ for one in as_completed(futures)))
                print(list(executor.map(invert, [1, 2])), asyncio.run(wait_for(executor)))
            with ThreadPool(2) as threads:
                threads.apply_async(invert, (0,)).wait()
    """,
    "children": """
        import signal
        import subprocess
        import sys
        import threading

        LISTING = "for number in range(20_000): print(number)"
        SLEEP = "import time; time.sleep(20)"

        def run(code, **options):
            return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, **options)

        if __name__ == "__main__":
            print(len(run(LISTING).stdout.read()))
            lister = run(LISTING, text=True, bufsize=1)
            print(sum(1 for _ in lister.stdout), lister.wait(), type(lister.stdout).__name__, lister.stdout.encoding)
            with run("print(input()[::-1])", stdin=subprocess.PIPE, text=True) as echo:
                print("stressed", file=echo.stdin, flush=True)
                print(echo.stdout.readline())
            first = run(LISTING)
            second = run("import sys; print(len(sys.stdin.read()))", stdin=first.stdout)
            first.stdout.close()
            print(second.communicate(), first.wait())
            lister = run(LISTING)
            reader = threading.Thread(target=lister.stdout.read)
            reader.start()
            lister.wait()
            reader.join()
            sleeper = run(SLEEP)
            try:
                sleeper.communicate(timeout=0.3)
            except subprocess.TimeoutExpired:
                sleeper.send_signal(signal.SIGKILL)
                print(sleeper.wait())
            print(subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True).stdout)
    """,
    "shared memory": """
        from multiprocessing import Process
        from multiprocessing.managers import SharedMemoryManager
        from multiprocessing.shared_memory import SharedMemory

        def fill(picture, at):
            picture.buf[at] = at + 1
            view = picture.buf
            view[at + 2] = at + 1

        if __name__ == "__main__":
            picture = SharedMemory(create=True, size=16)
            painters = [Process(target=fill, args=(picture, at)) for at in range(2)]
            for painter in painters:
                painter.start()
            for painter in painters:
                painter.join()
            print(bytes(picture.buf[:4]))
            picture.close()
            picture.unlink()
            print(picture.name is None, picture.size)
            with SharedMemoryManager() as manager:
                print(manager.ShareableList([1, 2])[1])
                manager.SharedMemory(10)
    """,
    "a keyed listener": """
        from multiprocessing import Process
        from multiprocessing.connection import Client, Listener

        KEY = bytes(range(16))

        def ring(address):
            with Client(address, authkey=KEY) as line:
                line.send("hello")

        if __name__ == "__main__":
            with Listener(("127.0.0.1", 0), authkey=KEY) as desk:
                bell = Process(target=ring, args=(desk.address,))
                bell.start()
                with desk.accept() as visitor:
                    print(visitor.recv())
                bell.join()
    """,
    "a start method chosen anew, or at a caught risk": """
        import multiprocessing

        if __name__ == "__main__":
            print(multiprocessing.get_start_method(allow_none=True))
            multiprocessing.get_context("spawn")
            multiprocessing.set_start_method("spawn", force=True)
            try:
                multiprocessing.set_start_method("fork")
            except RuntimeError:
                print("chosen before")
    """,
}


# Programs that start no process of multiprocessing.
ALONE = frozenset({"IPC111 asked", "IPC410 a name that is gone", "children", "a start method chosen anew, or at a caught risk"})


def cases(programs: dict[str, str]) -> list[tuple[str, str]]:
    """Every program under every start method that makes a difference to it."""
    return [
        (name, method) for name in programs for method in METHODS if method == "fork" or not (name in ALONE or "IPC80" in name)
    ]


@pytest.mark.parametrize(("name", "method"), cases(FINDS))
def test_finds(name: str, method: str, tmp_path: pathlib.Path) -> None:
    run = Watched(tmp_path, FINDS[name], method=method)
    assert run.rows == run.wanted, run.err


@pytest.mark.parametrize(("name", "method"), cases(LEAVES))
def test_leaves_in_peace(name: str, method: str, tmp_path: pathlib.Path) -> None:
    run = Watched(tmp_path, LEAVES[name], method=method)
    assert run.status == 0, run.err
    assert run.rows == set()
