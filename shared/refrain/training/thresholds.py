"""Thresholds of trees that float32 can hold, so that a graph sends every row the same way as the trees did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def round_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the greatest float32 that is not above each threshold: the same for every float32 `x <= threshold`.

    A threshold lies half way between two values. Where these are neighbours as float32, rounding to the nearest, as
    converters do, would send the upper value down the other branch.

    >>> round_down(np.array([0.1, 0.5])) <= np.array([0.1, 0.5])
    array([ True,  True])
    """
    with np.errstate(over="ignore"):
        rounded = thresholds.astype(np.float32)
    too_high = rounded > thresholds
    rounded[too_high] = np.nextafter(rounded[too_high], np.float32(-np.inf))
    return rounded


def round_thresholds(estimator: Any) -> None:
    """Round those of histogram boosting in place. For other trees of scikit-learn the converter rounds downwards."""
    for trees in getattr(estimator, "_predictors", ()):
        for tree in trees:
            tree.nodes["num_threshold"] = round_down(tree.nodes["num_threshold"])
