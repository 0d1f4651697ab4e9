"""Writes docs/simulations.md: a table for each part, and a drawing of its shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.drawing import alone
from benchmarks.simulation.registry import PARTS
from refrain.pages.html import Html, element
from refrain.pages.svg import Panel, Scale, dot, svg, text, whisker
from refrain.words import counted, share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from benchmarks.simulation.cell import Bound, CellFigures

INTRODUCTION = """# Simulations

Written by `make simulate`. Each line is one designed situation, simulated many times with the functions of the product.
In every run of it we know what is true, so we can count how often a decision is right. A figure in brackets is what
must hold. "Before" is what the code before the present one did with the same data.

In a drawing a filled dot is the present code with its 95 % interval, a hollow dot the code before, and a bar the bound.
"""
WIDE, NAMES, HIGH = 1040, 600, 20


def write_page(figures: Sequence[CellFigures], page: Path) -> None:
    """Write the page, and its drawings into the folder of its name."""
    folder = page.with_suffix("")
    folder.mkdir(exist_ok=True)
    lines = [INTRODUCTION]
    for part, question in PARTS.items():
        cells = [result for result in figures if result.part == part]
        if cells:
            (folder / f"{part}.svg").write_text(alone(_draw(question, cells)), encoding="utf-8")
            lines += [f"## {question}\n", f"![{question}]({folder.name}/{part}.svg)\n", *_table(cells), ""]
    page.write_text("\n".join(lines), encoding="utf-8")


def _table(cells: Sequence[CellFigures]) -> Iterator[str]:
    names = list(dict.fromkeys(name for result in cells for name in result.means))
    yield f"| situation | runs | {' | '.join(names)} |"
    yield f"|---|---:|{'---:|' * len(names)}"
    for result in cells:
        values = " | ".join(_cell(result, name) for name in names)
        yield f"| {result.name} | {counted(result.runs)} | {values} |"


def _cell(result: CellFigures, name: str) -> str:
    if name not in result.means:
        return ""
    bound = result.bound_of(name)
    limit = f" ({limit_in_words(bound)})" if bound else ""
    before = f"; before {number_in_words(result.before[name])}" if name in result.before else ""
    return f"{number_in_words(result.means[name])}{limit}{before}"


def number_in_words(value: float) -> str:
    """Write a share in percent, and any other mean as a whole number."""
    return share(value).replace("-", "−") if -1 <= value <= 1 else f"{value:,.0f}"


def limit_in_words(bound: Bound) -> str:
    """Write a bound with its side."""
    return f"≥ {number_in_words(bound.at_least)}" if bound.at_least >= 0 else f"≤ {number_in_words(bound.at_most)}"


def _draw(title: str, cells: Sequence[CellFigures]) -> Html:
    """Draw the first figure of each situation, where it is a share."""
    bottom = 10 + HIGH * len(cells)
    panel = Panel(Scale(0, 1, NAMES, WIDE - 60), Scale(0, 1, bottom, 4))
    parts = panel.grid_x("share of the runs", 10)
    for index, result in enumerate(cells):
        name = next(iter(result.means))
        y, mean = 18 + HIGH * index, result.means[name]
        parts.append(text(0, y + 4, f"{result.name}: {name}", "label"))
        if not 0 <= mean <= 1:
            continue
        low, high = result.interval(name)
        parts += [whisker(panel.x(low), y, panel.x(high), y, "s1"), dot(panel.x(mean), y, "s1", 4)]
        if name in result.before:
            parts.append(dot(panel.x(result.before[name]), y, "s2 hollow", 4))
        if bound := result.bound_of(name):
            x = panel.x(bound.at_least if bound.at_least >= 0 else bound.at_most)
            parts.append(element("line", x1=x, y1=y - 7, x2=x, y2=y + 7, class_="floor"))
    description = "; ".join(f"{result.name} {_cell(result, next(iter(result.means)))}" for result in cells)
    return svg("simulations", (WIDE, bottom + 40), title, description, *parts)
