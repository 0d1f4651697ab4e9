"""Draws figures with the primitives of the reports; each drawing is a file for light and dark pages."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

from refrain.pages import html
from refrain.pages.html import Html, element
from refrain.pages.svg import Panel, Scale, dot, shorten_middle, svg, text, tick_labels, ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.result import Group, Line, Trace

WIDE = 860
HIGH = 34
LETTER = 7
COLOURS = {"ours": "s1", "floor": "champion", "peer": "s2"}
STYLE = Path(html.__file__).with_name("style.css")


def three_digits(value: float) -> str:
    """Write a figure with three digits.

    >>> three_digits(0.01234), three_digits(12.34), three_digits(123456.0)
    ('0.0123', '12.3', '123,456')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def draw_bars(group: Group) -> str:
    """Draw the medians of a group as bars on a logarithmic axis, since peers often take a hundred times the floor."""
    values = [f"{three_digits(row.median)} {group.unit}" for row in group.rows]
    left, right, bottom = 300, WIDE - 30 - LETTER * max(map(len, values)), 16 + HIGH * len(group.rows)
    least = 10 ** math.floor(math.log10(min(row.median for row in group.rows)))
    scale = Scale(math.log10(least), math.log10(max(row.median for row in group.rows)) + 0.05, left, right)
    parts = [
        element("line", x1=scale(power), y1=8, x2=scale(power), y2=bottom, class_="grid")
        for power in range(math.ceil(scale.low), math.floor(scale.high) + 1)
    ]
    for index, row in enumerate(group.rows):
        y = 12 + HIGH * index
        end = scale(math.log10(row.median))
        parts.append(text(left - 10, y + 15, shorten_middle(row.name, 44), "label", "end", row.name))
        bar = {"x": left, "y": y + 3, "width": max(end - left, 1), "height": 18, "rx": 2}
        parts.append(element("rect", **bar, class_=f"bar {COLOURS[row.kind]}"))
        parts.append(text(end + 8, y + 15, values[index], "value"))
    description = "; ".join(f"{row.name} {row.median:.3g} {group.unit}" for row in group.rows)
    return alone(svg("bars", (WIDE, bottom + 12), group.title, description, *parts))


def draw_lines(line: Line) -> str:
    """Draw medians over a growing quantity on logarithmic axes, or over time with marks for events."""
    panel, across, up = _axes(line)
    parts = [
        *_grid(panel, line),
        text(80, 20, line.y_title, "axis"),
        text((80 + WIDE - 200) / 2, 336, line.x_title, "axis", "middle"),
        *_marks(panel, line),
    ]
    xs = [across(x) for x in line.x]
    ends = _apart([panel.y(up(ys[-1])) for ys in line.lines.values()])
    for index, ((name, ys), end) in enumerate(zip(line.lines.items(), ends, strict=True)):
        heights = [up(y) for y in ys]
        colour = f"s{index % 6 + 1}"
        parts.append(panel.line(xs, heights, colour))
        if not line.course:
            parts += [dot(panel.x(x), panel.y(y), colour, 4) for x, y in zip(xs, heights, strict=True)]
        parts.append(text(panel.x(xs[-1]) + 10, end + 4, name, f"label {colour} named"))
    description = "; ".join(f"{name}: {', '.join(f'{y:.3g}' for y in ys)}" for name, ys in line.lines.items())
    return alone(svg("curves", (WIDE, 350), line.title, description, *parts))


type Axis = Callable[[float], float]


def _axes(line: Line) -> tuple[Panel, Axis, Axis]:
    every = [y for ys in line.lines.values() for y in ys if y > 0]
    across: Axis = float if line.course else math.log10
    up: Axis = float if line.plain else math.log10
    low, high = (0.0, max(every) * 1.08) if line.plain else (math.log10(min(every)) - 0.1, math.log10(max(every)) + 0.1)
    air = 0.0 if line.course else 0.02
    start = 0.0 if line.course else across(line.x[0])
    return (
        Panel(
            Scale(start - air, across(line.x[-1]) + air, 80, WIDE - 200),
            Scale(low, high, 300, 46 if line.marks else 30),
        ),
        across,
        up,
    )


