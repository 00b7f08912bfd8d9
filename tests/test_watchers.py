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
}

LEAVES = {
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
