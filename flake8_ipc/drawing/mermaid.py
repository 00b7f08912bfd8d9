"""Mermaid, which GitHub and GitLab draw.

Source: Mermaid documentation, "Flowcharts" and "Sequence diagrams"; special letters as entity codes (``#quot;``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence as Many

from .sequence import Sequence
from .sketch import Actor, Sketch, Use, Way

_ARROWS = {Way.INTO: "-->", Way.OUT: "-->", Way.BOTH: "<-->", Way.HELD: "-.-"}


_CODES = str.maketrans({"#": "#35;", ";": "#59;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;"})


def _plain(text: str) -> str:
    """A text without what Mermaid reads as its own."""
    return text.translate(_CODES)


def flowchart(sketches: Many[Sketch]) -> str:
    """Processes with rounded edges, things with straight ones; an arrow goes the way of the data."""
    lines = ["flowchart LR"]
    for number, one in enumerate(sketches):
        if len(sketches) > 1:
            lines.append(f'    subgraph g{number}["{_plain(one.title)}"]')
        lines += [f"    {line}" for line in _program(one, f"g{number}")]
        if len(sketches) > 1:
            lines.append("    end")
    return "\n".join(lines) + "\n"


def _program(one: Sketch, key: str) -> Iterable[str]:
    for number, actor in enumerate(one.actors):
        yield f'{key}p{number}(["{_plain(_name(actor))}"])'
    for number, thing in enumerate(one.things):
        yield f'{key}o{number}["{_plain(thing.kind)} {_plain(thing.label)}<br>line {thing.line}"]'
    for number, actor in enumerate(one.actors):
        if actor.parent is not None:
            yield f"{key}p{actor.parent} ==>|starts| {key}p{number}"
        yield from (_use(use, number, key) for use in actor.uses)


def _name(actor: Actor) -> str:
    return f"{actor.label}{' (several)' if actor.many else ''}{' (thread)' if actor.thread else ''}"


def _use(use: Use, number: int, key: str) -> str:
    process, thing = f"{key}p{number}", f"{key}o{use.thing}"
    left, right = (thing, process) if use.way is Way.OUT else (process, thing)
    words = _plain(", ".join(use.deeds)) or "holds"
    return f'{left} {_ARROWS[use.way]}|"{words}"| {right}'


def diagram(one: Sequence) -> str:
    """The story; a cross ends what never returns."""
    lines = ["sequenceDiagram"]
    lines += [f"    participant c{number} as {_plain(name)}" for number, name in enumerate(one.columns)]
    for turn in one.turns:
        arrow = "-x" if turn.stuck else "->>"
        lines.append(f"    c{turn.source}{arrow}c{turn.target}: {_plain(turn.text)}")
    waiting = sorted({turn.source for turn in one.turns if turn.stuck})
    lines += [f"    Note over c{number}: waits for ever" for number in waiting]
    return "\n".join(lines) + "\n"
