"""Drawings of figures, by the report's own primitives; each is a file that shows itself, in light and dark."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

from refrain.report import plots
from refrain.report.markup import Html, element
from refrain.report.plots import Panel, Scale, dot, shortened, svg, text

if TYPE_CHECKING:
    from tests.bench.result import Group, Line

WIDE = 860
HIGH = 34
LETTER = 7
COLOURS = {"ours": "s1", "floor": "champion", "peer": "s2"}
STYLE = Path(plots.__file__).with_name("style.css")


def figure(value: float) -> str:
    """Write a figure with three digits.

    >>> figure(0.01234), figure(12.34), figure(123456.0)
    ('0.0123', '12.3', '123,456')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def bars(group: Group) -> str:
    """Draw the medians of a group as bars on a logarithmic axis, since peers are often a hundred times the floor."""
    values = [f"{figure(row.median)} {group.unit}" for row in group.rows]
    left, right, bottom = 300, WIDE - 30 - LETTER * max(map(len, values)), 16 + HIGH * len(group.rows)
    least = 10 ** math.floor(math.log10(min(row.median for row in group.rows)))
    scale = Scale(math.log10(least), math.log10(max(row.median for row in group.rows)) + 0.05, left, right)
    parts = [
        element("line", x1=scale(power), y1=8, x2=scale(power), y2=bottom, class_="grid")
        for power in range(math.ceil(scale.low), math.floor(scale.high) + 1)
    ]
    for place, row in enumerate(group.rows):
        y = 12 + HIGH * place
        end = scale(math.log10(row.median))
        parts.append(text(left - 10, y + 15, shortened(row.name, 44), "label", "end", row.name))
        bar = {"x": left, "y": y + 3, "width": max(end - left, 1), "height": 18, "rx": 2}
        parts.append(element("rect", **bar, class_=f"bar {COLOURS[row.kind]}"))
        parts.append(text(end + 8, y + 15, values[place], "value"))
    described = "; ".join(f"{row.name} {row.median:.3g} {group.unit}" for row in group.rows)
    return _alone(svg("bars", (WIDE, bottom + 12), group.title, described, *parts))


def curves(line: Line) -> str:
    """Draw medians over what grows, both axes logarithmic."""
    every = [y for ys in line.lines.values() for y in ys if y > 0]
    panel = Panel(
        Scale(math.log10(line.x[0]) - 0.02, math.log10(line.x[-1]) + 0.02, 80, WIDE - 200),
        Scale(math.log10(min(every)) - 0.1, math.log10(max(every)) + 0.1, 300, 30),
    )
    parts = [
        *_powers(panel),
        text(80, 20, line.y_title, "axis"),
        text((80 + WIDE - 200) / 2, 336, line.x_title, "axis", "middle"),
    ]
    for place, (name, ys) in enumerate(line.lines.items()):
        xs = [math.log10(x) for x in line.x]
        logs = [math.log10(y) for y in ys]
        colour = f"s{place % 6 + 1}"
        parts.append(panel.line(xs, logs, colour))
        parts += [dot(panel.x(x), panel.y(y), colour, 4) for x, y in zip(xs, logs, strict=True)]
        parts.append(text(panel.x(xs[-1]) + 10, panel.y(logs[-1]) + 4, name, "label"))
    described = "; ".join(f"{name}: {', '.join(f'{y:.3g}' for y in ys)}" for name, ys in line.lines.items())
    return _alone(svg("curves", (WIDE, 350), line.title, described, *parts))


def _powers(panel: Panel) -> list[Html]:
    parts = []
    for power in range(math.ceil(panel.x.low), math.floor(panel.x.high) + 1):
        parts += [
            panel.upright(power, "grid"),
            text(panel.x(power), panel.y.start + 17, f"{10**power:,g}", "tick", "middle"),
        ]
    for power in range(math.ceil(panel.y.low), math.floor(panel.y.high) + 1):
        parts += [
            panel.level(power, "grid"),
            text(panel.x.start - 7, panel.y(power) + 4, f"{10.0**power:,g}", "tick", "end"),
        ]
    return parts


def _alone(drawing: Html) -> str:
    """Give a drawing the report's style, so that it can stand in a file of its own."""
    start, rest = drawing.split(">", 1)
    style = STYLE.read_text(encoding="utf-8").replace("&", "&amp;").replace("<", "&lt;")
    start = re.sub(r"^<svg", '<svg xmlns="http://www.w3.org/2000/svg"', start)
    return f"{start}><style>{style}</style>{rest}\n"
