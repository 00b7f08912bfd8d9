"""Simple vector pictures for a page of our own. Letters have one width, so that every text's is known."""

from __future__ import annotations

import html

from .sequence import Sequence, Turn
from .sketch import Actor, Sketch, Thing, Way

# Pixels: a letter of 13 px in a monospaced font, a line of text, the space inside a box and between two.
_LETTER, _LINE, _PAD, _GAP = 7.9, 20, 12, 28


def _wide(*texts: str) -> float:
    return max((len(text) for text in texts), default=0) * _LETTER + 2 * _PAD


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}" text-anchor="{anchor}">{html.escape(text)}</text>'


def _box(x: float, y: float, width: float, height: float, kind: str) -> str:
    radius = 14 if kind.startswith("process") else 3
    return f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="{radius}" class="{kind}"/>'


def _line(points: str, kind: str, *, start: bool = False, end: bool = False) -> str:
    heads = (' marker-start="url(#head)"' if start else "") + (' marker-end="url(#head)"' if end else "")
    return f'<path d="{points}" class="{kind}"{heads}/>'


def _whole(width: float, height: float, title: str, parts: list[str]) -> str:
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    return f'<svg {size} role="img" aria-label="{html.escape(title)}">\n' + "\n".join(parts) + "\n</svg>\n"


def _rows(actor: Actor, things: tuple[Thing, ...]) -> list[str]:
    return [
        f"{use.way.value} {things[use.thing].label}: {', '.join(use.deeds) or 'held'}" for use in actor.uses
    ]


def _name(actor: Actor) -> str:
    return f"{actor.label}{' ×n' if actor.many else ''}{' (thread)' if actor.thread else ''}"


def flow(one: Sketch) -> str:
    """Processes on the left, each with what it does; things on the right; lines between them where no text stands.

    Who starts whom is told by brackets at the left edge, a lane for each parent.
    """
    parents = sorted({actor.parent for actor in one.actors if actor.parent is not None})
    left = 20 + 18 * len(parents)
    rows = [_rows(actor, one.things) for actor in one.actors]
    width = max(_wide(_name(actor), *mine) for actor, mine in zip(one.actors, rows, strict=True))
    heights = [_LINE * (1 + len(mine)) + 2 * _PAD for mine in rows]
    tops = [20.0]
    for height in heights:
        tops.append(tops[-1] + height + _GAP)
    things_at = left + width + 140
    thing_width = _wide(*(thing.label for thing in one.things), *(f"{thing.kind}, line {thing.line}" for thing in one.things))
    thing_height = 2 * _LINE + 2 * _PAD
    thing_tops = [20 + number * (thing_height + _GAP) for number in range(len(one.things))]
    parts: list[str] = []
    arriving = [0] * len(one.things)
    total = [sum(use.thing == number for actor in one.actors for use in actor.uses) for number in range(len(one.things))]
    for actor, mine, top, height in zip(one.actors, rows, tops, heights):
        parts.append(_box(left, top, width, height, "process thread" if actor.thread else "process"))
        parts.append(_text(left + _PAD, top + _PAD + 14, _name(actor), "name"))
        for number, (row, use) in enumerate(zip(mine, actor.uses, strict=True), 1):
            y = top + _PAD + 14 + number * _LINE
            parts.append(_text(left + _PAD, y, row))
            arriving[use.thing] += 1
            there = thing_tops[use.thing] + thing_height * arriving[use.thing] / (total[use.thing] + 1)
            from_x, to_x, middle = left + width, things_at, (left + width + things_at) / 2
            points = f"M{from_x:.0f} {y - 4:.0f} C{middle:.0f} {y - 4:.0f} {middle:.0f} {there:.0f} {to_x:.0f} {there:.0f}"
            kind = "held" if use.way is Way.HELD else "use"
            parts.append(
                _line(points, kind, start=use.way in (Way.OUT, Way.BOTH), end=use.way in (Way.INTO, Way.BOTH))
            )
    for thing, top in zip(one.things, thing_tops, strict=True):
        parts.append(_box(things_at, top, thing_width, thing_height, "thing"))
        parts.append(_text(things_at + _PAD, top + _PAD + 14, thing.label, "name"))
        parts.append(_text(things_at + _PAD, top + _PAD + 14 + _LINE, f"{thing.kind}, line {thing.line}"))
    for number, actor in enumerate(one.actors):
        if actor.parent is not None:
            lane = left - 18 * (1 + parents.index(actor.parent))
            begin, end = tops[actor.parent] + 18, tops[number] + 14
            parts.append(_line(f"M{left:.0f} {begin:.0f} H{lane:.0f} V{end:.0f} H{left:.0f}", "starts", end=True))
    bottom = max([tops[-1], *(top + thing_height + _GAP for top in thing_tops)])
    right = things_at + thing_width if one.things else left + width
    return _whole(right + 20, bottom, f"{one.title}: processes and what they share", parts)


def story(one: Sequence) -> str:
    """A column for each process and thing, a row for each step; a cross ends what never returns."""
    step = max(_wide(*one.columns), *(_reach(turn) for turn in one.turns)) + _GAP
    middle = [20 + step / 2 + number * step for number in range(len(one.columns))]
    top, head = 16, _LINE + 2 * _PAD
    row = 44
    bottom = top + head + row * (len(one.turns) + 1)
    parts: list[str] = []
    for number, (x, name) in enumerate(zip(middle, one.columns, strict=True)):
        width = _wide(name)
        kind = "process" if number < one.processes else "thing"
        parts.append(_line(f"M{x:.0f} {top + head:.0f} V{bottom:.0f}", "life"))
        parts.append(_box(x - width / 2, top, width, head, kind))
        parts.append(_text(x, top + _PAD + 15, name, "name", "middle"))
    for number, turn in enumerate(one.turns, 1):
        y = top + head + row * number
        parts += _row(turn, middle[turn.source], middle[turn.target], y)
    return _whole(40 + step * len(one.columns), bottom + 12, one.title, parts)


def _behind(x: float, y: float, width: float) -> str:
    """What keeps lines away from a text that begins here."""
    return _box(x - 3, y - 14, width + 6, 18, "back")


def _reach(turn: Turn) -> float:
    """How far apart two columns must be for a turn's text to stand between them."""
    columns = abs(turn.source - turn.target)
    return (len(turn.text) * _LETTER + 2 * _PAD) / max(1, columns)


def _row(turn: Turn, source: float, target: float, y: float) -> list[str]:
    kind = "stuck" if turn.stuck else "turn"
    wide = len(turn.text) * _LETTER
    if source == target:
        told = _text(source + 8, y - 2, turn.text, kind)
        return [_behind(source + 8, y - 2, wide), told, f'<circle cx="{source:.0f}" cy="{y - 6:.0f}" r="4"/>']
    at = (source + target) / 2
    parts = [_behind(at - wide / 2, y - 8, wide), _text(at, y - 8, turn.text, kind, "middle")]
    if not turn.stuck:
        return [*parts, _line(f"M{source:.0f} {y:.0f} H{target:.0f}", "turn", end=True)]
    stop = target + (10 if target < source else -10)
    cross = f"M{stop - 5:.0f} {y - 5:.0f} l10 10 m0 -10 l-10 10"
    return [*parts, _line(f"M{source:.0f} {y:.0f} H{stop:.0f}", "stuck"), _line(cross, "stuck")]
