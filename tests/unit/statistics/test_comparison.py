"""What a comparison says of models, and that it says nothing where the rows cannot tell."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from refrain.statistics.comparison import CHAMPION, MIN_RARE_EVENTS, ComparedRows, ComparisonRules, compare_models
from refrain.statistics.metrics import METRICS

type Floats = NDArray[np.float64]

RULES = ComparisonRules()
NARROW = ComparisonRules(margin=0.01)


def labels(rows: int, rate: float = 0.5) -> NDArray[np.int64]:
    return np.asarray(np.arange(rows) % round(1 / rate) == 0, dtype=np.int64)


def answers_to(truth: NDArray[np.int64], noise: float, seed: int = 0) -> Floats:
    signal = 2.0 * truth - 1 + noise * np.random.default_rng(seed).normal(size=len(truth))
    event = 1 / (1 + np.exp(-signal))
    return np.column_stack([1 - event, event])


def test_a_better_model_is_surely_better_and_the_other_way_round_surely_worse() -> None:
    truth = labels(1000)
    good, bad = answers_to(truth, 0.5), answers_to(truth, 3.0, seed=1)

    better = compare_models(METRICS["roc_auc"], ComparedRows(truth), bad, {"a": good}, RULES).candidates["a"]
    worse = compare_models(METRICS["roc_auc"], ComparedRows(truth), good, {"a": bad}, RULES).candidates["a"]

    assert (better.answer, worse.answer) == ("better", "worse")
    assert better.gain == pytest.approx(-(worse.gain or 0))
    assert better.gain_interval is not None and better.gain_interval.low > 0
    assert better.rows_needed is worse.rows_needed is None


def test_what_the_rows_cannot_tell_is_undecided_with_the_rows_that_it_takes() -> None:
    truth = labels(30)
    champion, challenger = answers_to(truth, 2.0), answers_to(truth, 2.0, seed=1)
    rows = ComparedRows(truth)
    compared = compare_models(METRICS["roc_auc"], rows, champion, {"a": challenger}, NARROW).candidates["a"]

    assert compared.answer == "undecided"
    assert compared.rows_needed is not None and compared.rows_needed > 0
    assert compared.seen_gain is not None and compared.seen_gain > abs(compared.gain or 0)


def test_the_rows_that_it_takes_are_enough_more_often_than_not() -> None:
    truth = labels(200)
    champion, challenger = (answers_to(truth, noise, seed) for noise, seed in ((2.0, 1), (1.7, 2)))
    compared = compare_models(METRICS["log_loss"], ComparedRows(truth), champion, {"a": challenger}, NARROW)
    needed = compared.candidates["a"].rows_needed
    assert compared.candidates["a"].answer == "undecided"
    assert needed is not None

    times = -(-(200 + needed) // 200) + 1
    rows = np.tile(np.arange(200), times)
    more = compare_models(
        METRICS["log_loss"], ComparedRows(truth[rows]), champion[rows], {"a": challenger[rows]}, RULES
    )

    assert more.candidates["a"].answer != "undecided"


def test_the_same_answers_are_no_worse_and_gain_nothing() -> None:
    truth = labels(2000)
    answers = answers_to(truth, 1.0)

    same = compare_models(METRICS["log_loss"], ComparedRows(truth), answers, {"same": answers}, RULES)

    assert (same.candidates["same"].gain, same.candidates["same"].answer) == (0.0, "no_worse")


@pytest.mark.parametrize("metric", ["log_loss", "accuracy", "f1", "roc_auc"])
@pytest.mark.parametrize("events", [1, 4, 8, 16])
def test_without_events_nothing_is_said(metric: str, events: int) -> None:
    """A challenger that answers "no" to everybody looks better wherever hardly an event was seen."""
    truth = (np.arange(400) < events).astype(np.int64)
    champion, challenger = (np.tile([1 - event, event], (400, 1)) for event in (0.05, 0.0001))

    compared = compare_models(METRICS[metric], ComparedRows(truth), champion, {"no": challenger}, RULES).candidates

    assert compared["no"].answer == "undecided"
    assert compared["no"].rows_needed == pytest.approx(400 * (MIN_RARE_EVENTS / events - 1), rel=0.15, abs=60)


@pytest.mark.parametrize(
    ("events", "rows", "enough"), [(20, 1000, True), (15, 1000, False), (9, 45, True), (5, 10, True)]
)
def test_the_rarer_events_are_the_more_it_takes(events: int, rows: int, enough: bool) -> None:
    truth = (np.arange(rows) < events).astype(np.int64)
    bad: Floats = np.column_stack([truth, 1 - truth]) * np.float64(0.8) + 0.1

    compared = compare_models(METRICS["log_loss"], ComparedRows(truth), bad, {"a": 1 - bad}, RULES).candidates["a"]

    assert (compared.answer == "better") is enough


@pytest.mark.parametrize("grouped", [True, False])
def test_rows_that_repeat_prove_no_more_than_one_of_them(grouped: bool) -> None:
    once = labels(40)
    champion, challenger = answers_to(once, 2.0, 3), answers_to(once, 1.0, 4)
    repeated = np.repeat(np.arange(40), 100)
    rows = ComparedRows(once[repeated], repeated if grouped else None)

    compared = compare_models(METRICS["log_loss"], rows, champion[repeated], {"a": challenger[repeated]}, RULES)

    assert compared.units == (40 if grouped else 4000)
    assert (compared.candidates["a"].answer == "better") is not grouped


def test_rows_in_order_of_time_count_as_blocks() -> None:
    errors = 3 + np.repeat(np.random.default_rng(5).normal(size=30), 100)
    champion, times = np.full(3000, 3.0), np.arange(3000)

    compared = compare_models(METRICS["mae"], ComparedRows(np.zeros(3000), times=times), champion, {"a": errors}, RULES)

    assert compared.units < 30


def test_a_gain_has_to_exceed_the_least_gain_surely() -> None:
    truth = labels(1000)
    rows, champion, good = ComparedRows(truth), answers_to(truth, 3.0, seed=1), answers_to(truth, 0.5)
    gain = compare_models(METRICS["roc_auc"], rows, champion, {"a": good}, RULES).candidates["a"].gain or 0

    answers = [
        compare_models(METRICS["roc_auc"], rows, champion, {"a": good}, ComparisonRules(least_gain=least)).candidates[
            "a"
        ]
        for least in (gain / 2, gain, 2 * gain)
    ]

    assert [figures.answer for figures in answers] == ["better", "no_worse", "no_worse"]


def test_one_model_without_a_figure_does_not_stop_the_others() -> None:
    truth = labels(200)
    good, broken = answers_to(truth, 0.5), np.full((200, 2), np.nan)

    compared = compare_models(
        METRICS["roc_auc"], ComparedRows(truth), answers_to(truth, 3.0), {"good": good, "broken": broken}, RULES
    )

    assert "400" in compared.undefined["broken"]
    assert compared.candidates["good"].answer == "better"
    assert compared.champion is not None and compared.champion.gain is None


def test_without_a_champion_gains_are_against_the_trivial_predictor_where_that_is_known() -> None:
    truth = labels(200)
    good, trivial = {"a": answers_to(truth, 0.5)}, np.full((200, 2), 0.5)

    beside_it = compare_models(METRICS["roc_auc"], ComparedRows(truth, trivial=trivial), None, good, RULES)
    alone = compare_models(METRICS["roc_auc"], ComparedRows(truth), None, good, RULES)

    assert (beside_it.trivial, beside_it.candidates["a"].answer, beside_it.champion) == (0.5, "better", None)
    assert (alone.trivial, alone.candidates["a"].answer, alone.candidates["a"].gain) == (None, None, None)


def test_rows_of_one_class_leave_every_model_without_a_figure() -> None:
    truth, answers = np.ones(10, dtype=np.int64), np.tile([0.4, 0.6], (10, 1))

    compared = compare_models(METRICS["roc_auc"], ComparedRows(truth), answers, {"one": answers}, RULES)

    assert (compared.champion, compared.candidates) == (None, {})
    assert set(compared.undefined) == {CHAMPION, "one"}
    assert "one class only" in compared.undefined["one"]


def test_the_margin_is_of_the_lead_over_the_trivial_predictor_where_that_is_smaller() -> None:
    truth = labels(1000, rate=0.1)
    champion, trivial = answers_to(truth, 3.0), np.tile([0.9, 0.1], (1000, 1))

    with_trivial, without = (
        compare_models(METRICS["brier" if "brier" in METRICS else "accuracy"], rows, champion, {"a": champion}, RULES)
        for rows in (ComparedRows(truth, trivial=trivial), ComparedRows(truth))
    )

    assert with_trivial.margin is not None and without.margin is not None
    assert with_trivial.margin < without.margin
