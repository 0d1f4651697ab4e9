"""Why a model does worse than on the holdout: a part of a monitoring report."""

from __future__ import annotations

from dataclasses import dataclass

from refrain.lake.document import Document
from refrain.lake.segments import SegmentFigure


@dataclass(frozen=True)
class RisePart(Document):
    """A part of a rise, in the unit of the loss, and the interval in which it lies."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class FeaturePart(Document):
    """What came of the rise with the changed inputs of a feature."""

    feature: str
    part: RisePart


@dataclass(frozen=True)
class QualityCauses(Document):
    """By how much the mean `loss` rose from the holdout (`before`) to `rows` rows of service, and what with.

    `inputs` came with rows whose inputs changed (`features`, the greatest part first), `meaning` with inputs that were
    as before, above all by the feature `by_meaning`, and in the segment `where`. An `estimated` loss is what the
    holdout lets expect of the inputs, without labels: it cannot show a changed meaning. `left_out` are so many features
    that were not looked at, those that the model relies on least.
    """

    loss: str
    before: float
    rows: int
    rise: RisePart
    inputs: RisePart
    meaning: RisePart
    features: tuple[FeaturePart, ...] = ()
    by_meaning: str | None = None
    where: SegmentFigure | None = None
    estimated: bool = False
    left_out: int = 0

    @property
    def meaning_first(self) -> bool:
        """Whether more of the rise came with a changed meaning than with the inputs of any one feature."""
        return not self.features or self.meaning.value >= self.features[0].part.value

    def share_of_rise(self, part: RisePart) -> RisePart:
        """Return a part as a share of the rise, from 0 to 1."""
        value, low, high = (min(max(end / self.rise.value, 0.0), 1.0) for end in (part.value, part.low, part.high))
        return RisePart(value, low, high)
