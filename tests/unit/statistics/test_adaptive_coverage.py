"""The bound of errors follows the labels, the same one in whatever order they are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from refrain.conformal import error_bound, ranked_errors
from refrain.statistics.adaptive_coverage import MAX_LEARNED_ERRORS, MIN_PROVING_LABELS, adapt_bound

if TYPE_CHECKING:
    from refrain.arrays import Floats
    from refrain.statistics.adaptive_coverage import AdaptiveBound

RANDOM = np.random.default_rng(0)
CALIBRATION = ranked_errors(np.abs(RANDOM.normal(size=400)))
SECOND = np.timedelta64(1, "s")


def adapt(errors: Floats, delay: int = 0, miss: float = 0.1, calibration: list[float] = CALIBRATION) -> AdaptiveBound:
    """Predictions that come each second, with the labels that have come by the last one, so many seconds late."""
    errors = errors[: max(len(errors) - delay, 0)]
    asked = np.datetime64("2026-11-01", "us") + np.arange(len(errors)) * SECOND
    return adapt_bound(calibration, errors, asked, asked + delay * SECOND, miss)


def values(rows: int, scale: float = 1.0) -> Floats:
    return np.abs(np.random.default_rng(rows).normal(size=rows)) * scale


def test_without_labels_the_bound_is_that_of_the_calibration() -> None:
    assert adapt(values(0)).bound == error_bound(CALIBRATION, 0.1)


@pytest.mark.parametrize("rows", [7, 600, 3000])
def test_the_order_in_which_labels_are_listed_does_not_matter(rows: int) -> None:
    random = np.random.default_rng(rows)
    errors = values(rows, 1.3)
    asked = np.datetime64("2026-11-01", "us") + random.integers(0, rows, rows) * SECOND
    received = asked + random.integers(0, 500, rows) * SECOND
    order = random.permutation(rows)

    listed = adapt_bound(CALIBRATION, errors, asked, received, 0.1)
    shuffled = adapt_bound(CALIBRATION, errors[order], asked[order], received[order], 0.1)

    assert (listed.bound, listed.is_withdrawn) == (shuffled.bound, shuffled.is_withdrawn)


@pytest.mark.parametrize("delay", [0, 200])
def test_a_drift_of_the_errors_is_followed(delay: int) -> None:
    errors = values(6000) * np.linspace(1, 2, 6000)

    adaptive = adapt(errors, delay)

    assert not adaptive.is_withdrawn
    assert adaptive.bound == pytest.approx(1.645 * 2, rel=0.15)


@pytest.mark.parametrize("delay", [0, 300])
def test_an_abrupt_change_withdraws_the_bound_until_new_labels_fit_again(delay: int) -> None:
    stream = np.concatenate([values(1000), values(2000, 3.0)])

    def after(predictions: int) -> AdaptiveBound:
        return adapt(stream[: 1000 + predictions], delay)

    seen = next(predictions for predictions in range(0, 2000, 5) if after(predictions).is_withdrawn)
    assert delay < seen <= delay + 100
    assert after(seen + MIN_PROVING_LABELS - 10).is_withdrawn
    back = after(seen + delay + 2 * MIN_PROVING_LABELS)
    assert not back.is_withdrawn
    assert back.game == 1  # late labels of predictions before the alarm raise no other one
    assert back.bound == pytest.approx(1.645 * 3, rel=0.25)


def test_errors_that_shrink_narrow_the_bound_without_an_alarm() -> None:
    adaptive = adapt(values(2000, 0.2))

    assert not adaptive.is_withdrawn
    assert adaptive.bound == pytest.approx(1.645 * 0.2, rel=0.25)


def test_a_label_that_seems_older_than_its_prediction_counts_from_then_on() -> None:
    asked = np.datetime64("2026-11-01", "us") + np.arange(50) * SECOND

    early = adapt_bound(CALIBRATION, values(50), asked, asked - 100 * SECOND, 0.1)

    assert early.bound == adapt(values(50)).bound


def test_a_version_without_judged_rows_is_calibrated_by_its_first_labels() -> None:
    assert adapt(values(8), calibration=[]).bound is None
    assert adapt(values(9), calibration=[]).bound == values(9).max()


def test_only_the_latest_errors_are_learned_from() -> None:
    far = adapt(np.concatenate([values(500, 50.0), values(MAX_LEARNED_ERRORS + 1)]), calibration=[])

    assert far.bound is not None
    assert far.bound < 3
