"""Random rows, and how far a graph answers from the estimator that it was exported from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import pytest
from sklearn.pipeline import Pipeline

from refrain.training.export import export
from refrain.training.fitting import Fitted
from refrain.training.shared_ties import share_ties

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEEDS = range(3)


@dataclass(frozen=True)
class RandomRows:
    """Rows to learn from and more to ask for; a third of these equal a row that was learned."""

    matrix: NDArray[np.float32]
    asked: NDArray[np.float32]
    signal: NDArray[np.float64]

    def classes(self, count: int) -> NDArray[np.int64]:
        """The class of each row."""
        return np.digitize(self.signal, np.quantile(self.signal, np.linspace(0, 1, count + 1)[1:-1]))

    def farthest(self, estimator: Any, truth: NDArray[Any]) -> float:
        """Fit an estimator, export it, and return the greatest difference of an answer, in standard deviations."""
        estimator = share_ties(estimator.fit(self.matrix, truth))
        classes = tuple(map(str, estimator.classes_)) if hasattr(estimator, "classes_") else None
        fitted = Fitted(Pipeline([("estimator", estimator)]), "codes", classes, None, ())
        expected = fitted.answers(self.asked)
        (answers,) = onnxruntime.InferenceSession(export(fitted, self.asked.shape[1])).run(
            None, {"features": self.asked}
        )
        assert answers.shape == expected.shape
        return float(np.abs(answers - expected).max() / (1.0 if classes else truth.std()))


@pytest.fixture(params=SEEDS)
def rows(request: pytest.FixtureRequest) -> RandomRows:
    """Draw rows of real numbers and of codes, so that many are at equal distance in some columns."""
    draw = np.random.default_rng(request.param)
    width = int(draw.integers(2, 7))
    matrix = np.column_stack([draw.normal(size=(160, width)), draw.integers(0, 3, (160, 2))]).astype(np.float32)
    signal = matrix @ draw.normal(size=width + 2) + draw.normal(0, 0.3, 160)
    return RandomRows(matrix[:100], np.concatenate([matrix[100:], matrix[:30]]), signal[:100])


@pytest.fixture
def rows_with_gaps(rows: RandomRows) -> RandomRows:
    """Leave out a fifth of the numbers."""
    for matrix in (rows.matrix, rows.asked):
        matrix[np.random.default_rng(1).random(matrix.shape) < 0.2] = np.nan
    return rows
