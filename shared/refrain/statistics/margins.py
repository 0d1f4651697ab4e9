"""How much worse is still "no worse"? A share of what is at stake, never an absolute figure.

A loss of 0.005 is nothing beside a loss of 0.4, and all that a model of rare events can win. So the margin is a share
of the smaller of two: the champion's own loss, and its lead over a model that knows only the training rows' target.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from refrain.statistics.metrics import Metric


@dataclass(frozen=True)
class Margin:
    """The tolerated loss: `amount` in the metric's unit, which is `share` of what is at stake."""

    amount: float
    share: float

    @classmethod
    def of(cls, metric: Metric, champion: float, trivial: float | None, share: float) -> Margin:
        """Take a share of the champion's own loss, or of its lead over the `trivial` figure where that is smaller.

        A champion without a lead leaves nothing to tolerate. A `trivial` of None is unknown.

        >>> from refrain.statistics.metrics import METRICS
        >>> round(Margin.of(METRICS["roc_auc"], 0.9, 0.5, 0.1).amount, 4)
        0.01
        >>> round(Margin.of(METRICS["log_loss"], 0.06, 0.07, 0.1).amount, 4)
        0.001
        """
        own = abs(metric.perfect - champion)
        lead = own if trivial is None else metric.gain(champion, trivial)
        return cls(share * max(min(own, lead), 0.0), share)
