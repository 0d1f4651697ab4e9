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

    `classes` is the order of probabilities (empty for a regression, whose values go from `low` to `high`). `distance`
    is the mean distance of the two answers to a row. `centre` is the champion's mean answer, one number a class;
    `mean_gap` and `spread_gap` by how much the challenger's mean, and its mean deviation from the centre, exceed the
    champion's.
    """

    path = "snapshots/{}/{}/expectation.json"

    classes: list[str]
    low: float
    high: float
    distance: float
    centre: list[float]
    mean_gap: list[float]
    spread_gap: list[float]

    def scaled(self, answers: Floats) -> Floats:
        """Scale answers [rows, classes] or [rows, 1] to numbers between 0 and 1."""
        return np.asarray(np.clip((answers - self.low) / (self.high - self.low), 0.0, 1.0), dtype=np.float64)

    def distances(self, champion: Floats, challenger: Floats) -> Floats:
        """Return the distance of two scaled answers to each row: for probabilities the total variation distance."""
        gaps: Floats = np.abs(champion - challenger).sum(axis=1)
        return gaps / 2 if self.classes else gaps


def expect(classes: Sequence[str], champion: Floats, challenger: Floats) -> Expectation:
    """Compare answers [rows, classes], or [rows, 1] of a regression, to the same holdout rows.

    >>> expectation = expect(["no", "yes"], np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([[0.7, 0.3], [0.4, 0.6]]))
    >>> round(expectation.distance, 3), np.round(expectation.mean_gap, 3).tolist()
    (0.05, [-0.05, 0.05])
    """
    low, high = (0.0, 1.0) if classes else np.quantile(champion, [0.01, 0.99]).tolist()
    scale = Expectation(list(classes), low, high if high > low else low + max(1.0, abs(low)), 0.0, [], [], [])
    champion, challenger = scale.scaled(champion), scale.scaled(challenger)
    centre = champion.mean(axis=0)
    spread_gap = np.abs(challenger - centre).mean(axis=0) - np.abs(champion - centre).mean(axis=0)
    return replace(
        scale,
        distance=float(scale.distances(champion, challenger).mean()),
        centre=centre.tolist(),
        mean_gap=(challenger.mean(axis=0) - centre).tolist(),
        spread_gap=spread_gap.tolist(),
    )
