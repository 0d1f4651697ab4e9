"""Which features changed, and how much more frequent the inputs of each row are now."""

from __future__ import annotations

import numpy as np
import pytest

from refrain.statistics.moved_rows import MAX_LOG_RATIO, changed_features, measure_log_ratios, share_cells


def draw(seed: int, rows: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, 6))
    matrix[:, 4] = random.random(rows) < 0.3
    matrix[:, 5] = np.where(random.random(rows) < 0.2, np.nan, random.integers(2, 9, rows))
    return matrix.astype(np.float32)


def test_features_without_a_change_are_left_alone() -> None:
    counts = [len(changed_features(share_cells(draw(seed, 3000), draw(1000 + seed, 2000)))) for seed in range(60)]

    assert sum(counts) <= 1  # of 360


@pytest.mark.parametrize("value", [0.0, np.nan, -1e30, 1e30])
def test_a_feature_of_one_value_has_moved_in_every_row(value: float) -> None:
    before, now = draw(1, 3000), draw(2, 2000)
    now[:, 4] = value
    shared = share_cells(before, now)

    ratios = measure_log_ratios(shared, changed_features(shared), (np.arange(3000) % 2, np.arange(2000) % 2))

    assert ratios.features == (4,)
    assert (ratios.window == MAX_LOG_RATIO).all()


def test_ratios_are_those_of_the_densities() -> None:
    before, now = draw(3, 20_000), draw(4, 20_000)
    now[:, 0] += 0.5
    shared = share_cells(before, now)
    folds = np.arange(20_000) % 2

    ratios = measure_log_ratios(shared, [0], (folds, folds))

    truth = 0.5 * now[:, 0] - 0.125
    assert np.corrcoef(ratios.window[0], truth)[0, 1] > 0.97
    assert np.exp(ratios.reference[0]).mean() == pytest.approx(1, abs=0.05)


def test_sides_without_a_value_or_with_few_rows_do_not_stop_it() -> None:
    before, now = draw(5, 50), draw(6, 7)
    before[:, 0] = np.nan
    now[:, 1] = np.nan
    shared = share_cells(before, now)

    ratios = measure_log_ratios(shared, [0, 1], (np.arange(50) % 2, np.arange(7) % 2))

    assert np.isfinite(ratios.window).all()
    assert np.isfinite(ratios.reference).all()
