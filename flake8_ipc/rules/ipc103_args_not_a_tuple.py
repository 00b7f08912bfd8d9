"""IPC103 args-not-a-tuple.

Judged from: what stands for ``args`` of a process or ``initargs`` of a pool, where it is known to be no sequence of
arguments.
Reported at: that argument.
Missed: a value that comes out of code that cannot be read.
Source: CPython documentation, multiprocessing.Process: "args is the argument tuple for the target invocation";
Lib/multiprocessing/process.py makes ``tuple(args)`` of it, Lib/multiprocessing/pool.py calls ``initializer(*initargs)``.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.handings import Way
from ..analysis.study import Study
from ..finding import Finding
from .rule import Rule
from .wording import short

_KEYWORDS = {Way.PROCESS: "args", Way.TASK: "args", Way.INITIALIZER: "initargs"}
_QUOTES = ("'", '"', "f'", 'f"', "b'", 'b"', "r'", 'r"')


def check(study: Study) -> Iterator[Finding]:
    """Single values in the place of a tuple of arguments."""
    for handing in study.handings:
        if handing.handover.not_a_sequence is None:
            continue
        text, place = handing.handover.not_a_sequence
        given = short(text.removeprefix("(").removesuffix(")") if text.startswith("(") else text)
        effect = (
            "each of its letters becomes an argument" if text.startswith(_QUOTES) else "it is not a tuple of arguments"
        )
        yield Finding(
            "IPC103",
            place,
            f"{_KEYWORDS[handing.way]} is {given} itself, and {effect}; write ({given},) with a comma",
            about=(handing.owner,) if handing.way is Way.PROCESS else (),
        )


BAD = '''\
from multiprocessing import Process


def crawl(url):
    print("visited", url)


if __name__ == "__main__":
    crawler = Process(target=crawl, args=("example.org"))  # want: IPC103
    crawler.start()
    crawler.join()
'''

GOOD = '''\
from multiprocessing import Process


def crawl(depth, url):
    print("visited", url, "down to", depth)


if __name__ == "__main__":
    shallow = (1, "example.org")
    crawlers = [
        Process(target=crawl, args=shallow),
        Process(target=crawl, args=[2, "example.net"]),
        Process(target=crawl, args=(3,) + ("example.com",)),
    ]
    for crawler in crawlers:
        crawler.start()
    for crawler in crawlers:
        crawler.join()
'''

RULE = Rule(
    code="IPC103",
    name="args-not-a-tuple",
    summary="A single value stands where a tuple of arguments belongs.",
    why="Parentheses alone make no tuple: (x) is x. The constructor raises TypeError for a value that is no sequence; "
    "a text is taken apart into its letters, and the target then gets too many arguments.",
    bad=BAD,
    good=GOOD,
    check=check,
    silent=(
        "The value is a tuple, a list or another sequence, or a name bound to one.",
        "Nothing is known of the value.",
    ),
)
