"""Figures of resampled rows: what intervals by formula are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from refrain.arrays import Floats, Score


def resample(score: Score, rows: int, resamples: int) -> Floats:
    """Return a figure [resamples] of random resamples of the rows, the same ones whenever it is asked."""
    random = np.random.default_rng(0)
    draws = (np.bincount(random.integers(0, rows, rows), minlength=rows) for _ in range(resamples))
    return np.array([score(weights[np.newaxis].astype(np.float64))[0] for weights in draws])
