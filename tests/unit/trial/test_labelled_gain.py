"""The gain on labelled rows: its figures, and simulations of how often its claims are wrong over many looks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from refrain.lake.expectation import Expectation
from refrain.statistics.metrics import METRICS
from refrain.trial.labelled_gain import MAX_PLANNED_UNITS, MIN_UNITS, LabelledGain, compare_labelled

ALPHA = 0.0125
EXPECTED = Expectation([], None, 0.0, 1.0, 0.1, 0.4, margin=0.05, deviation=0.5, step=1.0, block=1)


def compare(
    truth: Any, champion: Any, challenger: Any, metric: str = "mae", block: int = 1, **others: Any
) -> LabelledGain:
    ids = {"requests": np.arange(len(truth))} | others
    found = compare_labelled(METRICS[metric], truth, champion, challenger, replace(EXPECTED, block=block), **ids)
    assert found
    return found


def test_a_gain_is_positive_when_better_whichever_way_the_metric_goes() -> None:
    truth, probabilities = np.array([0, 1] * 50), np.array([[0.6, 0.4], [0.4, 0.6]] * 50)

    assert compare(truth, 1 - probabilities, probabilities, "accuracy").gain == 1
    assert compare(truth, 1 - probabilities, probabilities, "log_loss").gain == pytest.approx(np.log(1.5))


def test_its_error_is_that_of_a_paired_mean() -> None:
    random = np.random.default_rng(0)
    truth, champion, challenger = random.normal(size=(3, 4000))
    found = compare(truth, champion, challenger)

    gains = np.abs(truth - champion) - np.abs(truth - challenger)
    assert found.gain == pytest.approx(gains.mean())
    assert found.error == pytest.approx(gains.std() / np.sqrt(4000), rel=0.1)


def test_rows_that_say_the_same_count_as_one() -> None:
    random = np.random.default_rng(0)
    truth, champion, challenger = random.normal(size=(3, 400))
    order = random.permutation(np.tile(np.arange(400), 9))

    found = compare(truth[order], champion[order], challenger[order], entities=order)

    gains = np.abs(truth - champion) - np.abs(truth - challenger)
    assert found.error == pytest.approx(gains.std() / 20, rel=0.01)
    assert found.units == pytest.approx(400)


def test_requests_of_many_rows_are_no_obstacle_where_their_rows_are_not_alike() -> None:
    truth, champion, challenger = np.random.default_rng(1).normal(size=(3, 3000))

    found = compare(truth, champion, challenger, requests=np.arange(3000) // 1000)

    assert found.units >= 700


def test_rows_of_a_request_that_are_alike_count_together() -> None:
    random = np.random.default_rng(1)
    offsets = np.repeat(random.normal(size=100), 30)
    noise = random.normal(size=(2, 3000))

    found = compare(
        np.zeros(3000), np.abs(5 + offsets + noise[0]), np.abs(5 + noise[1]), requests=np.arange(3000) // 30
    )

    assert found.error > np.sqrt((1 + 2 / 30) / 100) * 0.8


def test_one_group_of_most_rows_is_no_evidence_however_alike_its_rows_are() -> None:
    truth = np.random.default_rng(0).normal(size=10_000)
    groups = np.maximum(np.arange(10_000), 9900)

    found = compare(truth, truth + 1, truth, entities=groups)

    assert found.units < 2
    assert not found.is_no_worse(ALPHA)


def test_rows_that_follow_each_other_in_time_are_joined_where_they_are_alike() -> None:
    random = np.random.default_rng(0)
    spells = np.repeat(random.normal(size=50), 100)
    noise = random.normal(size=(2, 5000)) / 10

    found = compare(np.zeros(5000), np.abs(spells + noise[0]), np.abs(noise[1]))

    assert found.units < 100


def test_gains_that_lasted_on_the_holdout_last_in_service_before_anything_shows_it() -> None:
    truth, champion, challenger = np.random.default_rng(0).normal(size=(3, 300))

    assert compare(truth, champion, challenger, block=50).units == 6


def test_a_gain_that_begins_once_is_no_block_without_an_end() -> None:
    truth, champion, challenger = np.random.default_rng(0).normal(size=(3, 2000))
    champion[500:] += 10

    gain = compare(truth, champion, challenger)

    assert gain.units > 500
    assert gain.is_no_worse(ALPHA)


def test_a_gain_that_comes_and_goes_leaves_a_tenth_of_the_rows_to_a_block() -> None:
    truth, challenger = np.random.default_rng(0).normal(size=(2, 8000))
    champion = truth + np.repeat(np.random.default_rng(1).normal(0, 5, 20), 400)

    assert compare(truth, champion, challenger).units == MIN_UNITS


@pytest.mark.parametrize("gain", [-0.5, 0.0, 0.5])
def test_where_the_champion_has_no_lead_nothing_is_tolerated(gain: float) -> None:
    random = np.random.default_rng(0)
    truth = random.normal(size=500)
    terms = replace(EXPECTED, margin=0.0)

    champion, challenger = truth + 1, truth + 1 - gain + random.normal(0, 0.1, 500)
    found = compare_labelled(METRICS["mae"], truth, champion, challenger, terms, np.arange(500))

    assert found and found.planned == MAX_PLANNED_UNITS
    assert (found.is_no_worse(ALPHA), found.is_harmful(ALPHA)) == (gain > 0, gain < 0)


def test_where_an_event_is_rare_its_events_are_counted() -> None:
    truth = (np.arange(1000) % 100 == 50).astype(np.int64)
    nobody = np.tile([0.99, 0.01], (1000, 1))

    found = compare(truth, nobody, nobody, "accuracy")

    assert (found.rare_units, found.gain) == (10, 0)
    assert not found.is_no_worse(ALPHA)


def test_two_models_that_have_not_differed_yet_may_differ_in_the_next_row() -> None:
    nobody = np.tile([0.6, 0.4], (100, 1))

    found = compare(np.array([0, 1] * 50), nobody, nobody, "accuracy")

    assert found.gain == 0
    assert found.error == pytest.approx(np.sqrt(2) / 100)


@pytest.mark.parametrize("gain", [-0.2, -0.02, 0.0, 0.3])
def test_the_rows_that_are_needed_would_decide(gain: float) -> None:
    def seen(rows: int) -> LabelledGain:
        return LabelledGain("MAE", rows, float(rows), None, gain, 2 / np.sqrt(rows), 0.05, 5000.0)

    first = seen(100)
    later = seen(int(1.25 * (100 + first.rows_needed(ALPHA))))

    assert not first.is_no_worse(ALPHA) and not first.is_harmful(ALPHA)
    assert later.is_no_worse(ALPHA) or later.is_harmful(ALPHA)


def test_no_number_of_rows_decides_exactly_at_the_margin() -> None:
    assert LabelledGain("MAE", 500, 500.0, None, -0.05, 0.01, 0.05, 500.0).rows_needed(ALPHA) == 499_500


@pytest.mark.parametrize("rate", [0.02, 0.2, 0.5])
def test_exactly_at_the_margin_hardly_any_trial_proves_good_or_harm_over_all_its_looks(rate: float) -> None:
    # A gain whose mean is minus the margin: of each row a small gain, of each event a greater loss.
    random = np.random.default_rng(8)
    trials, looks = 300, np.unique(np.geomspace(30, 6000, 40).astype(int))
    event = random.random((trials, 6000)) < rate
    gains = np.where(event, 1 - 1 / rate, 1.0) + random.normal(0, 0.5, event.shape)
    rows, events = looks, event.cumsum(axis=1)[:, looks - 1]
    means = gains.cumsum(axis=1)[:, looks - 1] / rows
    deviations = np.sqrt((gains**2).cumsum(axis=1)[:, looks - 1] / rows - means**2)
    proved = np.zeros((2, trials), dtype=bool)
    for trial in range(trials):
        for look, count in enumerate(rows.tolist()):
            mean, error = float(means[trial, look]) - 0.05, float(deviations[trial, look] / np.sqrt(count))
            rare = int(min(events[trial, look], count - events[trial, look]))
            seen = LabelledGain("MAE", count, float(count), rare, mean, error, 0.05, 2000.0)
            proved[:, trial] |= seen.is_no_worse(ALPHA), seen.is_harmful(ALPHA)

    assert proved.mean(axis=1).max() <= ALPHA + 3 * np.sqrt(ALPHA / trials)
