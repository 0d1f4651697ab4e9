from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from benchmarks.simulation.__main__ import read_figures
from benchmarks.simulation.cell import Bound, Cell, CellFigures
from benchmarks.simulation.drift import SHIFTS
from benchmarks.simulation.page import write_page

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.simulation.cell import Random


def coin(random: Random) -> Mapping[str, float]:
    return {"heads": random.random() < 0.5, "thrown": 100.0}


CELL = Cell("gate", "coin", coin, bounds=(Bound("heads", at_most=0.6),), before={"heads": 0.9})


def test_a_cell_shows_the_same_whenever_it_runs() -> None:
    figures = CELL.run(500)

    assert figures == CELL.run(500)
    assert figures.means["heads"] == pytest.approx(0.5, abs=0.1)
    assert figures.means["thrown"] == 100


@pytest.mark.parametrize("shift", SHIFTS)
def test_more_rows_never_find_less_of_a_shift(shift: str) -> None:
    cells = {key: result for key, result in read_figures().items() if key.startswith(f"drift/{shift}, ")}
    by_rows = sorted(cells.values(), key=lambda result: int(result.name.split()[-2].replace(",", "")))

    assert len(by_rows) >= 3
    for fewer, more in pairwise(by_rows):
        assert more.means["found"] >= fewer.interval("found")[0]


def test_figures_are_read_as_they_are_written() -> None:
    figures = CELL.run(8)

    assert CellFigures.of(figures.document()) == figures


@pytest.mark.parametrize(
    ("bound", "mean", "broken"),
    [
        (Bound("promoted", at_most=0.06), 0.06, False),
        (Bound("promoted", at_most=0.06), 0.09, False),  # within three standard errors at 400 runs
        (Bound("promoted", at_most=0.06), 0.11, True),
        (Bound("promoted", at_least=0.8), 0.75, False),
        (Bound("promoted", at_least=0.8), 0.7, True),
        (Bound("promoted", at_most=0.0), 0.0, False),
        (Bound("promoted", at_most=0.0), 0.01, True),
    ],
)
def test_few_runs_refute_a_bound_only_surely(bound: Bound, mean: float, broken: bool) -> None:
    assert bound.surely_broken(mean, 400) is broken


def test_the_page_has_each_cell_its_bound_and_the_figure_before(tmp_path: Path) -> None:
    write_page([CELL.run(8)], tmp_path / "simulations.md")

    assert "| coin | 8 | 50 % (≤ 60 %); before 90 % | 100 |" in (tmp_path / "simulations.md").read_text()
    assert (tmp_path / "simulations" / "gate.svg").read_text().startswith("<svg")
