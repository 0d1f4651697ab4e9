"""How far the answers of two implementations of one model lie apart: the proof of an export and of a loaded version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from refrain.lake.document import Document

if TYPE_CHECKING:
    from refrain.arrays import Floats

TOLERANCE = 1e-4
"""Of a probability, or of the spread of a regression's answers.

Right conversions differ by about 1e-6 (the graph computes in float32), wrong ones by far more.
"""


@dataclass(frozen=True)
class AnswerSpread(Document):
    """Where values lie, and their standard deviation (their size where that is 0): the unit of differences.

    >>> AnswerSpread.of(np.array([1.0, 3.0])).scales(np.array([2.5, 12.0])).tolist()
    [1.0, 10.0]
    """

    centre: float
    width: float

    @classmethod
    def of(cls, values: Floats) -> Self:
        """Measure values."""
        return cls(float(values.mean()), float(values.std()) or max(1.0, float(np.abs(values).max())))

    def scales(self, values: Floats) -> Floats:
        """Return the unit of each value: the width, or how far out it lies where that is more.

        Far outside of all training rows a graph in float32 rounds by a share of the answer itself.
        """
        return np.maximum(self.width, np.abs(values - self.centre))


@dataclass(frozen=True)
class Parity(Document):
    """The differences on `rows` rows.

    `differing` counts the rows with another label (regression: with a value outside the tolerance).
    """

    rows: int
    max_difference: float
    differing: int

    @property
    def holds(self) -> bool:
        """Tell whether only rounding lies between them, and at least one row proves it."""
        return self.rows > 0 and self.differing == 0 and self.max_difference <= TOLERANCE


@dataclass(frozen=True)
class AnswerRounding(Document):
    """How far the numbers that callers read lie from those of scikit-learn in float64, in spreads of the target.

    Parity finds a wrong conversion; this bounds what right ones lose by float32 and by writing.
    """

    largest: float
    bound: float

    @property
    def holds(self) -> bool:
        """Tell whether callers read the exact numbers, as far as the `bound` goes."""
        return self.largest <= self.bound
