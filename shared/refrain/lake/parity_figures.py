"""How far the answers of two implementations of one model lie apart: the proof of an export and of a loaded version."""

from __future__ import annotations

from dataclasses import dataclass

from refrain.lake.document import Document

TOLERANCE = 1e-4
"""Of a probability, or of the spread of a regression's answers.

Right conversions differ by about 1e-6 (both sides compute in float32), wrong ones by far more.
"""


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
