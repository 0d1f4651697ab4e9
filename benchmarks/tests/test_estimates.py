"""The benchmark of estimates measures every estimator against what labels say, on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.estimates import HOLDOUT, OURS, PEER, Comparison, compare_estimates, group_comparisons
from benchmarks.simulation.estimates import draw_rows, split_table

if TYPE_CHECKING:
    from benchmarks.peer_program import Arrays
    from benchmarks.simulation.estimates import SplitTable


@pytest.fixture(scope="module", params=[False, True], ids=["classes", "values"])
def table(request: pytest.FixtureRequest) -> SplitTable:
    matrix, target = draw_rows(request.param, np.random.default_rng(0))
    return split_table(lambda _: (matrix[:1200], target[:1200]), np.random.default_rng(0))


def test_every_estimate_is_held_against_the_labels_of_the_same_rows(table: SplitTable) -> None:
    measured = {
        f"{metric.name}:{side}": table.measure(metric, getattr(table, side))
        for metric in table.metrics
        for side in ("asked", "others")
    }

    def ask(arrays: Arrays) -> dict[str, float]:
        assert set(arrays) == {"matrix", "truth", "answers", "judged", "asked", "others"}
        return measured

    comparisons = list(compare_estimates(table, ask))

    assert len(comparisons) == 4, "two metrics of two kinds of rows"
    for comparison in comparisons:
        assert comparison.errors[PEER] == 0, "it was given the truth"
        assert 0 < comparison.errors[OURS] < 0.2
        metric = next(metric for metric in table.metrics if metric.name == comparison.metric)
        truth = measured[f"{metric.name}:{comparison.side}"]
        unit = truth if metric.task == "regression" else 1
        assert comparison.errors[HOLDOUT] == abs(table.measure(metric, table.judged) - truth) / unit


def test_groups_have_mean_errors_and_the_share_of_intervals_that_hold() -> None:
    def compare(error: float, *, held: bool) -> Comparison:
        return Comparison("roc_auc", "asked", {HOLDOUT: 0.1, OURS: error, PEER: 0.03}, held)

    errors, held = group_comparisons([compare(0.01, held=True), compare(0.03, held=False)])

    assert errors.title == "Error of the estimate: ROC AUC, rows like the judged ones"
    assert {row.name: row.median for row in errors.rows} == pytest.approx({HOLDOUT: 0.1, OURS: 0.02, PEER: 0.03})
    assert (held.title, held.goal) == ("Labels within the 95 % interval: rows like the judged ones", "at least 90 %")
    assert [(row.name, row.median) for row in held.rows] == [("Refrain, ROC AUC", 50.0)]
