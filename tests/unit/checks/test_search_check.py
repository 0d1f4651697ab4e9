"""A search that ends at a bound, surely better than in the middle, is named with the bound to move."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing.model_rules import ParameterRange, Search
from refrain.checks.search_check import CheckedSearch, find_search_at_edge
from refrain.lake.search import SearchResult, SearchTrial
from refrain.statistics.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Callable

DEPTHS = ParameterRange(1, 100, whole=True)


def searched(metric: str, options: Any, values: list[Any], figure: Callable[[float], float]) -> CheckedSearch:
    """Every value has a figure, and five folds that differ more from each other than from trial to trial."""
    folds = np.array([-0.2, -0.1, 0.0, 0.1, 0.2])
    draw = np.random.default_rng(1)
    trials = [
        SearchTrial(number, {"depth": value}, (folds + figure(number) + draw.normal(0, 0.01, 5)).tolist())
        for number, value in enumerate(values)
    ]
    kind = METRICS[metric]
    best = (max if kind.greater_is_better else min)(trials, key=lambda trial: trial.mean)
    return CheckedSearch("tree", kind, Search({"depth": options}, 9), SearchResult(trials, 9, best.number))


@pytest.mark.parametrize(
    ("metric", "options", "values", "figure", "words"),
    [
        ("roc_auc", DEPTHS, [1, 3, 10, 30, 100], lambda n: n / 10, "depth 100, at the high end .* raise the bound"),
        ("log_loss", DEPTHS, [1, 3, 10, 30, 100], lambda n: n / 10, "depth 1, at the low end .* lower the bound"),
        ("rmse", (1, 2, 3), [1, 2, 3], lambda n: n / 10, "depth 1, at the low end .* lower the bound"),
        ("roc_auc", DEPTHS, [1, 3, 10, 30, 100], lambda n: -abs(n - 2), None),
        ("roc_auc", DEPTHS, [1, 3, 10, 30, 100], lambda _: 0.0, None),
        ("roc_auc", DEPTHS, [1, 100], lambda n: n / 10, None),
        ("roc_auc", ("gini", "entropy", "log_loss"), ["gini", "entropy", "log_loss"], lambda n: n / 10, None),
    ],
)
def test_the_bound_is_named_where_the_best_lies_at_it(
    metric: str, options: Any, values: list[Any], figure: Callable[[float], float], words: str | None
) -> None:
    findings = list(find_search_at_edge(searched(metric, options, values, figure)))

    assert len(findings) == (words is not None)
    for finding in findings:
        assert (finding.check, finding.code) == ("search_at_edge", "REF-404")
        assert re.search(words or "", finding.sentence)


def test_a_search_without_a_figure_has_no_edge() -> None:
    nothing = SearchResult([SearchTrial(0, {"depth": 1}, error="no")], 9)

    failed = CheckedSearch("tree", METRICS["rmse"], Search({"depth": DEPTHS}, 9), nothing)

    assert list(find_search_at_edge(failed)) == []
