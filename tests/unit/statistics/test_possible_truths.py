"""The errors that are possible for a row are those of judged rows alike, and never its own."""

from __future__ import annotations

import numpy as np
import pytest

from refrain.statistics.possible_truths import MAX_ERRORS, PossibleClasses, PossibleValues


def judged_values(rows: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """Draw features with the answer last, and the truth: errors grow with the first feature, which lies in 0 to 1."""
    random = np.random.default_rng(2)
    features = np.stack([random.random(rows), random.normal(size=rows), random.normal(10, 2, rows)], axis=1)
    return features.astype(np.float32), features[:, 2] + random.normal(size=rows) * (0.1 + features[:, 0])


def test_errors_are_as_large_as_on_rows_alike() -> None:
    judged, truth = judged_values()
    asked = np.repeat(judged[[judged[:, 0].argmin(), judged[:, 0].argmax()]], 300, axis=0)

    possible = PossibleValues(truth, judged, asked, relative=False)

    sizes = np.abs(possible.asked - asked[:, 2:]).reshape(2, -1).mean(axis=1)
    assert sizes == pytest.approx([0.1 * 0.8, 1.1 * 0.8], abs=0.25)


def test_no_row_is_judged_by_its_own_error() -> None:
    judged, truth = judged_values(60)
    truth[7] += 1000.0

    possible = PossibleValues(truth, judged, judged, relative=False)

    assert possible.judged.shape == (60, MAX_ERRORS)
    assert np.abs(possible.judged[7] - judged[7, 2]).max() < 100


def test_relative_errors_are_shares_of_the_answer() -> None:
    judged, _ = judged_values()
    asked = judged * np.array([1, 1, 100], np.float32)

    possible = PossibleValues(1.1 * judged[:, 2].astype(np.float64), judged, asked, relative=True)

    assert possible.asked == pytest.approx(np.repeat(1.1 * asked[:, 2:], MAX_ERRORS, axis=1), rel=1e-5)


@pytest.mark.parametrize("drawn", [0, 1, 3])
def test_how_often_a_row_was_drawn_is_how_likely_its_error_is(drawn: int) -> None:
    judged, truth = judged_values(100)
    possible = PossibleValues(truth, judged, judged[:5], relative=False)
    counts = np.ones(100)
    counts[42] = drawn

    before, after = possible.chances(np.ones(100))[0], possible.chances(counts)[0]

    changed = (before != after).any(axis=1)
    assert changed.any() == (drawn != 1)
    assert after.sum(axis=1) == pytest.approx(1)


def test_classes_are_as_likely_as_the_calibrated_answers_say() -> None:
    truth, answers = np.array([0, 1] * 100), np.tile([0.1, 0.9], (200, 1))

    judged, asked = PossibleClasses(truth, answers, answers[:3]).chances(np.ones(200))

    assert judged.shape == (200, 2) and asked.shape == (3, 2)
    assert asked == pytest.approx(0.5, abs=0.01)