def _grid(panel: Panel, line: Line) -> list[Html]:
    """Draw faint lines at round values, or at powers of ten and between them where these are few."""
    parts = []
    for value, label in _round(panel.x, line.course):
        parts += [panel.upright(value, "grid"), text(panel.x(value), panel.y.start + 17, label, "tick", "middle")]
    for value, label in _round(panel.y, line.plain):
        parts += [panel.level(value, "grid"), text(panel.x.start - 7, panel.y(value) + 4, label, "tick", "end")]
    return parts


def _round(scale: Scale, plain: bool) -> Iterator[tuple[float, str]]:
    if plain:
        values = ticks(scale.low, scale.high)
        yield from zip(values, tick_labels(values), strict=True)
        return
    steps = (1, 2, 5) if scale.high - scale.low < 2 else (1,)
    for power in range(math.floor(scale.low), math.ceil(scale.high) + 1):
        for step in steps:
            value = power + math.log10(step)
            if scale.low <= value <= scale.high:
                yield value, f"{step * 10.0**power:,g}"


def _marks(panel: Panel, line: Line) -> Iterator[Html]:
    for index, (at, name) in enumerate(line.marks):
        yield panel.upright(at, "ideal")
        yield text(panel.x(at) + 4, panel.y.end - 16 + 13 * (index % 2), name, "faint")


def _apart(heights: Sequence[float], min_distance: float = 15) -> list[float]:
    """Move labels down that would overlap.

    >>> _apart([100.0, 98.0, 40.0])
    [113.0, 98.0, 40.0]
    """
    moved = list(heights)
    before = -math.inf
    for index in sorted(range(len(moved)), key=lambda label: moved[label]):
        moved[index] = before = max(moved[index], before + min_distance)
    return moved


def draw_waterfall(trace: Trace) -> str:
    """Draw spans by start and duration, one row each; inner spans are below the outer one and indented."""
    row, top = 20, 14
    left, right, bottom = 300, WIDE - 90, top + 20 * len(trace.spans) + 4
    last = max(span.end for span in trace.spans)
    scale = Scale(0.0, last, left, right)
    parts = []
    values = ticks(0.0, last, 8)
    for value, label in zip(values, tick_labels(values), strict=True):
        parts.append(element("line", x1=scale(value), y1=top - 6, x2=scale(value), y2=bottom, class_="grid"))
        parts.append(text(scale(value), bottom + 16, label, "tick", "middle"))
    parts.append(text(right + 30, bottom + 16, trace.unit, "axis"))
    for index, span in enumerate(trace.spans):
        y = top + row * index
        colour = {"step": "s1", "import": "s2", "around": "champion", "garbage": "s5"}[span.kind]
        name = shorten_middle(span.name, 44 - 2 * span.depth)
        parts.append(text(8 + 12 * span.depth, y + 12, name, "label", "start", span.name))
        bar = {"x": scale(span.start), "y": y + 1, "width": max(scale(span.end) - scale(span.start), 1), "height": 14}
        parts.append(element("rect", **bar, class_=f"bar {colour}"))
        parts.append(text(scale(span.end) + 6, y + 12, three_digits(span.end - span.start), "value"))
    description = "; ".join(f"{span.name} {three_digits(span.end - span.start)} {trace.unit}" for span in trace.spans)
    return alone(svg("waterfall", (WIDE, bottom + 28), trace.title, description, *parts))


def alone(drawing: Html) -> str:
    """Add the report's style to a drawing, so that it can be a file of its own."""
    start, rest = drawing.split(">", 1)
    style = STYLE.read_text(encoding="utf-8").replace("&", "&amp;").replace("<", "&lt;")
    start = re.sub(r"^<svg", '<svg xmlns="http://www.w3.org/2000/svg"', start)
    return f"{start}><style>{style}</style>{rest}\n"
