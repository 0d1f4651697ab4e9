"""Some cells of `make simulate` keep to their bounds, in as many runs as the test suite has time for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.simulation.registry import CELLS, PARTS

if TYPE_CHECKING:
    from benchmarks.simulation.cell import Cell


@pytest.mark.parametrize("cell", [cell for cell in CELLS.values() if cell.ci_runs], ids=lambda cell: cell.name)
def test_a_cell_keeps_to_its_bounds(cell: Cell) -> None:
    figures = cell.run(cell.ci_runs)

    assert [bound for bound in cell.bounds if bound.surely_broken(figures.means[bound.figure], cell.ci_runs)] == []


def test_every_cell_belongs_to_a_part() -> None:
    assert {cell.part for cell in CELLS.values()} == set(PARTS)
    assert all(key == f"{cell.part}/{cell.name}" for key, cell in CELLS.items())
