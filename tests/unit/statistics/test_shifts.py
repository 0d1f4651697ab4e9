"""Shifts: in the units of people, whatever the distribution, and sure the more rows there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from refrain.statistics.bins import bin_numbers, number_cells
from refrain.statistics.shifts import Contrasts, Floors, Shift

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

FLOORS = Floors(0.1, 0.01)
NORMAL = np.random.default_rng(0).normal(size=40_000)


def shift_of(before: NDArray[np.float64], after: NDArray[np.float64]) -> Shift:
    edges, counts = bin_numbers(before[~np.isnan(before)])
    reference = np.array([*counts, np.isnan(before).sum()])
    window = np.bincount(number_cells(after, edges), minlength=len(reference))
    return Contrasts.of(reference, ordered=True).shift_of(window, FLOORS)


@pytest.mark.parametrize("scale", [np.exp, np.cbrt, lambda values: 1000 * values, lambda values: values**3])
@pytest.mark.parametrize(
    ("kind", "size", "move"),
    [
        ("mean", 0.25, lambda values: values + 0.25),
        ("mean", -0.5, lambda values: values - 0.5),
        ("spread", np.log(1.5) / 2, lambda values: values * np.sqrt(1.5)),
    ],
)
def test_a_shift_is_in_standard_deviations_of_the_ranks(
    scale: Callable[..., NDArray[np.float64]], kind: str, size: float, move: Callable[..., NDArray[np.float64]]
) -> None:
    shift = shift_of(scale(NORMAL), scale(move(NORMAL)))
    assert shift.kind == kind
    assert shift.size == pytest.approx(size, rel=0.1)
    assert shift.sure < abs(shift.size) / FLOORS.shift


def test_values_that_pile_up_are_a_shift_of_shape() -> None:
    piled = np.where(np.abs(NORMAL) < 0.3, 0.0, NORMAL)
    shift = shift_of(NORMAL, piled)
    assert (shift.kind, shift.cell) == ("shape", 5)
    assert abs(shift.size) == pytest.approx(0.118 / 0.399, rel=0.1)


def test_missing_values_are_points_and_hide_nothing_else() -> None:
    random = np.random.default_rng(1)
    gappy = np.where(random.random(len(NORMAL)) < 0.05, np.nan, NORMAL)
    shift = shift_of(NORMAL, gappy)
    assert shift.kind == "missing"
    assert shift.size == pytest.approx(0.05, abs=0.003)
    assert shift_of(gappy, np.where(np.isnan(gappy), np.nan, gappy + 3)).kind != "missing"


def test_two_values_have_shares() -> None:
    before, after = (np.repeat([0.0, 1.0], rows) for rows in ([7000, 3000], [6500, 3500]))
    shift = shift_of(before, after)
    assert shift.kind == "share"
    assert abs(shift.size) == pytest.approx(0.05)


@pytest.mark.parametrize("move", [0.0, 0.08, 0.25])
def test_what_is_sure_grows_with_the_rows_and_stays_below_the_truth(move: float) -> None:
    random = np.random.default_rng(2)
    sure = [
        np.mean([shift_of(NORMAL, random.normal(move, 1, rows)).sure for _ in range(20)])
        for rows in (100, 1000, 10_000)
    ]
    assert sure == sorted(sure) or move < FLOORS.shift
    assert max(sure) <= max(move / FLOORS.shift, 0.15)


@pytest.mark.parametrize("counts", [[0, 0], [0, 5], [9, 0], [3, 4], [5, 0, 5, 0], [0, 0, 7, 0], [0, 9, 0, 1, 0]])
@pytest.mark.parametrize("ordered", [True, False])
def test_any_counts_have_a_finite_shift(counts: list[int], ordered: bool) -> None:
    contrasts = Contrasts.of(np.array(counts), ordered=ordered)
    for window in (counts, counts[::-1], [0] * len(counts), [1] * len(counts)):
        shift = contrasts.shift_of(np.array(window), FLOORS)
        assert np.isfinite([shift.size, shift.sure]).all()
        assert contrasts.deviates(np.array([window]), np.array(window) + np.array(counts)).shape == (
            1,
            len(contrasts.kinds),
        )


def test_a_new_category_is_seen_beside_large_ones() -> None:
    contrasts = Contrasts.of(np.array([1500, 1250, 1000, 500, 500, 250, 0, 0]), ordered=False)
    shift = contrasts.shift_of(np.array([1470, 1225, 980, 490, 490, 245, 100, 0]), FLOORS)
    assert (shift.kind, shift.cell) == ("share", 6)
    assert shift.sure > 1
