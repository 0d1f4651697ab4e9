"""Values far beyond all of training, which are no season however much a feature wanders.

Where neighbouring rows depend on each other a window of training may differ from the rest as much as windows can, as
far as shares of ordinary cells tell. So the outermost cells begin as far beyond nearly all of training as that spans. A
window has drifted if most of its rows lie there, beyond what any training window of the same length had there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from refrain.monitoring.training_windows import MIN_WINDOW_ROWS, MIN_WINDOWS, history_rows, sum_windows, window_blocks

if TYPE_CHECKING:
    from refrain.arrays import Floats
    from refrain.monitoring.reference import Reference
    from refrain.monitoring.training_windows import Pair
    from refrain.monitoring.windows import Window
    from refrain.statistics.homogeneity import Counts

MIN_FAR_SHARE = 0.5
"""More than any window of training by so much of the rows is a drift."""


def far_share(reference: Reference, counts: Counts, window: Window) -> float | None:
    """Return the share of a window's rows that lie far beyond training; None unless that is a drift.

    That takes a history with enough windows as long as this one.
    """
    if not reference.far or reference.history is None:
        return None
    length = window_blocks(reference.history, window)
    windows = sum_windows(reference, length)
    if len(windows) < length * (MIN_WINDOWS - 1):
        return None
    greatest = _far_shares(windows[windows.sum(axis=1) >= MIN_WINDOW_ROWS]).max(initial=0.0)
    share = float(_far_shares(counts[np.newaxis])[0])
    return share if share - greatest >= MIN_FAR_SHARE else None


def fold_far(pair: Pair) -> Pair:
    """Count far values with their neighbours: shifts are tested in the cells of ordinary values."""
    reference, counts = pair
    if not reference.far:
        return pair
    history = reference.history and replace(reference.history, rows=_fold(history_rows(reference)))
    folded = replace(reference, counts=_fold(reference.counts), edges=reference.edges[1:-1], history=history, far=False)
    return folded, _fold(counts)


def _far_shares(counts: Counts) -> Floats:
    """Return the share of rows [lines] in the outermost cells [lines, cells], of those with a value."""
    shares: Floats = (counts[:, 0] + counts[:, -2]) / np.maximum(counts[:, :-1].sum(axis=1), 1)
    return shares


def _fold(counts: Counts) -> Counts:
    folded = counts[..., 1:].copy()
    folded[..., 0] += counts[..., 0]
    folded[..., -3] += folded[..., -2]
    return np.delete(folded, -2, axis=-1)
