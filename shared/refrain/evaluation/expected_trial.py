"""What to expect of champion and challenger in a trial, by the rows that both were compared on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.lake.expectation import expect
from refrain.statistics.dependence import block_length, without_shift

if TYPE_CHECKING:
    from refrain.arrays import Floats
    from refrain.evaluation.evaluated_model import Holdout
    from refrain.lake.expectation import Expectation
    from refrain.statistics.metrics import Metric


def expect_trial(metric: Metric, holdout: Holdout, champion: Floats, challenger: Floats, margin: float) -> Expectation:
    """Describe the distances and gains on the holdout, and how long gains last in time where rows have one."""
    gains = metric.gain(metric.influence(holdout.truth, challenger), metric.influence(holdout.truth, champion))
    in_order = None if holdout.times is None else gains[np.argsort(holdout.times, kind="stable")]
    block = 1 if in_order is None else block_length(without_shift(in_order))
    return expect(holdout.classes, holdout.positive, champion, challenger, gains=gains, margin=margin, block=block)
