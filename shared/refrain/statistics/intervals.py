"""Confidence intervals of shares."""

from __future__ import annotations

import math

NORMAL_95 = 1.959964  # the normal distribution's 97.5 % quantile: intervals here are 95 % ones


def wilson_interval(share: float, rows: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share (Wilson 1927), which stays within 0 and 1 and holds for few rows.

    >>> tuple(round(bound, 4) for bound in wilson_interval(0.0, 10))
    (0.0, 0.2775)
    """
    square = NORMAL_95**2 / rows
    middle = (share + square / 2) / (1 + square)
    half = NORMAL_95 * math.sqrt(share * (1 - share) / rows + square / (4 * rows)) / (1 + square)
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))
