"""One page that holds everything it needs: no script, nothing from the network, light or dark as the reader has it."""

from __future__ import annotations

import html
from collections.abc import Iterable

from ..finding import Finding
from .sequence import Sequence
from .sketch import Sketch
from .svg import flow, story

_STYLE = """\
:root { color-scheme: light dark; --page: #fff; --ink: #1c2330; --soft: #5a6575; --process: #e3edfb; --thing: #fdf1d7;
  --edge: #7d8ba0; --line: #3a6db5; --stuck: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --page: #14181f; --ink: #e6eaf0; --soft: #a3afbf; --process: #21334f;
  --thing: #43371c; --edge: #8593a8; --line: #86b4f5; --stuck: #ff8a80; } }
body { background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1100px;
  padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
figure { margin: 1rem 0; overflow-x: auto; }
svg text { fill: var(--ink); font: 13px/1 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
svg .name { font-weight: 700; } svg text.stuck { fill: var(--stuck); }
svg rect { stroke: var(--edge); } svg rect.back { fill: var(--page); stroke: none; }
.process { fill: var(--process); } .thing { fill: var(--thing); }
rect.thread { stroke-dasharray: 5 3; }
path { fill: none; stroke: var(--line); stroke-width: 1.5; } path.starts { stroke: var(--soft); stroke-width: 2; }
path.held, path.life { stroke: var(--edge); stroke-dasharray: 4 4; } path.stuck { stroke: var(--stuck); stroke-width: 2; }
marker path { fill: context-stroke; stroke: none; } circle { fill: var(--line); }
code { font-weight: 700; } .legend { color: var(--soft); }
"""

# A head for lines at both of their ends; one picture of its own, so that no picture defines it twice.
_HEAD = (
    '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs><marker id="head" viewBox="0 0 8 8" '
    'refX="7" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
    '<path d="M0 0 L8 4 L0 8 Z"/></marker></defs></svg>\n'
)
_LEGEND = (
    "Rounded boxes are processes (a dashed edge: threads), the others what they share. An arrow goes the way of the data; "
    "a dashed line is an object that is held and not seen used; brackets on the left tell who starts whom."
)


def page(name: str, sketches: Iterable[Sketch], findings: Iterable[tuple[int, Finding, Sequence | None]]) -> str:
    """The page of a file: its programs of several processes, then its findings by number, with what can be drawn of them."""
    title = html.escape(name)
    parts = [f"<h1>{title}</h1>\n"]
    shown = list(sketches)
    for one in shown:
        parts.append(f"<h2>{html.escape(one.title)}</h2>\n<figure>\n{flow(one)}</figure>\n")
    if shown:
        parts.append(f'<p class="legend">{_LEGEND}</p>\n')
    for number, finding, drawing in findings:
        head = f"{number}. <code>{finding.code}</code> line {finding.place.line}"
        parts.append(f"<h2>{head}</h2>\n<p>{html.escape(finding.message)}</p>\n")
        if drawing is not None:
            parts.append(f"<figure>\n{story(drawing)}</figure>\n")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n{_HEAD}{''.join(parts)}</body>\n</html>\n"
    )
