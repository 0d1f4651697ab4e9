"""How far champion and challenger lie apart on the holdout: what to expect of them in service.

Answers are scaled to numbers between 0 and 1: probabilities stay as they are; values of a regression are scaled by the
range from the first to the last percentile of the champion's answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from refrain.lake.document import StoredDocument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.arrays import Floats


@dataclass(frozen=True)
class Expectation(StoredDocument):
    """The differences on the holdout.

    `classes` is the order of probabilities (empty for a regression, whose values go from `low` to `high`), `positive`
    the class that the metric is of. `distance` is the mean distance of the two answers to a row, `spread` that of the
    champion's answers from their mean. `margin` is by how much the challenger's figure may be worse in service and
    still count as no worse, in the metric's unit; `deviation` is the standard deviation of a row's gain, `step` the
    root mean square of the gains that are not 0. So many rows in the order of time say the same together: a `block`.
    """

    path = "snapshots/{}/{}/expectation.json"

    classes: list[str]
    positive: str | None
    low: float
    high: float
    distance: float
    spread: float
    margin: float
    deviation: float
    step: float
    block: int

    @property
    def tolerated_distance(self) -> float:
        """The mean distance in service that is no harm: twice that on the holdout, and a quarter of the spread.

        So a challenger that answers the mean to everybody, or answers rows at random, is not tolerated.
        """
        return min(max(2 * self.distance + self.spread / 4, 1e-6), 0.95)

    def distances(self, champion: Floats, challenger: Floats) -> Floats:
        """Return the distance of two answers to each row: for probabilities the total variation distance."""
        scale = self.high - self.low
        scaled = (np.clip((answers - self.low) / scale, 0.0, 1.0) for answers in (champion, challenger))
        gaps: Floats = np.abs(np.subtract(*scaled)).sum(axis=1)
        return gaps / 2 if self.classes else gaps


def expect(
    classes: Sequence[str],
    positive: str | None,
    champion: Floats,
    challenger: Floats,
    *,
    gains: Floats,
    margin: float,
    block: int,
) -> Expectation:
    """Compare answers [rows, classes], or [rows, 1] of a regression, and `gains` [rows], on the same holdout rows.

    >>> champion, challenger = np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([[0.7, 0.3], [0.4, 0.6]])
    >>> expectation = expect(["no", "yes"], "yes", champion, challenger, gains=np.zeros(2), margin=0.01, block=1)
    >>> round(expectation.distance, 3), round(expectation.spread, 3), round(expectation.tolerated_distance, 3)
    (0.05, 0.2, 0.15)
    """
    low, high = (0.0, 1.0) if classes else np.quantile(champion, [0.01, 0.99]).tolist()
    high = high if high > low else low + max(1.0, abs(low))
    scale = Expectation(list(classes), positive, low, high, 0.0, 0.0, margin, float(gains.std()), _step(gains), block)
    return replace(
        scale,
        distance=float(scale.distances(champion, challenger).mean()),
        spread=float(scale.distances(champion, champion.mean(axis=0)).mean()),
    )


def _step(gains: Floats) -> float:
    differing = gains[gains != 0]
    return float(np.sqrt(np.mean(differing**2))) if len(differing) else 0.0
