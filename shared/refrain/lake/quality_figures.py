"""How good a model is in service, and how good it was on the holdout: a part of a monitoring report."""

from __future__ import annotations

from dataclasses import dataclass

from preprocessing.training_section import SMALLER_IS_BETTER
from refrain.lake.adapted_bound import AdaptedBound
from refrain.lake.document import Document
from refrain.lake.evaluation import Answer
from refrain.lake.quality_causes import QualityCauses
from refrain.lake.segments import SegmentFigures


@dataclass(frozen=True)
class Estimate(Document):
    """A metric, or a share, computed on so many rows, and the interval in which it lies."""

    value: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class EstimatedChange(Document):
    """By how much the estimate of a window differs from the estimate on the `holdout`, and the interval of that.

    Both are estimates of one kind, so a difference is one of the rows.
    """

    holdout: float
    value: float
    low: float
    high: float

    def is_worse(self, metric: str) -> bool:
        """Tell whether the whole interval is a change for the worse.

        >>> change = EstimatedChange(0.8, -0.1, -0.15, -0.05)
        >>> change.is_worse("roc_auc"), change.is_worse("log_loss")
        (True, False)
        """
        return self.low > 0 if metric in SMALLER_IS_BETTER else self.high < 0


@dataclass(frozen=True)
class MeasuredQuality(Document):
    """The metric against labels; `measured` is None where `why` gives the reason.

    `share` is that of the predictions that have a label, `delay_seconds` how long half of the labels took. `answer`
    compares it with the holdout, and about `rows_needed` more labels would decide; both are None where nothing is
    compared. `breaks_gate` holds for the whole interval. `causes` say why it is worse, `segments` where.
    """

    since: str
    measured: Estimate | None
    why: str
    labelled: int
    share: float
    delay_seconds: float | None
    breaks_gate: bool
    answer: Answer | None = None
    rows_needed: int | None = None
    causes: QualityCauses | None = None
    segments: SegmentFigures | None = None


@dataclass(frozen=True)
class CoverageFigures(Document):
    """The bound of errors as labels adapted it, and the share of truths within what callers were told.

    `held` is None where no labelled prediction had an interval or a set.
    """

    adapted: AdaptedBound
    held: Estimate | None


@dataclass(frozen=True)
class RecommendationHits(Document):
    """How many recommendations were answered by an interaction, and how many were taken.

    `popular` is the share of recommendations to unknown users, `rate` the share of the answered ones that were taken.
    """

    since: str
    recommendations: int
    answered: int
    taken: int
    rate: Estimate | None
    popular: float
    damaged: int


@dataclass(frozen=True)
class EvaluatedQuality(Document):
    """The metric that the version had on the holdout, and the bound that the gate sets.

    `margin` is how much worse still is no worse, None where that is unknown.
    """

    metric: str
    value: float | None
    low: float | None
    high: float | None
    bound: float | None
    margin: float | None = None

    def breaks_gate(self, estimate: Estimate) -> bool:
        """Tell whether the whole interval of an estimate lies beyond the gate's bound.

        >>> evaluated = EvaluatedQuality("roc_auc", 0.85, 0.83, 0.87, 0.8)
        >>> evaluated.breaks_gate(Estimate(0.7, 0.65, 0.75, 100)), evaluated.breaks_gate(Estimate(0.78, 0.7, 0.86, 100))
        (True, False)
        """
        if self.bound is None:
            return False
        return estimate.low > self.bound if self.metric in SMALLER_IS_BETTER else estimate.high < self.bound
