"""What the calibration of a version did to its probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from refrain.lake.document import Document


@dataclass(frozen=True)
class Calibrated(Document):
    """The mean distance between answers and the shares that came true, on the holdout, before and after."""

    kind: Literal["isotonic", "sigmoid"]
    before: float
    after: float
