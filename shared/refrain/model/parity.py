"""Does the exported graph answer what the trained pipeline answered? The proof against silent mis-conversion."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain.classes import likeliest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing.definition import Task

type Floats = NDArray[np.float64]

# Of a probability, or of the spread of a regression's answers. Right conversions differ by about 1e-6 (both sides
# compute in float32), wrong ones by far more.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Parity:
    """How far the answers of two implementations of one model lie apart, on `rows` rows.

    `differing` counts rows that get another label (regression: another value than the tolerance allows).
    """

    rows: int
    max_difference: float
    differing: int

    @property
    def holds(self) -> bool:
        """Whether there is nothing but rounding between them (and rows that prove it)."""
        return self.rows > 0 and self.differing == 0 and self.max_difference <= TOLERANCE


@dataclass(frozen=True)
class Replay:
    """How far the answers to the golden rows lie from those of the pipeline that was trained."""

    rows: int
    max_difference: float
    differing_labels: int

    @property
    def holds(self) -> bool:
        """Whether there is nothing but rounding between them (and rows that prove it)."""
        return Parity(self.rows, self.max_difference, self.differing_labels).holds


def parity(task: Task, expected: Floats, answered: Floats) -> Parity:
    """Compare the pipeline's answers with the graph's, row by row.

    Two labels whose expected probabilities are equal within the tolerance are a tie that rounding may break either way:
    such a row does not count as differing; one with an answer that is no number does. Differences of values are given
    in standard deviations of the expected ones.

    >>> parity("classification", np.array([[0.2, 0.8], [0.6, 0.4]]), np.array([[0.2, 0.8], [0.4, 0.6]]))
    Parity(rows=2, max_difference=0.2, differing=1)
    """
    expected, answered = np.asarray(expected, dtype=np.float64), np.asarray(answered, dtype=np.float64)
    if task == "regression":
        expected, answered = expected.reshape(len(expected), 1), answered.reshape(len(expected), 1)
    if not len(expected):
        return Parity(0, 0.0, 0)
    differences = np.abs(expected - answered).max(axis=1) / (_spread(expected) if task == "regression" else 1.0)
    differing = differences > TOLERANCE
    if task == "classification":
        differing = expected.max(axis=1) - expected[np.arange(len(expected)), likeliest(answered)] > TOLERANCE
    no_number = ~np.isfinite(differences)
    greatest = float(differences[~no_number].max(initial=0.0))
    return Parity(len(expected), round(greatest, 12), int((differing | no_number).sum()))


def _spread(values: Floats) -> float:
    return float(values.std()) or max(1.0, float(np.abs(values).max()))


LEAST_SIZE = 0.01
"""Of the size of scores of a list in the middle: smaller ones are held against it."""

type Ranked = Sequence[tuple[Sequence[str | int], Sequence[float]]]
"""Lists of items, best first, and their scores."""


def ranked_parity(expected: Ranked, answered: Ranked) -> Parity:
    """Compare lists of recommendations, row by row.

    Two items whose scores are equal within the tolerance (a share of the row's best score) are a tie that rounding may
    break either way; so an item may stand anywhere among those that score like it, and at the end of a list one such
    item may take the place of another. Differences are shares of the row's best score too, or of a hundredth of what
    lists have in the middle: what is left of sums that cancel out is rounding, and nothing else.

    >>> ranked_parity([(["a", "b"], [2.0, 1.0])], [(["b", "a"], [2.0, 1.0])])
    Parity(rows=1, max_difference=0.5, differing=1)
    """
    if len(expected) != len(answered):
        raise ValueError(f"{len(answered)} lists are answered where {len(expected)} are expected")
    sizes = [_size(scores) for _, scores in expected if scores]
    least = LEAST_SIZE * float(np.median(sizes)) if sizes else 0.0
    differences = [_apart(*lists, least) for lists in zip(expected, answered, strict=True)]
    finite = [each for each in differences if math.isfinite(each)]
    differing = sum(not each <= TOLERANCE for each in differences)
    return Parity(len(expected), round(max(finite, default=0.0), 12), differing)


def _size(scores: Sequence[float]) -> float:
    return max(abs(scores[0]), abs(scores[-1]))


def _apart(
    expected: tuple[Sequence[str | int], Sequence[float]],
    answered: tuple[Sequence[str | int], Sequence[float]],
    least: float,
) -> float:
    """How far two lists lie apart: infinitely, where they are not equally long or a score is no number."""
    (items, scores), (others, found) = expected, answered
    if len(items) != len(others) or len(scores) != len(found) or not all(map(math.isfinite, found)):
        return math.inf
    if not items:
        return 0.0
    scale = max(_size(scores), least) or 1.0
    known = dict(zip(items, scores, strict=True))
    # One that is not expected at all can only be a tie with the last.
    of_items = [abs(known.get(item, scores[-1]) - score) for item, score in zip(others, found, strict=True)]
    of_places = [abs(score - other) for score, other in zip(scores, found, strict=True)]
    return float(max(*of_items, *of_places) / scale)
