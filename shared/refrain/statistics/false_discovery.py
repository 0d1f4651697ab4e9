"""Many tests at once: which of them are discoveries, when only a given share of windows may raise a false alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


def find_discoveries(p_values: Sequence[float], rate: float) -> list[bool]:
    """Tell which hypotheses are rejected, with a false discovery rate of at most `rate`.

    Benjamini & Hochberg, Controlling the false discovery rate, 1995; valid for features that depend on each other too
    (Benjamini & Yekutieli 2001). While nothing has drifted every discovery is false, and the rate is the share of
    windows with any: at a rate of 0.01 one quiet window in a hundred alarms, however many features there are.

    >>> find_discoveries([0.001, 0.02, 0.04, 0.5], 0.05), find_discoveries([0.02, 0.03], 0.01)
    ([True, True, False, False], [False, False])
    """
    ordered = np.sort(p_values)
    passed = np.flatnonzero(ordered <= rate * np.arange(1, len(ordered) + 1) / max(len(ordered), 1))
    bound = ordered[passed[-1]] if len(passed) else -1.0
    return [bool(p <= bound) for p in p_values]
