"""Writes the summary of each part into docs/learning.md: for each promise, its worst situation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from benchmarks.simulation.page import limit_in_words, number_in_words
from refrain.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from benchmarks.simulation.cell import Bound, CellFigures

BLOCK = re.compile(r"(<!-- simulated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
HEAD = "| share | must be | situations | worst, before | worst, now |\n|---|---:|---:|---:|---:|"
ALL = "The worst situation of each kind; [all of them](simulations.md)."


def write_summaries(figures: Sequence[CellFigures], page: Path) -> None:
    """Replace the block of each part of the page."""
    page.write_text(with_summaries(figures, page.read_text(encoding="utf-8")), encoding="utf-8")


def with_summaries(figures: Sequence[CellFigures], text: str) -> str:
    """Return a page with the block of each part replaced.

    >>> from benchmarks.simulation.cell import Bound, CellFigures
    >>> equal = CellFigures("gate", "equal", 2000, {"promoted": 0.05}, (Bound("promoted", at_most=0.06),))
    >>> page = "<!-- simulated: gate -->\\n<!-- end -->"
    >>> print(with_summaries([equal], page).splitlines()[4])
    | promoted | ≤ 6 % | 1 |  | 5 % |
    """

    def block(match: re.Match[str]) -> str:
        lines = list(_lines([cell for cell in figures if cell.part == match[2]]))
        return "\n".join([match[1], *([HEAD, *lines, "", ALL, ""] if lines else []), match[3]])

    return BLOCK.sub(block, text)


def _lines(cells: Sequence[CellFigures]) -> Iterator[str]:
    for bound in dict.fromkeys(bound for cell in cells for bound in cell.bounds):
        bounded = [cell for cell in cells if bound in cell.bounds]
        now = _worst(bound, [cell.means[bound.figure] for cell in bounded])
        before = _worst(bound, [cell.before[bound.figure] for cell in bounded if bound.figure in cell.before])
        yield f"| {bound.figure} | {limit_in_words(bound)} | {counted(len(bounded))} | {before} | {now} |"


def _worst(bound: Bound, means: Sequence[float]) -> str:
    if not means:
        return ""
    return number_in_words(min(means) if bound.at_least >= 0 else max(means))
