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
}

LEAVES = {
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


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", FINDS)
def test_finds(name: str, method: str, tmp_path: pathlib.Path) -> None:
    run = Watched(tmp_path, FINDS[name], method=method)
    assert run.rows == run.wanted, run.err


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", LEAVES)
def test_leaves_in_peace(name: str, method: str, tmp_path: pathlib.Path) -> None:
    run = Watched(tmp_path, LEAVES[name], method=method)
    assert run.status == 0, run.err
    assert run.rows == set()
