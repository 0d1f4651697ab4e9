"""An estimate is near what labels will show, and its interval has room for all that chance does."""

from __future__ import annotations

import numpy as np
import pytest

from refrain.errors import MetricUndefined
from refrain.statistics.estimated_figure import EstimatedFigure, ResampledRows, estimate_figure
from refrain.statistics.metrics import choose_metric
from refrain.statistics.possible_truths import PossibleClasses, PossibleValues


def draw_classes(
    random: np.random.Generator, rows: int, classes: int = 2, sharp: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """Draw answers that are too sure of themselves, and the truth."""
    chances = random.dirichlet(np.full(classes, sharp), rows)
    truth = (chances.cumsum(axis=1) < random.random((rows, 1))).sum(axis=1)
    surer = chances**1.5
    return truth, surer / surer.sum(axis=1, keepdims=True)


def estimate(name: str, truth: np.ndarray, judged: np.ndarray, asked: np.ndarray, block: int = 1) -> EstimatedFigure:
    metric = choose_metric(name, [str(number) for number in range(judged.shape[1])], None, {})
    possible = PossibleClasses(truth, judged, asked)
    before, later = (ResampledRows(answers, np.arange(len(answers)) // block) for answers in (judged, asked))
    return estimate_figure(metric, truth, before, later, possible, 0.95)


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "accuracy", "f1", "brier", "balanced_accuracy"])
@pytest.mark.parametrize("classes", [2, 4])
def test_the_interval_holds_what_labels_show_and_the_change_is_seen(metric: str, classes: int) -> None:
    random = np.random.default_rng(3)
    truth, judged = draw_classes(random, 1500, classes)
    for sharp in (0.5, 1.5):
        later, asked = draw_classes(random, 1500, classes, sharp)

        figure = estimate(metric, truth, judged, asked)

        measured = choose_metric(metric, [str(number) for number in range(classes)], None, {}).value(later, asked)
        assert figure.interval.low < measured < figure.interval.high
        nothing_changed = figure.change_interval.low <= 0 <= figure.change_interval.high
        assert nothing_changed == (sharp == 0.5)


@pytest.mark.parametrize("metric", ["mae", "rmse", "r2", "mape", "pinball@0.9"])
def test_a_regression_is_estimated_by_its_errors_on_rows_alike(metric: str) -> None:
    random = np.random.default_rng(5)
    features = random.random((4500, 2)).astype(np.float32)
    answers = 20 + 5 * features[:, :1].astype(np.float64)
    truth = answers[:, 0] + random.normal(size=4500) * (0.2 + 3 * features[:, 1])
    judged, later = np.arange(1500), 1500 + np.argsort(-features[1500:, 1])[:1000]  # the rows with large errors
    chosen = choose_metric(metric, [], None, {})
    columns = np.concatenate([features, answers], axis=1, dtype=np.float32)
    possible = PossibleValues(truth[judged], columns[judged], columns[later], relative=metric == "mape")
    rows, asked = (ResampledRows(answers[side], np.arange(len(side))) for side in (judged, later))

    figure = estimate_figure(chosen, truth[judged], rows, asked, possible, 0.95)

    measured, before = (chosen.value(truth[side], answers[side]) for side in (later, judged))
    assert figure.interval.low < measured < figure.interval.high
    assert abs(figure.value - measured) < 0.3 * abs(before - measured)


def test_rows_that_belong_together_make_an_interval_wider() -> None:
    random = np.random.default_rng(6)
    truth, judged = draw_classes(random, 800)
    truth, judged = np.repeat(truth[:80], 10), np.repeat(judged[:80], 10, axis=0)

    alone, together = (estimate("accuracy", truth, judged, judged, block) for block in (1, 10))

    assert together.value == alone.value
    assert together.interval.high - together.value > 1.5 * (alone.interval.high - alone.value)


def test_without_a_figure_of_the_judged_rows_there_is_no_estimate() -> None:
    answers = np.tile([0.4, 0.6], (50, 1))
    with pytest.raises(MetricUndefined):
        estimate("roc_auc", np.zeros(50, np.int64), answers, answers)
