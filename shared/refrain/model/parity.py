"""Hold the answers of the exported graph against those of the trained pipeline: the proof that nothing was lost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from refrain.classes import likeliest
from refrain.lake.parity_figures import TOLERANCE, AnswerRounding, AnswerSpread, Parity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing.definition import Task
    from refrain.lake.target_scale import TargetScale

type Floats = NDArray[np.float64]


def parity(task: Task, expected: Floats, answered: Floats, spread: AnswerSpread | None = None) -> Parity:
    """Compare the pipeline's answers with the graph's, row by row.

    Two labels whose expected probabilities are equal within the tolerance are a tie, which rounding may break either
    way: such a row does not count as differing. A row whose answer is not a finite number does. Differences of values
    are measured in the spread of the expected values, or in the `spread` of the rows that prove them.

    >>> parity("classification", np.array([[0.2, 0.8], [0.6, 0.4]]), np.array([[0.2, 0.8], [0.4, 0.6]]))
    Parity(rows=2, max_difference=0.2, differing=1)
    """
    expected, answered = np.asarray(expected, dtype=np.float64), np.asarray(answered, dtype=np.float64)
    if task == "regression":
        expected, answered = expected.reshape(len(expected), 1), answered.reshape(len(expected), 1)
    if not len(expected):
        return Parity(0, 0.0, 0)
    scales = (spread or AnswerSpread.of(expected)).scales(expected) if task == "regression" else 1.0
    differences = (np.abs(expected - answered) / scales).max(axis=1)
    differing = differences > TOLERANCE
    if task == "classification":
        differing = expected.max(axis=1) - expected[np.arange(len(expected)), likeliest(answered)] > TOLERANCE
    no_number = ~np.isfinite(differences)
    greatest = float(differences[~no_number].max(initial=0.0))
    return Parity(len(expected), round(greatest, 12), int((differing | no_number).sum()))


def measure_rounding(scale: TargetScale, expected: Floats, answered: Floats) -> AnswerRounding:
    """Measure how far written numbers lie from scikit-learn's answers; a number that is none lies infinitely far."""
    differences = np.abs(expected - answered) / scale.spread.scales(expected)
    return AnswerRounding(float(np.nan_to_num(differences, nan=np.inf).max(initial=0.0)), scale.bound)


MIN_RELATIVE_SCALE = 0.01
"""A row's scores are measured by at least this share of the median row's."""

type RankedLists = Sequence[tuple[Sequence[str | int], Sequence[float]]]
"""Lists of items, best first, and their scores."""


def ranked_parity(expected: RankedLists, answered: RankedLists) -> Parity:
    """Compare lists of recommendations, row by row.

    Two items whose scores are equal within the tolerance (a share of the row's best score) are a tie, which rounding
    may break either way: they may change places, and the last one may give way to an item with the same score.
    Differences are shares of the row's best score. Where that is tiny, a hundredth of the median row's counts instead,
    since what is left of sums that cancel out is rounding.

    >>> ranked_parity([(["a", "b"], [2.0, 1.0])], [(["b", "a"], [2.0, 1.0])])
    Parity(rows=1, max_difference=0.5, differing=1)
    """
    if len(expected) != len(answered):
        raise ValueError(f"expected {len(expected)} lists, got {len(answered)}")
    scales = [_scale(scores) for _, scores in expected if scores]
    min_scale = MIN_RELATIVE_SCALE * float(np.median(scales)) if scales else 0.0
    differences = [_list_difference(*lists, min_scale) for lists in zip(expected, answered, strict=True)]
    finite = [difference for difference in differences if math.isfinite(difference)]
    differing = sum(not difference <= TOLERANCE for difference in differences)
    return Parity(len(expected), round(max(finite, default=0.0), 12), differing)


def _scale(scores: Sequence[float]) -> float:
    return max(abs(scores[0]), abs(scores[-1]))


def _list_difference(
    expected: tuple[Sequence[str | int], Sequence[float]],
    answered: tuple[Sequence[str | int], Sequence[float]],
    min_scale: float,
) -> float:
    """Return how far two lists lie apart: infinitely, where their lengths differ or a score is not finite."""
    (items, scores), (answered_items, answered_scores) = expected, answered
    if not len(items) == len(scores) == len(answered_items) == len(answered_scores):
        return math.inf
    if not all(map(math.isfinite, answered_scores)):
        return math.inf
    if not items:
        return 0.0
    expected_scores = dict(zip(items, scores, strict=True))
    by_rank = [abs(a - b) for a, b in zip(scores, answered_scores, strict=True)]
    # An item that was not expected can only be tied with the last one.
    by_item = [
        abs(expected_scores.get(item, scores[-1]) - score)
        for item, score in zip(answered_items, answered_scores, strict=True)
    ]
    return float(max(*by_rank, *by_item) / (max(_scale(scores), min_scale) or 1.0))
