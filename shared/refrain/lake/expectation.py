"""How far champion and challenger lie apart on the holdout: what is to be expected of them in service.

Answers are brought to numbers between 0 and 1: probabilities as they are; values of a regression by the range from the
first to the last percentile of what the champion answered.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from refrain.arrays import Floats


@dataclass(frozen=True)
class Expectation:
    """What the holdout says.

    `classes` is the order of probabilities (empty for a regression, whose values go from `low` to `high`). `distance`
    is the mean distance of the two answers to a row. `centre` is the champion's mean answer, one number a class;
    `mean_gap` and `spread_gap` by how much the challenger's mean, and its mean deviation from the centre, exceed the
    champion's.
    """

    classes: list[str]
    low: float
    high: float
    distance: float
    centre: list[float]
    mean_gap: list[float]
    spread_gap: list[float]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Expectation:
        """Read what `document` wrote."""
        return cls(**document)

    def document(self) -> dict[str, Any]:
        """Write it as plain JSON values."""
        return asdict(self)

    def scaled(self, answers: Floats) -> Floats:
        """Bring answers [rows, classes] or [rows, 1] to numbers between 0 and 1."""
        return np.asarray(np.clip((answers - self.low) / (self.high - self.low), 0.0, 1.0), dtype=np.float64)

    def distances(self, some: Floats, others: Floats) -> Floats:
        """Return how far two scaled answers to each row lie apart: for probabilities the total variation distance."""
        gaps: Floats = np.abs(some - others).sum(axis=1)
        return gaps / 2 if self.classes else gaps


def expect(classes: Sequence[str], champion: Floats, challenger: Floats) -> Expectation:
    """Compare answers [rows, classes], or [rows, 1] of a regression, to the same holdout rows.

    >>> found = expect(["no", "yes"], np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([[0.7, 0.3], [0.4, 0.6]]))
    >>> round(found.distance, 3), np.round(found.mean_gap, 3).tolist()
    (0.05, [-0.05, 0.05])
    """
    low, high = (0.0, 1.0) if classes else (float(each) for each in np.quantile(champion, [0.01, 0.99]))
    bare = Expectation(list(classes), low, high if high > low else low + max(1.0, abs(low)), 0.0, [], [], [])
    some, others = bare.scaled(champion), bare.scaled(challenger)
    centre = some.mean(axis=0)
    spread = np.abs(others - centre).mean(axis=0) - np.abs(some - centre).mean(axis=0)
    return Expectation(
        bare.classes,
        bare.low,
        bare.high,
        float(bare.distances(some, others).mean()),
        centre.tolist(),
        (others.mean(axis=0) - centre).tolist(),
        spread.tolist(),
    )
