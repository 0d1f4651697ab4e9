"""The bootstrap is deterministic, bounded, honest about chance, and knows that rows may belong together."""

import numpy as np
import pytest
from numpy.typing import NDArray

from refrain.errors import MetricUndefined
from refrain.statistics import intervals
from refrain.statistics.comparison import CHAMPION, compare_models
from refrain.statistics.intervals import adjust_confidence, percentile_interval, resample, share_no_worse
from refrain.statistics.metrics import METRICS

type Floats = NDArray[np.float64]


def _answers(truth: NDArray[np.int64], noise: float, random: np.random.Generator) -> Floats:
    positive = 1 / (1 + np.exp(-(2.0 * truth - 1 + noise * random.normal(size=len(truth)))))
    return np.column_stack([1 - positive, positive])


def test_the_same_seed_gives_the_same_figures_however_the_work_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given answers and a metric
    random = np.random.default_rng(0)
    truth = random.integers(0, 2, 50)
    scores = {"model": METRICS["roc_auc"].score(truth, _answers(truth, 1.0, random))}
    whole = resample(scores, 50, resamples=40, seed=3)["model"]
    # When only a few weights may be held at once
    monkeypatch.setattr(intervals, "MAX_HELD_WEIGHTS", 170)
    cut = resample(scores, 50, resamples=40, seed=3)["model"]
    # Then nothing changes; another seed does change it
    assert np.array_equal(whole, cut)
    assert not np.array_equal(whole, resample(scores, 50, resamples=40, seed=4)["model"])


def test_the_interval_of_a_mean_is_as_wide_as_theory_says() -> None:
    random = np.random.default_rng(1)
    truth, answers = np.zeros(2000), np.abs(random.normal(size=2000))
    figures = resample({"model": METRICS["mae"].score(truth, answers)}, 2000, resamples=2000)["model"]
    found = percentile_interval(figures, 0.95)
    expected = 2 * 1.96 * answers.std() / np.sqrt(2000)
    assert found.high - found.low == pytest.approx(expected, rel=0.08)
    assert found.low < answers.mean() < found.high


def test_rows_that_belong_together_are_drawn_together_and_say_less() -> None:
    # Given 40 customers with 25 rows each, all rows of a customer alike
    random = np.random.default_rng(2)
    groups = np.repeat([f"customer {each}" for each in range(40)], 25)
    errors = np.repeat(np.abs(random.normal(size=40)), 25)
    score = {"model": METRICS["mae"].score(np.zeros(1000), errors)}
    # When resampled by row and by customer
    by_row = percentile_interval(resample(score, 1000, resamples=400)["model"], 0.95)
    by_group = percentile_interval(resample(score, 1000, resamples=400, groups=groups)["model"], 0.95)
    # Then the second interval is about five times as wide (the root of 25)
    assert (by_group.high - by_group.low) / (by_row.high - by_row.low) == pytest.approx(5, rel=0.25)


def test_undefined_resamples_are_left_out() -> None:
    assert percentile_interval(np.array([np.nan, 1.0, 1.0]), 0.9) == (1.0, 1.0)
    assert share_no_worse(np.array([np.nan, 1.0, -1.0])) == 0.5
    assert share_no_worse(np.array([np.nan])) == 0.0
    with pytest.raises(MetricUndefined):
        percentile_interval(np.array([np.nan]), 0.9)


def test_many_candidates_share_the_risk() -> None:
    assert adjust_confidence(0.95, 5) == 0.99
    assert adjust_confidence(0.95, 0) == 0.95


@pytest.mark.parametrize("candidates", [1, 3])
def test_candidates_that_are_no_better_are_seldom_promoted(candidates: int) -> None:
    # Given champion and candidates that differ by independent noise only
    promoted, runs, confidence = 0, 300, 0.9
    needed = adjust_confidence(confidence, candidates)
    for seed in range(runs):
        random = np.random.default_rng(seed)
        truth = random.integers(0, 2, 150)
        tried = {str(each): _answers(truth, 1.5, random) for each in range(candidates)}
        # When they are compared
        found = compare_models(
            METRICS["roc_auc"],
            truth,
            _answers(truth, 1.5, random),
            tried,
            confidence=confidence,
            resamples=200,
            seed=seed,
        )
        best = max(found.candidates.values(), key=lambda each: each.value)
        promoted += (best.gain or 0) > 0 and (best.no_worse or 0) >= needed
    # Then a promotion is as rare as the gate promises (three standard errors allowed)
    risk = 1 - confidence
    assert promoted / runs <= risk + 3 * np.sqrt(risk * (1 - risk) / runs)
    assert promoted > 0


def test_one_model_without_a_figure_does_not_stop_the_others() -> None:
    # Given a candidate that answers no numbers
    random = np.random.default_rng(3)
    truth = random.integers(0, 2, 200)
    good, broken = _answers(truth, 0.5, random), np.full((200, 2), np.nan)
    # When compared
    found = compare_models(
        METRICS["roc_auc"],
        truth,
        _answers(truth, 3.0, random),
        {"good": good, "broken": broken},
        confidence=0.95,
        resamples=200,
    )
    # Then it has a reason, and the other has figures against the champion
    assert "200" in found.undefined["broken"] or "400" in found.undefined["broken"]
    better = found.candidates["good"]
    assert better.gain is not None and better.gain > 0
    assert better.gain_interval is not None and better.gain_interval.low > 0
    assert better.no_worse == 1.0
    assert found.champion is not None and found.champion.gain is None


def test_without_a_champion_there_are_figures_but_no_gains() -> None:
    truth = np.array([0, 1] * 20)
    found = compare_models(
        METRICS["accuracy"],
        truth,
        None,
        {"one": _answers(truth, 1.0, np.random.default_rng(0))},
        confidence=0.9,
        resamples=50,
    )
    assert found.champion is None
    assert found.candidates["one"].gain is None


def test_rows_of_one_class_leave_every_model_without_a_figure() -> None:
    truth, answers = np.ones(10, dtype=np.int64), np.tile([0.4, 0.6], (10, 1))
    found = compare_models(METRICS["roc_auc"], truth, answers, {"one": answers}, confidence=0.95)
    assert found.champion is None
    assert found.candidates == {}
    assert set(found.undefined) == {CHAMPION, "one"}
    assert "one class only" in found.undefined["one"]


def test_an_equal_challenger_gains_nothing_and_is_surely_no_worse() -> None:
    truth = np.array([0, 1] * 20)
    answers = _answers(truth, 1.0, np.random.default_rng(0))
    found = compare_models(METRICS["log_loss"], truth, answers, {"same": answers}, confidence=0.95, resamples=50)
    assert found.candidates["same"].gain == 0.0
    assert found.candidates["same"].no_worse == 1.0
