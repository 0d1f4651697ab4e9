"""Does the exported graph answer what the trained pipeline answered? The proof against silent mis-conversion."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from refrain.labels import likeliest

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


def parity(task: Literal["classification", "regression"], expected: Floats, answered: Floats) -> Parity:
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
