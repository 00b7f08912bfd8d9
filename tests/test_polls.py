"""Loops that look at a shared value until it has changed: what a run concludes of them, and what it must not."""

from __future__ import annotations

import pathlib
import textwrap

import pytest

from test_runtime import Watched

FRAME = """
import time
from multiprocessing import Array, Process, Value

def nap():
    time.sleep(0.02)

{functions}

if __name__ == "__main__":
    flag, other, total, cells = Value("i", 0), Value("i", 0), Value("i", 0), Array("i", 4)
    processes = [Process(target=one, args=(flag, other, total, cells)) for one in ({targets},)]
    for process in processes:
        process.start()
{main}
    for process in processes:
        process.join()
    print(total.value)
"""
GIVES = """
def give(flag, other, total, cells):
    nap()
    total.value += 5
    flag.value = 1
"""
PASSES_ON = """
def pass_on(flag, other, total, cells):
    while not flag.value:
        nap()
    total.value += 1
    other.value = 1
"""
TURNS = """
def first(flag, other, total, cells):
    for _ in range(3):
        while flag.value != 0:
            time.sleep(0.001)
        total.value += 1
        flag.value = 1

def second(flag, other, total, cells):
    for _ in range(3):
        while flag.value != 1:
            time.sleep(0.001)
        total.value += 1
        flag.value = 0
"""


def run(folder: pathlib.Path, functions: str, targets: str, main: str = "") -> Watched:
    text = FRAME.format(functions=functions, targets=targets, main=textwrap.indent(textwrap.dedent(main).strip(), " " * 4))
    return Watched(folder, text)


LOOPS = {
    "a test": "while not flag.value: nap()",
    "one way out": """
        while True:
            if flag.value == 1:
                break
            nap()
        """,
    "a test with a way back": """
        while not flag.value:
            if other.value > 5:
                continue
            nap()
        """,
    "a look under its lock": """
        while True:
            with flag.get_lock():
                if flag.value:
                    break
            nap()
        """,
}


@pytest.mark.parametrize("loop", LOOPS)
def test_a_flag_orders(loop: str, tmp_path: pathlib.Path) -> None:
    went = run(tmp_path, GIVES, "give", textwrap.dedent(LOOPS[loop]) + "\ntotal.value += 1")
    assert (went.out.strip(), went.rows) == ("6", set())


def test_what_two_flags_pass_on(tmp_path: pathlib.Path) -> None:
    went = run(tmp_path, GIVES + PASSES_ON, "give, pass_on", "while not other.value: nap()\ntotal.value += 1")
    assert (went.out.strip(), went.rows) == ("7", set())


def test_turns_by_a_number(tmp_path: pathlib.Path) -> None:
    went = run(tmp_path, TURNS, "first, second")
    assert (went.out.strip(), went.rows) == ("6", set())


UNSURE = {
    "another way out": """
        while not flag.value:
            nap()
            if time.monotonic() < 0:
                break
        """,
    "one of two tests": "while time.monotonic() > 0 and not flag.value: nap()",
    "a look that decides nothing": """
        for _ in range(10):
            print(end=str(flag.value)[:0])
            nap()
        """,
    "another flag": "while other.value: nap()",
}


@pytest.mark.parametrize("loop", UNSURE)
def test_what_orders_nothing(loop: str, tmp_path: pathlib.Path) -> None:
    went = run(tmp_path, GIVES, "give", textwrap.dedent(UNSURE[loop]) + "\ntotal.value += 1")
    assert {code for _, code in went.rows} == {"IPC401"}


def test_what_follows_the_flag_is_not_ordered(tmp_path: pathlib.Path) -> None:
    late = GIVES.replace("    total.value += 5\n", "") + "    total.value += 5\n"
    went = run(tmp_path, late, "give", "while not flag.value: nap()\ntotal.value += 1")
    assert {code for _, code in went.rows} == {"IPC401"}


def test_another_element_orders_nothing(tmp_path: pathlib.Path) -> None:
    give = GIVES.replace("flag.value = 1", "cells[0] = 1")
    went = run(tmp_path, give, "give", "while not cells[0]: nap()\ntotal.value += 1")
    assert not went.rows
    give = GIVES.replace("flag.value = 1", "cells[1] = 1")
    went = run(tmp_path, give, "give", "while cells[0]: nap()\ntotal.value += 1")
    assert {code for _, code in went.rows} == {"IPC401"}
