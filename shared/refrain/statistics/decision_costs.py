"""Decisions by what they cost: the cheapest by probabilities, and the threshold that was cheapest on rows.

Elkan, The foundations of cost-sensitive learning, 2001.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from refrain.arrays import Floats, Truth

    type Costs = Mapping[str, Mapping[str, float]]


def cost_matrix(classes: Sequence[str], costs: Costs) -> Floats:
    """Return costs [true class, decided class]: what they leave out costs 1 where the decision is wrong.

    >>> cost_matrix(["fraud", "ok"], {"fraud": {"ok": 100}}).tolist()
    [[0.0, 100.0], [1.0, 0.0]]
    """
    numbers = {label: number for number, label in enumerate(classes)}
    matrix: Floats = 1 - np.eye(len(classes))
    for truth, amounts in costs.items():
        for decided, amount in amounts.items():
            if truth in numbers and decided in numbers:
                matrix[numbers[truth], numbers[decided]] = amount
    return matrix


def cheapest(probabilities: Floats, costs: Floats) -> NDArray[np.int64]:
    """Return the decision of each row that is expected to cost least, the first among equals.

    What a true class costs at most is taken off, so that equal costs give the likeliest class whatever rounding does.
    """
    return np.argmin(probabilities @ (costs - costs.max(axis=1, keepdims=True)), axis=1)


def cheapest_threshold(truth: Truth, chances: Floats, costs: Floats) -> float:
    """Return the chance of the second of two classes from which deciding for it cost least on these rows.

    It lies half way between two rows. Among equals it is the nearest to the threshold that suits true probabilities.

    >>> cheapest_threshold(np.array([0, 1, 1]), np.array([0.1, 0.3, 0.9]), cost_matrix("ab", {}))
    0.2
    """
    order = np.argsort(chances, kind="stable")
    classes, ranked = truth[order].astype(np.int64), chances[order]
    below = np.concatenate([[0.0], np.cumsum(costs[classes, 0])])
    above = np.concatenate([np.cumsum(costs[classes, 1][::-1])[::-1], [0.0]])
    ends = np.concatenate([[0.0], ranked, [1.0]])
    thresholds = (ends[:-1] + ends[1:]) / 2
    thresholds[0] = 0.0
    total = np.where(np.concatenate([[True], ranked[1:] > ranked[:-1], [True]]), below + above, np.inf)
    if ranked[-1] >= 1.0:
        total[-1] = np.inf  # no threshold lies above all rows
    too_eager, too_shy = costs[0, 1] - costs[0, 0], costs[1, 0] - costs[1, 1]
    ideal = too_eager / (too_eager + too_shy) if too_eager > 0 and too_shy > 0 else 0.5
    least = np.flatnonzero(total <= total.min() * (1 + 1e-9))
    return float(thresholds[least[np.argmin(np.abs(thresholds[least] - ideal))]])
