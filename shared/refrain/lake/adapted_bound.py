"""The bound of a version's errors as the labels have adapted it: monitoring writes it, inference reads it.

coverage/<model>/<version>.json    replaced by each monitoring report; without it the bound is that of the calibration
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from refrain.lake.document import StoredDocument

type Withheld = Literal["not_calibrated", "too_few_rows", "coverage_lost", "unavailable"]
"""Why an answer has no interval or set."""


@dataclass(frozen=True)
class AdaptedBound(StoredDocument):
    """The bound that holds a share `coverage` of the errors, after so many labels; None where it is `withheld`."""

    path = "coverage/{}/{}.json"

    coverage: float
    bound: float | None
    withheld: Withheld | None
    labels: int
