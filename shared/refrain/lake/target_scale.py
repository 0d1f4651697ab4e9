"""How a regression's target was changed before it was learned, so that answers are put back by the same numbers.

A graph computes in float32, which holds seven digits: of 1,700,000,123 the last three would be lost. So a model learns
how far the target lies from the `offset`, and the offset is added in float64 after the graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.model_rules import Transform
from refrain.lake.document import Document
from refrain.lake.parity_figures import AnswerSpread

if TYPE_CHECKING:
    from refrain.arrays import Floats


@dataclass(frozen=True)
class TargetScale(Document):
    """What is learned is `(transform(target) - offset) / scale`; the graph answers in the same unit.

    `spread` is that of the target in its own units. Answers are written with so many significant `digits`, and a
    written answer may lie by `bound` spreads from the one of scikit-learn in float64.

    >>> years = TargetScale("none", 2000.0, 4.0, AnswerSpread(2003.0, 5.0), 11, 1e-5)
    >>> years.to_own_units(years.to_learned(np.array([2003.0]))).tolist()
    [2003.0]
    """

    transform: Transform
    offset: float
    scale: float
    spread: AnswerSpread
    digits: int
    bound: float

    def to_learned(self, target: Floats) -> Floats:
        """Change a target into what is learned."""
        return (transform_target(self.transform, target) - self.offset) / self.scale

    def to_own_units(self, learned: Floats) -> Floats:
        """Change what was learned back, in float64; too large an answer becomes infinite."""
        if learned.shape == (1, 1):  # most requests: arithmetic of Python takes a fifth of numpy's time
            values = np.array([[learned.item() * self.scale + self.offset]])
        else:
            values = np.asarray(learned, dtype=np.float64) * self.scale + self.offset
        if self.transform == "none":
            return values
        with np.errstate(over="ignore"):
            return np.expm1(values) if self.transform == "log1p" else np.square(np.maximum(values, 0.0))


def transform_target(transform: Transform, target: Floats) -> Floats:
    """Transform a target that lies in the transform's domain."""
    target = np.asarray(target, dtype=np.float64)
    if transform == "none":
        return target
    return np.log1p(target) if transform == "log1p" else np.sqrt(target)
