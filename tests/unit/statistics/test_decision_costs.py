"""A threshold costs least of all thresholds, and the cheapest decision least of all decisions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refrain.lake.decision_rule import DecisionRule
from refrain.statistics.decision_costs import cheapest, cheapest_threshold, cost_matrix

COSTS = st.lists(st.floats(0, 100), min_size=4, max_size=4).map(lambda costs: np.reshape(costs, (2, 2)))
ROWS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0])), min_size=1)


def cost_of(threshold: float, truth: Any, chances: Any, costs: Any) -> float:
    return float(costs[truth, (chances >= threshold).astype(int)].sum())


@given(ROWS, COSTS)
def test_no_threshold_is_cheaper_on_the_rows(rows: list[tuple[int, float]], costs: Any) -> None:
    truth, chances = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])

    threshold = cheapest_threshold(truth, chances, costs)

    least = min(cost_of(tried, truth, chances, costs) for tried in (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0))
    assert 0 <= threshold <= 1
    assert cost_of(threshold, truth, chances, costs) <= least * (1 + 1e-6) + 1e-9


def test_a_dear_mistake_moves_the_threshold() -> None:
    draw = np.random.default_rng(0)
    chances = draw.uniform(0, 1, 20_000)
    truth = (draw.uniform(0, 1, 20_000) < chances).astype(int)

    for missed, expected in ((1, 0.5), (4, 0.2), (0.25, 0.8)):
        costs = cost_matrix(["no", "yes"], {"yes": {"no": missed}})
        assert cheapest_threshold(truth, chances, costs) == pytest.approx(expected, abs=0.05)


@given(st.integers(0, 1000))
def test_a_rule_of_several_classes_decides_what_is_expected_to_cost_least(seed: int) -> None:
    draw = np.random.default_rng(seed)
    chances, costs = draw.dirichlet(np.ones(3), 20), draw.uniform(0, 10, (3, 3))
    rule = DecisionRule(("a", "b", "c"), costs.tolist())

    decided = [rule.decide([repr(float(chance)) for chance in row]) for row in chances]

    assert decided == ["abc"[number] for number in cheapest(chances, costs)]
