"""Types of arrays, and a division that leaves undefined figures undefined."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Truth = NDArray[np.int64] | NDArray[np.float64]  # class numbers or values, [rows]
type Score = Callable[[Floats], Floats]  # row weights [resamples, rows] -> figures [resamples]


def divided(dividend: Floats, divisor: Floats) -> Floats:
    """Divide; where the divisor is not positive, the figure is undefined (NaN).

    >>> divided(np.array([1.0, 1.0]), np.array([4.0, 0.0]))
    array([0.25,  nan])
    """
    quotient: Floats = np.full_like(dividend, np.nan)
    return np.divide(dividend, divisor, out=quotient, where=divisor > 0)
