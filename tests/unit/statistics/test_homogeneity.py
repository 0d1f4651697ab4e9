"""The test of homogeneity keeps its promises: for few rows, rare cells, and rows that are alike."""

from __future__ import annotations

from itertools import product
from math import comb

import numpy as np
import pytest

from refrain.statistics.design_effect import INDEPENDENT, block_movements
from refrain.statistics.homogeneity import HomogeneityTest, compare_counts, pearson_statistic, stability_index


def counts(*rows: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([*rows, 0], dtype=np.int64)


def exact(window: tuple[int, ...], reference: tuple[int, ...]) -> float:
    """Every share-out of the pooled rows, weighted by how many ways there are to it."""
    pooled, rows = np.add(window, reference), sum(window)
    ways = total = 0
    observed = pearson_statistic(np.array([window]), pooled, rows)[0]
    for each in product(*(range(cell + 1) for cell in pooled)):
        if sum(each) == rows:
            number = int(np.prod([comb(int(cell), part) for cell, part in zip(pooled, each, strict=True)]))
            total += number
            ways += number if pearson_statistic(np.array([each]), pooled, rows)[0] >= observed - 1e-9 else 0
    return ways / total


@pytest.mark.parametrize("window", [(6, 2, 1), (1, 1, 7), (3, 3, 3), (9, 0, 0)])
def test_the_probability_is_that_of_all_share_outs_of_the_rows(window: tuple[int, ...]) -> None:
    reference = (10, 12, 8)

    found = compare_counts(counts(*window), counts(*reference), INDEPENDENT, 40_000, 0)

    assert found.p == pytest.approx(exact(window, reference), rel=0.12)


def test_the_same_counts_and_seed_give_the_same_answer() -> None:
    window, reference = counts(5, 9, 16), counts(300, 300, 400)
    assert compare_counts(window, reference, INDEPENDENT, 10_000, 3) == compare_counts(
        window, reference, INDEPENDENT, 10_000, 3
    )


def test_a_window_like_its_reference_has_no_effect_however_few_its_rows() -> None:
    random = np.random.default_rng(0)
    effects = [
        compare_counts(counts(*random.multinomial(30, [0.1] * 10)), counts(*[100] * 10), INDEPENDENT, 2000, seed).effect
        for seed in range(200)
    ]
    assert np.median(effects) < 0.05
    raw = [
        stability_index(random.multinomial(30, [0.1] * 10)[np.newaxis], np.array([[100] * 10]))[0] for _ in range(200)
    ]
    assert np.median(raw) > 0.2, "without the correction the customary index would call this a shift"


def test_a_value_never_seen_in_training_is_a_difference_once_it_is_no_accident() -> None:
    known = counts(500, 500, 0)
    assert compare_counts(counts(50, 49, 1), known, INDEPENDENT, 10_000, 0).p > 0.05
    found = compare_counts(counts(45, 45, 10), known, INDEPENDENT, 10_000, 0)
    assert found.p < 1e-3
    assert found.effect > 0.1


def test_missing_values_do_not_hide_a_shift_of_the_others() -> None:
    reference = np.array([500, 500, 4000])
    window = np.array([80, 20, 400])

    found = compare_counts(window, reference, INDEPENDENT, 10_000, 0)

    assert found.effect > 0.3


def test_nothing_to_compare_is_no_difference() -> None:
    assert compare_counts(counts(0, 0), counts(5, 5), INDEPENDENT, 1000, 0) == HomogeneityTest(1.0, 0.0)
    assert compare_counts(counts(9, 0), counts(5, 0), INDEPENDENT, 1000, 0) == HomogeneityTest(1.0, 0.0)


def test_rows_that_go_together_are_not_taken_for_independent_ones() -> None:
    # Given a feature that stays a while where it is, such as the town that is being visited
    random = np.random.default_rng(1)
    cells = np.repeat(random.integers(0, 5, 400), 50)
    window, reference = np.bincount(cells[:1000], minlength=6), np.bincount(cells, minlength=6)
    # When its stretches are compared with the whole, with and without the design effect of blocks
    _, nearest = min(block_movements(cells), key=lambda movement: abs(movement[0] - 1000))
    without = compare_counts(window, reference, INDEPENDENT, 10_000, 0)
    allowed = compare_counts(window, reference, nearest, 10_000, 0)
    # Then only the test without it raises an alarm
    assert nearest.ratio == pytest.approx(50, rel=0.4)
    assert without.p < 1e-6
    assert allowed.p > 0.01


def test_independent_rows_show_no_movement() -> None:
    random = np.random.default_rng(2)
    found = [block_movements(random.integers(0, 8, 3000)) for _ in range(50)]
    assert sum(bool(each) for each in found) <= 6
