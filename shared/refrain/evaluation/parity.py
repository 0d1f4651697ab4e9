"""Does the exported graph answer what the trained pipeline answered? The proof against silent mis-conversion."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from refrain.evaluation.metrics import Floats, labels

# Of a probability, or of the spread of a regression's answers. Right conversions differ by about 1e-6 (both sides compute
# in float32), wrong ones by far more.
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
    def broken(self) -> bool:
        """Whether this is more than rounding."""
        return self.differing > 0 or not self.max_difference <= TOLERANCE


def parity(task: Literal["classification", "regression"], expected: Floats, answered: Floats) -> Parity:
    """Compare the pipeline's answers with the graph's, row by row.

    Two labels whose expected probabilities are equal within the tolerance are a tie that rounding may break either way:
    such a row does not count as differing. Differences of values are given in standard deviations of the expected ones.

    >>> parity("classification", np.array([[0.2, 0.8], [0.6, 0.4]]), np.array([[0.2, 0.8], [0.4, 0.6]]))
    Parity(rows=2, max_difference=0.2, differing=1)
    """
    expected, answered = np.asarray(expected, dtype=np.float64), np.asarray(answered, dtype=np.float64)
    if task == "regression":
        expected, answered = expected.reshape(len(expected), 1), answered.reshape(len(expected), 1)
    if not len(expected):
        return Parity(0, 0.0, 0)
    scale = _spread(expected) if task == "regression" else 1.0
    differences = np.abs(expected - answered).max(axis=1) / scale
    differences[np.isnan(differences)] = np.inf
    differing = differences > TOLERANCE
    if task == "classification":
        rows = np.arange(len(expected))
        lost = expected.max(axis=1) - expected[rows, labels(answered)]
        differing = (lost > TOLERANCE) | np.isinf(differences)
    return Parity(len(expected), round(float(differences.max()), 12), int(differing.sum()))


def _spread(values: Floats) -> float:
    return float(values.std()) or max(1.0, float(np.abs(values).max()))
